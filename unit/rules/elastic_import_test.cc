#include "rules/elastic_import.h"

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rules/elastic_toml.h"
#include "rules/loader.h"

namespace sequitur::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Sample(absl::string_view name) {
  std::ifstream file(
      absl::StrCat(SEQUITUR_SOURCE_DIR, "/unit/rules/corpus/elastic_import/", name, ".toml"));
  EXPECT_TRUE(file.is_open()) << name;
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

// A rule around the text of a TOML string.
std::string WithQuery(absl::string_view toml_string) {
  return absl::StrCat(
      "[rule]\nname = \"X\"\nseverity = \"low\"\ntype = \"eql\"\nquery = ", toml_string, "\n");
}

class ElasticImport : public ::testing::Test {
 protected:
  ImportedRule Import(absl::string_view toml, ImportOptions options = {}) {
    return ImportElasticRule(toml, "rule.toml", options, fields_);
  }

  Rule Loaded(const ImportedRule& imported) {
    RuleDocuments documents;
    documents.rules.push_back(yaml::Document::Parse(imported.yaml, "imported.yaml"));
    const auto loaded = LoadRuleSet(std::move(documents), LoadOptions(), own_fields_);
    for (const auto& problem : loaded.diagnostics) ADD_FAILURE() << problem.ToString();
    return loaded.rules == nullptr ? Rule() : loaded.rules->rules().at(0);
  }

