#include "yaml/json.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sequitur::yaml {
namespace {

std::string Json(absl::string_view yaml) { return ToJson(Document::Parse(yaml, "f").root()); }

TEST(ToJson, TypesPlainScalarsAndKeepsQuotedOnesStrings) {
  EXPECT_EQ(Json("[1, -2, 0x1f, 0o17, 1.5, .5, 1e3, 007]"), "[1,-2,31,15,1.5,0.5,1e3,7]");
  EXPECT_EQ(Json("[true, False, yes, null, ~, '']"), R"([true,false,"yes",null,null,""])");
  EXPECT_EQ(Json("['1', \"true\", !!str 5, 10.0.0.1, 1.2.3, -]"),
            R"(["1","true","5","10.0.0.1","1.2.3","-"])");
  EXPECT_EQ(Json("18446744073709551615"), "18446744073709551615");
}

TEST(ToJson, KeepsOrderAndNesting) {
  EXPECT_EQ(Json("b: {c: [1, {d: x}], e: {}}\na.f: []\ng:\n"),
            R"({"b":{"c":[1,{"d":"x"}],"e":{}},"a.f":[],"g":null})");
}

TEST(ToJson, EscapesWhatJsonCannotHold) {
  EXPECT_EQ(Json(R"("a\"b\\c\n\x01é")"), R"("a\"b\\c\u000a\u0001é")");
}

TEST(ToJson, ReadsTheDeepestTreeADocumentHolds) {
  const std::string open(Document::kMaxDepth, '[');
  const std::string close(Document::kMaxDepth, ']');
  EXPECT_EQ(Json(absl::StrCat(open, close)), absl::StrCat(open, close));
}

}  // namespace
}  // namespace sequitur::yaml
