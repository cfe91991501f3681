#include "decode/json_reader.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using event::Value;

class JsonReaderTest : public ::testing::Test {
 protected:
  std::string Read(absl::string_view path, absl::string_view json,
                   JsonPaths::Capture capture = JsonPaths::Capture::kValue) {
    JsonPaths paths;
    const PathId id = paths.Add(path, capture);
    arena_.Reset();
    const DecodeResult result = JsonReader(paths).Read(json, arena_, captures_);
    if (result != DecodeResult::kDecoded) return std::string(DecodeResultName(result));
    return captures_.Get(id).ToString();
  }

  Arena arena_;
  JsonCaptures captures_;
};

TEST_F(JsonReaderTest, FindsNestedAndDottedPathsAlike) {
  EXPECT_EQ(Read("a.b.c", R"({"x":1,"a":{"b":{"c":"v"}}})"), "v");
  EXPECT_EQ(Read("a.b.c", R"({"a.b.c":"v"})"), "v");
  EXPECT_EQ(Read("a.b.c", R"({"a.b":{"c":"v"}})"), "v");
  EXPECT_EQ(Read("a.b.c", R"({"a":{"b.c":"v"}})"), "v");
  EXPECT_EQ(Read("a.b.c", R"({"a":{"b":"v"}})"), "null");
}

TEST_F(JsonReaderTest, FlattensArraysAndListsOfObjects) {
  EXPECT_EQ(Read("a", R"({"a":["x",["y",null],"z"]})"), "[x, y, z]");
  EXPECT_EQ(Read("a.b", R"({"a":[{"b":1},{"c":2},{"b":[3,4,5,6]}]})"), "[1, 3, 4, 5, 6]");
  EXPECT_EQ(Read("a", R"({"a":[]})"), "null");
  EXPECT_EQ(Read("a", R"({"a":1,"a":2})"), "[1, 2]");
}

TEST_F(JsonReaderTest, KeepsIntegersExact) {
  EXPECT_EQ(Read("i", R"({"i":1152921500312525701})"), "1152921500312525701");
  EXPECT_EQ(Read("i", R"({"i":18446744073709551615})"), "18446744073709551615");
  EXPECT_EQ(Read("i", R"({"i":-9223372036854775808})"), "-9223372036854775808");
}

TEST_F(JsonReaderTest, CapturesRawBytesOfObjectsAndArrays) {
  using enum JsonPaths::Capture;
  EXPECT_EQ(Read("a", R"({"a": [{"b":"\n"}, {"b":2}] })", kRaw), R"([{"b":"\n"}, {"b":2}])");
  EXPECT_EQ(Read("a.o", R"({"a":{"o":{"k":"\u0041"}}})", kRaw), R"({"k":"\u0041"})");
}

TEST_F(JsonReaderTest, RefusesDamage) {
  for (absl::string_view json :
       {"", "{", "[]", "1", "\"x\"", "{}x", R"({"a":)", R"({"a":01})", R"({"a":"\q"})", "{} {}"}) {
    EXPECT_EQ(Read("a", json), "malformed_json") << json;
  }
  EXPECT_EQ(Read("a", absl::string_view("{}\0{}", 5)), "malformed_json");
  const std::string deep =
      absl::StrCat("{\"a\":", std::string(100, '['), std::string(100, ']'), "}");
  EXPECT_EQ(Read("a", deep), "too_deep");
}

TEST_F(JsonReaderTest, ReadsHttpdEscapesAndInvalidUtf8) {
  EXPECT_EQ(Read("a", R"({"a":"x\x22\x01\\x41\v"})"), "x\"\x01\\x41\v");
  EXPECT_EQ(Read("a", "{\"a\":\"\xff\xfe\"}"), "\xff\xfe");
}

TEST(ForEachJsonObject, VisitsTopLevelElementsOnly) {
  std::vector<std::string> seen;
  ForEachJsonObject(R"([{"a":"}]"}, 5, {"b":[{"c":1}]}])",
                    [&](absl::string_view object) { seen.emplace_back(object); });
  EXPECT_THAT(seen, ::testing::ElementsAre(R"({"a":"}]"})", R"({"b":[{"c":1}]})"));
}

}  // namespace
}  // namespace sequitur::decode
