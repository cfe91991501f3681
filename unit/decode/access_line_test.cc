#include "decode/access_line.h"

#include "decode/decoded_line.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using enum AccessField;

constexpr AccessOrigin kOrigin = {SourceKind::kNginxAccess, "nginx", "nginx.access"};

TEST(PublishAccess, DerivesStartFromEndAndEndFromStart) {
  DecodedLine decoded;
  AccessLine line;
  line.end = 1'800'000'010 * event::kSecond;
  line.duration = 10 * event::kSecond;
  ASSERT_EQ(PublishAccess(line, kOrigin, decoded.lines, "x", decoded.event()),
            DecodeResult::kDecoded);
  EXPECT_EQ(decoded.event().time, 1'800'000'000 * event::kSecond);
  EXPECT_EQ(decoded["event.end"], "2027-01-15T08:00:10.000Z");
  std::swap(line.start, line.end);
  decoded.event().Reset();
  ASSERT_EQ(PublishAccess(line, kOrigin, decoded.lines, "x", decoded.event()),
            DecodeResult::kDecoded);
  EXPECT_EQ(decoded.event().time, 1'800'000'010 * event::kSecond);
  EXPECT_EQ(decoded["event.end"], "2027-01-15T08:00:20.000Z");
}

TEST(PublishAccess, NeedsATimeAndANumericStatus) {
  DecodedLine decoded;
  AccessLine line;
  EXPECT_EQ(PublishAccess(line, kOrigin, decoded.lines, "x", decoded.event()),
            DecodeResult::kNoTimestamp);
  line.end = 0;
  line[kStatus] = "2xx";
  EXPECT_EQ(PublishAccess(line, kOrigin, decoded.lines, "x", decoded.event()),
            DecodeResult::kMalformedLine);
}

TEST(PublishAccess, FillsOnlyWhatIsWanted) {
  const event::FieldTable fields;
  event::Projection projection(fields);
  projection.Add(event::field::kUrlPath);
  event::Event event(projection);
  AccessLine line;
  line.end = 0;
  line[kRequest] = "GET /%41 HTTP/1.1";
  line[kAgent] = "curl";
  ASSERT_EQ(PublishAccess(line, kOrigin, LineContext(), "x", event), DecodeResult::kDecoded);
  ASSERT_EQ(event.present().size(), 1u);
  EXPECT_EQ(event.Text(event::field::kUrlPath), "/A");
}

TEST(AccessLine, KeepsTheFirstValueOffered) {
  AccessLine line;
  line.Offer(kHost, "-");
  line.Offer(kHost, "a");
  line.Offer(kHost, "b");
  EXPECT_EQ(line[kHost], "a");
}

}  // namespace
}  // namespace sequitur::decode
