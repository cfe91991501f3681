#include "decode/cri_line.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(CriLine, ReadsTimeStreamAndText) {
  const auto line = ParseCriLine("1970-01-01T00:00:01.000000005Z stderr F some text ");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->time, event::kSecond + 5);
  EXPECT_EQ(line->stream, "stderr");
  EXPECT_FALSE(line->partial);
  EXPECT_EQ(line->text, "some text ");
  EXPECT_TRUE(ParseCriLine("1970-01-01T00:00:01.000000005+02:00 stdout P:x half")->partial);
  EXPECT_EQ(ParseCriLine("1970-01-01T00:00:01.000000005Z stdout F ")->text, "");
  EXPECT_EQ(ParseCriLine("1970-01-01T00:00:01.000000005Z stdout F")->text, "");
}

TEST(CriLine, RefusesWhatIsNotOne) {
  for (absl::string_view text :
       {"", "1970-01-01T00:00:01.000000005Z", "1970-01-01T00:00:01.000000005Z stdin F x",
        "1970-01-01T00:00:01.000000005Z stdout X x", "1970-01-01T00:00:01.000000005Z stdout Full x",
        "1970-13-01T00:00:01.000000005Z stdout F x", "1970-01-01 00:00:01 stdout F x"}) {
    EXPECT_FALSE(ParseCriLine(text)) << text;
  }
}

TEST(PartialLines, JoinsThePiecesOfEachStream) {
  PartialLines lines;
  lines.Add(1, "one ");
  lines.Add(2, "uno ");
  lines.Add(1, "two ");
  EXPECT_EQ(lines.Finish(1, "three"), "one two three");
  EXPECT_EQ(lines.Finish(2, "due"), "uno due");
  EXPECT_EQ(lines.Finish(1, "alone"), "alone");
}

TEST(PartialLines, CutsALineThatNeverEnds) {
  PartialLines lines;
  const std::string piece(PartialLines::kMaxPartial / 2 + 1, 'x');
  for (int i = 0; i < 5; ++i) lines.Add(1, piece);
  EXPECT_EQ(lines.Finish(1, "end").size(), PartialLines::kMaxPartial);
}

TEST(PartialLines, DropsTheOldestOfTooManyLines) {
  PartialLines lines;
  for (uint64_t i = 0; i <= PartialLines::kMaxStreams; ++i) lines.Add(i, absl::StrCat(i, "-"));
  EXPECT_EQ(lines.Finish(0, "x"), "x");
  EXPECT_EQ(lines.Finish(1, "x"), "1-x");
  EXPECT_EQ(lines.Finish(PartialLines::kMaxStreams, "x"),
            absl::StrCat(PartialLines::kMaxStreams, "-x"));
}

}  // namespace
}  // namespace sequitur::decode
