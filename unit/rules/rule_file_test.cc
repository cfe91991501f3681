#include "rules/rule_file.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rules/testing.h"

namespace sequitur::rules {
namespace {

using ::testing::ElementsAre;

TEST(ReadRules, TakesEveryKey) {
  yaml::Document document = yaml::Document::Parse(
      "- id: web-exploit-chain\n"
      "  name: A chain\n"
      "  description: Long words\n"
      "  note: the crash was not seen\n"
      "  severity: high\n"
      "  risk_score: 80\n"
      "  attack: [T1190, T1059.004]\n"
      "  references: [AN0221, \"https://example.com\"]\n"
      "  order_slack: 30s\n"
      "  suppress: {by: host.id, for: 1h}\n"
      "  mode: shadow\n"
      "  enabled: false\n"
      "  query: |\n"
      "    any where true\n"
      "  tests: []\n",
      "rules/web.yaml");
  const std::vector<RuleDraft> drafts = ReadRules(document);
  EXPECT_EQ(Problems(document), "");
  ASSERT_EQ(drafts.size(), 1u);
  const Rule& rule = drafts[0].rule;
  EXPECT_EQ(rule.id, "web-exploit-chain");
  EXPECT_EQ(rule.name, "A chain");
  EXPECT_EQ(rule.description, "Long words");
  EXPECT_EQ(rule.note, "the crash was not seen");
  EXPECT_EQ(rule.severity, Severity::kHigh);
  EXPECT_EQ(rule.risk_score, 80);
  EXPECT_THAT(rule.attack, ElementsAre("T1190", "T1059.004"));
  EXPECT_THAT(rule.references, ElementsAre("AN0221", "https://example.com"));
  EXPECT_EQ(rule.order_slack, 30 * event::kSecond);
  EXPECT_EQ(rule.mode, Mode::kShadow);
  EXPECT_EQ(rule.query, "any where true\n");
  EXPECT_EQ(rule.file, "rules/web.yaml");
  EXPECT_EQ(rule.line, 1);
  EXPECT_FALSE(drafts[0].enabled);
  EXPECT_THAT(drafts[0].suppress.by, ElementsAre("host.id"));
  EXPECT_EQ(drafts[0].suppress.window, absl::Hours(1));
}

TEST(ReadRules, HasDefaults) {
  yaml::Document document = yaml::Document::Parse("id: a\nname: b\nquery: any where true\n", "f");
  const std::vector<RuleDraft> drafts = ReadRules(document);
  EXPECT_EQ(Problems(document), "");
  ASSERT_EQ(drafts.size(), 1u) << "one rule without a list";
  EXPECT_EQ(drafts[0].rule.severity, Severity::kMedium);
  EXPECT_EQ(drafts[0].rule.risk_score, 47);
  EXPECT_EQ(drafts[0].rule.mode, Mode::kLive);
  EXPECT_EQ(drafts[0].suppress.window, absl::ZeroDuration());
  EXPECT_TRUE(drafts[0].enabled);
}

TEST(ReadRules, TakesTheRiskScoreFromTheSeverity) {
  for (const auto& [severity, score] : {std::pair("low", 21), {"high", 73}, {"critical", 99}}) {
    yaml::Document document = yaml::Document::Parse(
        absl::StrCat("{id: a, name: b, query: q, severity: ", severity, "}"), "f");
    EXPECT_EQ(ReadRules(document)[0].rule.risk_score, score) << severity;
  }
}

TEST(ReadRules, RefusesIdsThatCouldNotStandInAMetric) {
  for (absl::string_view id : {"-a", "a b", "\"\"", "é", "a/b"}) {
    yaml::Document document =
        yaml::Document::Parse(absl::StrCat("{id: ", id, ", name: n, query: q}"), "f");
    ReadRules(document);
    EXPECT_THAT(Problems(document), ::testing::StartsWith("1:6: expected an id of letters, digits"))
        << id;
  }
}

TEST(ReadRules, ReportsEverythingAtOnce) {
  yaml::Document document = yaml::Document::Parse(
      "- severity: hgh\n"
      "  risk_score: 101\n"
      "  attack: [T119, TA0001, T1059.4]\n"
      "  suppress: {by: host.id}\n"
      "  mode: on\n"
      "  enabled: yes\n"
      "  order_slak: 5s\n"
      "  query: [a]\n"
      "- just text\n",
      "f");
  ReadRules(document);
  EXPECT_EQ(Problems(document),
            "1:3: a rule needs 'id'\n"
            "1:13: expected one of low, medium, high, critical, found 'hgh'; did you mean "
            "'high'?\n"
            "2:15: expected a whole number of at least 0 and at most 100, found '101'\n"
            "3:12: expected an ATT&CK technique such as T1190 or T1059.004, found 'T119'\n"
            "3:18: expected an ATT&CK technique such as T1190 or T1059.004, found 'TA0001'\n"
            "3:26: expected an ATT&CK technique such as T1190 or T1059.004, found 'T1059.4'\n"
            "4:13: suppress needs 'for'\n"
            "5:9: expected one of live, shadow, found 'on'\n"
            "6:12: expected true or false, found 'yes'\n"
            "7:3: unknown key 'order_slak' in a rule; did you mean 'order_slack'?\n"
            "8:10: expected a string, found a list\n"
            "9:3: expected a rule as a mapping (key: value), found 'just text'");
}

}  // namespace
}  // namespace sequitur::rules