  event::FieldTable fields_, own_fields_;
};

TEST_F(ElasticImport, TranslatesMetadataAndKeepsTheQuery) {
  const std::string toml = Sample("interpreter_below_installer");
  const ImportedRule imported = Import(toml);
  EXPECT_THAT(imported.diagnostics, IsEmpty());
  const Rule rule = Loaded(imported);
  EXPECT_EQ(rule.id, "interpreter-below-an-installer-goes-out-possible-dropper");
  EXPECT_EQ(rule.name, "Interpreter Below an Installer Goes Out: Possible Dropper");
  EXPECT_EQ(rule.severity, Severity::kMedium);
  EXPECT_EQ(rule.risk_score, 47);
  EXPECT_THAT(rule.attack, ElementsAre("T1059", "T1059.004", "T1105"));
  EXPECT_THAT(rule.references, ElementsAre("elastic:0b1c0a4e-5d0f-4a52-9a4e-2f2f2f2f2f2f",
                                           "https://attack.example.org/dropper#1"));
  EXPECT_THAT(rule.description, HasSubstr("False positives: Packages that fetch"));
  EXPECT_THAT(rule.suppress.by, SizeIs(2));
  EXPECT_EQ(rule.suppress.window, 5 * 3600 * event::kSecond);
  EXPECT_EQ(rule.maxspan, 30 * event::kSecond);
  // The text between the quotes, without the line break behind the first ones.
  const size_t begin = toml.find("'''\n") + 4;
  EXPECT_EQ(rule.query, toml.substr(begin, toml.find("'''", begin) - begin));
}

TEST_F(ElasticImport, NamesWhatIsNotUsed) {
  EXPECT_THAT(Import(Sample("interpreter_below_installer")).notes,
              ElementsAre("not used here: from, index, note, tags"));
}

TEST_F(ElasticImport, WarnsWhenWhatIsLeftOutChangesWhatMatches) {
  const ImportedRule imported = Import(Sample("filtered"));
  ASSERT_THAT(imported.diagnostics, SizeIs(1));
  EXPECT_EQ(imported.diagnostics[0].severity, Diagnostic::Severity::kWarning);
  EXPECT_EQ(imported.diagnostics[0].line, 14);
  EXPECT_THAT(imported.diagnostics[0].message, HasSubstr("matches more"));
  EXPECT_THAT(Loaded(imported).query, HasSubstr("and\n  process.name : (\"nginx\""));
}

TEST_F(ElasticImport, PassesOverOtherLanguages) {
  const ImportedRule kuery = Import(Sample("kuery"));
  EXPECT_EQ(kuery.yaml, "");
  EXPECT_EQ(kuery.skipped, "a rule of type query in kuery, not EQL");
  EXPECT_THAT(kuery.diagnostics, IsEmpty());
  EXPECT_EQ(Import("[rule]\nname = 'x'\ntype = 'machine_learning'\n").skipped,
            "a rule of type machine_learning, not EQL");
  EXPECT_EQ(Import("[rule]\nname = 'x'\ntype = 'esql'\nlanguage = 'esql'\n").skipped,
            "a rule of type esql, not EQL");
}

TEST_F(ElasticImport, PutsAnEqlErrorWhereItStandsInTheFile) {
  const ImportedRule imported = Import(Sample("wrong"));
  EXPECT_EQ(imported.yaml, "");
  ASSERT_THAT(imported.diagnostics, SizeIs(1));
  EXPECT_EQ(imported.diagnostics[0].ToString(),
            "rule.toml:10:16: error: expected '==' instead of '='\n"
            "    process.args = \"-c\"\n"
            "                 ^");
}

TEST_F(ElasticImport, FindsTheColumnInAOneLineString) {
  const ImportedRule imported = Import(WithQuery("'process where x = 1'"));
  ASSERT_THAT(imported.diagnostics, SizeIs(1));
  EXPECT_EQ(imported.diagnostics[0].line, 5);
  EXPECT_EQ(imported.diagnostics[0].column, 26);
}

TEST_F(ElasticImport, SaysTheQuerysOwnPlaceWhereEscapesHideIt) {
  const ImportedRule imported = Import(WithQuery("\"process where y == \\\"a\\\" and x = 1\""));
  ASSERT_THAT(imported.diagnostics, SizeIs(1));
  EXPECT_EQ(imported.diagnostics[0].line, 5);
  EXPECT_THAT(imported.diagnostics[0].message, HasSubstr("(line 1, column 30 of the query)"));
}

TEST_F(ElasticImport, ShadowsOnRequest) {
  EXPECT_EQ(Loaded(Import(Sample("interpreter_below_installer"), {true})).mode, Mode::kShadow);
}

TEST_F(ElasticImport, SaysWhatIsWrongWithTheFile) {
  const auto problem = [&](absl::string_view toml) {
    const ImportedRule imported = Import(toml);
    EXPECT_EQ(imported.yaml, "");
    return imported.diagnostics.empty() ? "none" : imported.diagnostics[0].ToString();
  };
  EXPECT_THAT(problem("x = 1"), HasSubstr("no [rule]"));
  EXPECT_THAT(problem("[rule\n"), HasSubstr("rule.toml:1:"));
  EXPECT_THAT(problem(WithQuery("7")), HasSubstr("rule.toml:5:9: error: query is not a string"));
  EXPECT_THAT(problem(WithQuery("''")), HasSubstr("no query"));
  EXPECT_THAT(problem(std::string(ElasticRule::kMaxBytes + 1, '#')), HasSubstr("larger than"));
}

TEST_F(ElasticImport, RefusesNestingThatWouldExhaustTheStack) {
  std::string keys = "a";
  for (int i = 0; i < 400'000; ++i) keys += ".a";
  EXPECT_THAT(Import(keys + " = 1\n").diagnostics, SizeIs(1));
  EXPECT_THAT(Import(absl::StrCat("[", keys, "]\n")).diagnostics, SizeIs(1));
  EXPECT_THAT(Import(absl::StrCat("x = ", std::string(100'000, '['))).diagnostics, SizeIs(1));
  // As deep as is allowed, in lines that each are.
  std::string nested, line(2 * ElasticRule::kMaxLineDots, 'a');
  for (size_t i = 1; i < line.size(); i += 2) line[i] = '.';
  line += "a";
  for (int i = 0; i < 40; ++i) absl::StrAppend(&nested, line, " = [{\n");
  EXPECT_THAT(Import(nested).diagnostics, SizeIs(1));
}

TEST(Slug, IsLowerCaseWordsJoinedByDashes) {
  EXPECT_EQ(SlugOf("Suspicious  Child (of nginx)!"), "suspicious-child-of-nginx");
  EXPECT_EQ(SlugOf("\xc3\xa9"), "imported");
  EXPECT_LE(SlugOf(std::string(1000, 'a')).size(), 120u);
}

}  // namespace
}  // namespace sequitur::rules
