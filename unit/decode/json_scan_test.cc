#include "decode/json_scan.h"

#include <filesystem>
#include <fstream>
#include <random>

#include "decode/json_scan_compare.h"
#include "decode/json_sources.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

class JsonScanTest : public ::testing::Test {
 protected:
  JsonScanTest() : path_(paths_.Add("a")) {}

  std::string Scan(absl::string_view json) {
    arena_.Reset();
    JsonKeys keys(paths_);
    if (ScanJson(keys, json, arena_, captures_) == Scanned::kNotPlain) return "not plain";
    return captures_.Get(path_).ToString();
  }

  JsonPaths paths_;
  PathId path_;
  Arena arena_;
  JsonCaptures captures_;
};

TEST_F(JsonScanTest, TakesWhatRealRecordsAreMadeOf) {
  EXPECT_EQ(Scan(R"({"a":"v"})"), "v");
  EXPECT_EQ(Scan(R"({"x":{"y":[1,"]}"]},"a":-17})"), "-17");
  EXPECT_EQ(Scan(R"({"a":[1.5,true,null,"s"]})"), "[1.5, true, s]");
  EXPECT_EQ(Scan(R"({"a":"\/bin\/sh \"-c\" \u00e9"})"), "/bin/sh \"-c\" é");
  EXPECT_EQ(Scan(" { \"b\" : 1 , \"a\" : 2 } "), "2");
}

TEST_F(JsonScanTest, HandsBackWhatIsNotPlain) {
  for (absl::string_view json :
       {"", "[]", "{", R"({"a":1)", R"({"a":1}})", R"({"a":01})", R"({"a":1e3})", R"({"a":"\q"})",
        R"({"a":"\ud800"})", R"({"\u0061":1})", R"({"a":1234567890123456789})", R"({"a":tru})",
        R"({"a":1,})", R"({"a" 1})", R"({"x":"unended)"}) {
    EXPECT_EQ(Scan(json), "not plain") << json;
  }
  EXPECT_EQ(Scan(absl::string_view("{\"a\":\"\0\"}", 9)), "not plain");
  const std::string deep(kMaxJsonDepth + 1, '[');
  EXPECT_EQ(Scan("{\"x\":" + deep), "not plain");
}

TEST_F(JsonScanTest, KeysInAnyOrderAreReadByWhatTheySay) {
  // Few members stand near the end, where less of a key is compared at once.
  const std::string pad = ",\"y\":\"" + std::string(40, 'p') + "\"";
  const std::string members[] = {R"("a":1)", R"("b":2)", R"("aa":{"a":3})", R"("":4)"};
  JsonKeys keys(paths_);
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::string json = "{\"x\":0";
    for (size_t count = random() % 5; count > 0; --count) json += "," + members[random() % 4];
    if (random() % 2 == 0) json += pad;
    json += "}";
    ASSERT_EQ(Disagreement(keys, json), "") << json;
    ASSERT_NE(ScanJson(keys, json, arena_, captures_), Scanned::kNotPlain) << json;
  }
}

TEST_F(JsonScanTest, DamageThatNobodyReadsCostsNoEvent) {
  EXPECT_EQ(Scan(R"({"x":{"y" "z"},"a":1})"), "1");
}

TEST_F(JsonScanTest, QuotesAndBracketsAreFoundAtEveryPlaceOfABlock) {
  for (size_t before = 0; before < 40; ++before) {
    const std::string pad(before, 'p');
    EXPECT_EQ(
        Scan("{\"x\":{\"" + pad + "\":[\"" + pad + "\\\"" + pad + "\"]},\"a\":\"" + pad + "\"}"),
        pad);
  }
}

TEST_F(JsonScanTest, EscapesAreUndoneAtEveryPlaceOfABlock) {
  for (absl::string_view escapes :
       {R"(\")", R"(\\)", R"(\/)", R"(\n)", R"(\"\")", R"(\\\")", R"(\\\\)"}) {
    for (size_t before = 0; before < 40; ++before) {
      const std::string pad(before, 'p');
      const std::string json = "{\"b\":\"" + pad + std::string(escapes) + pad +
                               std::string(escapes) + "\",\"a\":\"" + std::string(escapes) + pad +
                               std::string(escapes) + std::string(60, 'q') + "\"}";
      JsonKeys keys(paths_);
      ASSERT_EQ(Disagreement(keys, json), "") << json;
    }
  }
}

// Every JSON line of the public samples, and mutations of it, with the paths
// that all the sources read.
TEST(JsonScanSamplesTest, AgreesWithTheParser) {
  event::FieldTable table;
  event::Projection projection(table);
  projection.AddAllKnown();
  JsonPaths paths;
  const JsonSources sources(paths, projection, SourceOptions());
  JsonKeys keys(paths);
  std::mt19937_64 random(11);
  size_t lines = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(SEQUITUR_SHARED_DIR "/samples")) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line) && line.size() < 200'000;) {
      if (line.empty() || line[0] != '{') continue;
      ++lines;
      // Again, with all keys known.
      for (int round = 0; round < 2; ++round) {
        ASSERT_EQ(Disagreement(keys, line), "") << entry.path() << ": " << line;
      }
      for (int round = 0; round < 3; ++round) {
        std::string damaged = line;
        constexpr char kPieces[] = "\"\\{}[],:0e.u \x01";
        for (int edit = 0; edit <= round; ++edit) {
          damaged[random() % damaged.size()] = kPieces[random() % (sizeof kPieces - 1)];
        }
        ASSERT_EQ(Disagreement(keys, damaged), "") << damaged;
      }
    }
  }
  EXPECT_GT(lines, 100u);
}

}  // namespace
}  // namespace sequitur::decode
