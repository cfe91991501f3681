// The facade's test covers every form of envelope; here is the order of search.

#include "decode/unwrap.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

constexpr absl::string_view kConn =
    R"({"ts":1795492150.0,"uid":"C1","id.orig_h":"192.0.2.7","id.orig_p":5,)"
    R"("id.resp_h":"203.0.113.9","id.resp_p":443,"proto":"tcp","conn_state":"SF"})";
constexpr absl::string_view kLine =
    "2026/11/24 03:49:10 [alert] 1#0: worker process 2 exited on signal 11";

class UnwrapTest : public ::testing::Test {
 protected:
  UnwrapTest() : projection_(fields_), envelopes_(paths_), sources_(paths_, projection_, {}) {}

  // "kind|text", the kind being the failure's name when there is no payload.
  std::string Find(absl::string_view record, absl::string_view file = "") {
    Envelope origin;
    origin.AddOrigin(file, Envelope::Origin::kFile, envelopes_.hints());
    const DecodeResult result = unwrapper_.Find(
        record, origin, [] { return uint64_t{0}; }, arena_);
    const Payload& payload = unwrapper_.payload();
    return absl::StrCat(
        result == DecodeResult::kDecoded ? SourceKindName(payload.kind) : DecodeResultName(result),
        "|", payload.text);
  }

  event::FieldTable fields_;
  event::Projection projection_;
  JsonPaths paths_;
  EnvelopeReader envelopes_;
  JsonSources sources_;
  Unwrapper unwrapper_{paths_, envelopes_, sources_, SourceKind::kAuto};
  Arena arena_;
};

TEST_F(UnwrapTest, ADocumentInsideComesBeforeALine) {
  EXPECT_EQ(Find(absl::StrCat(R"({"message":")", kLine, R"(","parsed":)", kConn, "}")),
            absl::StrCat("zeek|", kConn));
  EXPECT_EQ(Find(absl::StrCat(R"({"message":")", kLine, R"(","zeek":{"session_id":"C1"}})")),
            absl::StrCat("nginx-error|", kLine));
}

TEST_F(UnwrapTest, ASourcesOwnDocumentIsNotLookedInto) {
  const std::string record = absl::StrCat(R"({"message":")", kLine, R"(",)", kConn.substr(1));
  EXPECT_EQ(Find(record), absl::StrCat("zeek|", record));
}

TEST_F(UnwrapTest, TheFirstRecognisedTextIsThePayload) {
  EXPECT_EQ(Find(absl::StrCat(R"({"message":"hello","log":")", kLine, "\"}")),
            absl::StrCat("nginx-error|", kLine));
}

TEST_F(UnwrapTest, WithoutAPayloadTheFirstBareLineIsKept) {
  EXPECT_EQ(Find(R"({"message":"hello","log":"world"})"), "not_recognised|hello");
  EXPECT_EQ(Find("hello\n"), "not_recognised|hello");
  EXPECT_EQ(Find(R"({"a":1})"), "not_recognised|");
  EXPECT_EQ(Find(R"({"a":1})", "/var/log/nginx/error.log"), R"(not_recognised|{"a":1})");
  EXPECT_EQ(Find(R"({"a":)"), R"(malformed_json|{"a":)");
}

TEST_F(UnwrapTest, ReadsABoundedNumberOfDocuments) {
  // Every level offers a document for each key, none of them a source's.
  std::string document = R"({"a":1})";
  for (int level = 0; level < 3; ++level) {
    document = absl::StrCat(R"({"json":)", document, R"(,"zeek":)", document, R"(,"conn":)",
                            document, R"(,"parsed":)", document, R"(,"log":")", kLine, "\"}");
  }
  EXPECT_EQ(Find(document).substr(0, 4), "ngin");
}

}  // namespace
}  // namespace sequitur::decode
