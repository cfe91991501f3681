#include "rules/rule_yaml.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "yaml/document.h"

namespace sequitur::rules {
namespace {

Rule RuleOf(std::string query) {
  Rule rule;
  rule.id = "r";
  rule.name = "A rule";
  rule.query = std::move(query);
  return rule;
}

// The value of `key` of the one rule in the text.
std::string ReadBack(const std::string& yaml, absl::string_view key) {
  yaml::Document document = yaml::Document::Parse(yaml, "rule.yaml");
  for (const Diagnostic& problem : document.TakeDiagnostics()) ADD_FAILURE() << problem.ToString();
  for (const yaml::Node& rule : document.root().Elements()) {
    for (const auto& [name, value] : rule.Entries()) {
      if (name.text() == key) return std::string(value.text());
    }
  }
  return "no such key";
}

TEST(RuleYaml, WritesAQueryAsABlock) {
  EXPECT_EQ(BlockOrQuoted("a\n  b\n", 2), " |\n    a\n      b\n");
  EXPECT_EQ(BlockOrQuoted("a\nb", 2), " |-\n    a\n    b\n");
  EXPECT_EQ(BlockOrQuoted("  a\nb\n", 2), " |2\n      a\n    b\n");
}

TEST(RuleYaml, QuotesWhatABlockCannotCarry) {
  EXPECT_EQ(BlockOrQuoted("a\r\nb", 2), " \"a\\x0d\\nb\"\n");
  EXPECT_EQ(BlockOrQuoted("a\x01", 2), " \"a\\x01\"\n");
}

TEST(RuleYaml, CarriesAnyQueryByteForByte) {
  for (const char* query : {"",
                            "a",
                            "a\n",
                            "a\n\n",
                            "\na",
                            "\n\na\n",
                            "  a\n b",
                            "a\n\n  b\n\n\n",
                            "a  \nb \n",
                            "\ta\n",
                            "a # b: c\n- d",
                            "'\"\\",
                            "a\r\nb\r\n",
                            "%x",
                            "--- a",
                            "...",
                            " ",
                            "\n",
                            "caf\xc3\xa9",
                            "a\xe2\x80\xa8"
                            "b",
                            "a\xc2\x85"
                            "b",
                            "\xef\xbb\xbf"
                            "a"}) {
    EXPECT_EQ(ReadBack(ToYaml(RuleOf(query), {}), "query"), query) << testing::PrintToString(query);
  }
}

TEST(RuleYaml, CarriesRandomQueriesByteForByte) {
  std::mt19937 random(5);
  constexpr absl::string_view kPieces[] = {" ",  "\n", "a",  "#", ":", "\t",
                                           "\"", "'",  "- ", "|", "\r"};
  for (int round = 0; round < 2000; ++round) {
    std::string query;
    for (int i = random() % 12; i > 0; --i) {
      absl::StrAppend(&query, kPieces[random() % std::size(kPieces)]);
    }
    EXPECT_EQ(ReadBack(ToYaml(RuleOf(query), {}), "query"), query) << testing::PrintToString(query);
  }
}

TEST(RuleYaml, FoldsProseAndKeepsItsWords) {
  Rule rule = RuleOf("any where true");
  rule.name = "Colon: and # hash";
  for (int i = 0; i < 40; ++i)
    absl::StrAppend(&rule.description, "word", i, i % 7 == 0 ? "\n" : " ");
  const std::string yaml = ToYaml(rule, {});
  EXPECT_EQ(ReadBack(yaml, "name"), rule.name);
  EXPECT_THAT(ReadBack(yaml, "description"), testing::StartsWith("word0 word1 word2 "));
  EXPECT_THAT(yaml, testing::HasSubstr("  description: >-\n    word0 word1"));
}

TEST(RuleYaml, PlainWhereThatReadsBackAsTheSameString) {
  EXPECT_EQ(PlainOrQuoted("https://a.example/b#c"), "https://a.example/b#c");
  for (const char* text : {"true", "12", "null", "", "a: b", "a #b", "- a", "*x", "{a}"}) {
    EXPECT_EQ(PlainOrQuoted(text).front(), '"') << text;
  }
}

}  // namespace
}  // namespace sequitur::rules
