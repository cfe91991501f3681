#include "rules/checks.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rules/loader.h"
#include "rules/testing.h"

namespace sequitur::rules {
namespace {

using ::testing::HasSubstr;

class ChecksTest : public ::testing::Test {
 protected:
  // What is said of the query of one rule.
  std::string Said(absl::string_view query) {
    RuleDocuments documents;
    documents.lists.push_back(yaml::Document::Parse("none: []\nsome: [a]", "lists.yaml"));
    documents.rules.push_back(yaml::Document::Parse(
        absl::StrCat("- id: r\n  name: R\n  suppress: {by: host.id, for: 1h}\n  query: |\n    ",
                     absl::StrReplaceAll(query, {{"\n", "\n    "}}), "\n"),
        "rules.yaml"));
    LoadOptions options;
    options.telemetry = telemetry_;
    event::FieldTable fields;
    return Problems(LoadRuleSet(std::move(documents), options, fields).diagnostics);
  }

  void Contradicts(absl::string_view condition, absl::string_view field) {
    EXPECT_THAT(Said(absl::StrCat("process where ", condition)),
                HasSubstr(absl::StrCat("; what it asks of ", field, " contradicts itself")))
        << condition;
  }
  void Holds(absl::string_view condition) {
    EXPECT_EQ(Said(absl::StrCat("process where ", condition)), "") << condition;
  }

  Telemetry telemetry_;
};

TEST_F(ChecksTest, FindsWhatContradictsItself) {
  Contradicts("process.name == \"a\" and process.name == \"b\"", "process.name");
  Contradicts("process.name == \"a\" and process.name != \"a\"", "process.name");
  Contradicts("process.name in (\"a\", \"b\") and process.name in (\"c\", \"d\")", "process.name");
  Contradicts("process.name : \"A\" and process.name : \"b\"", "process.name");
  Contradicts("process.name == \"bash\" and process.name like \"z*\"", "process.name");
  Contradicts("process.name == \"bash\" and length(process.name) > 4", "process.name");
  Contradicts("process.name == null and process.name == \"a\"", "process.name");
  Contradicts("process.pid == 1 and process.pid != 1", "process.pid");
  Contradicts("process.pid > 5 and process.pid < 3", "process.pid");
  Contradicts("process.pid >= 5 and process.pid < 5", "process.pid");
  Contradicts("process.pid > 5 and process.pid == null", "process.pid");
  Contradicts("event.category == \"file\"", "event.category");
}

TEST_F(ChecksTest, FindsThatEveryBranchContradictsTheRest) {
  Contradicts(
      "process.name == \"a\" and (process.name == \"b\" and user.id == \"0\" or "
      "process.name == \"c\" and user.id == \"1\")",
      "process.name");
  Holds(
      "process.name == \"a\" and (process.name == \"b\" and user.id == \"0\" or "
      "process.name == \"a\" and user.id == \"1\")");
}

TEST_F(ChecksTest, SaysNothingOfWhatCanBe) {
  Holds("process.name == \"a\" and process.executable == \"b\"");
  Holds("process.name in (\"a\", \"b\") and process.name != \"a\"");
  Holds("process.name : \"sh\" and process.name != \"sh\"");
  Holds("process.name : \"sh\" and process.name like \"S*\"");
  Holds("process.name : \"bash\" and process.name regex \"B.*\"");
  Holds("process.pid > 3 and process.pid < 5");
  Holds("process.pid > 3 and process.pid < 4");
  Holds("process.name != \"a\" and process.name != \"b\"");
  Holds("process.name like \"a*\" and process.name like \"*b\"");
  Holds("not (process.name == \"a\" and process.name == \"b\")");
  Holds("event.category == \"process\"");
}

// Elements of a list meet conditions one by one.
TEST_F(ChecksTest, ConcludesNothingOfLists) {
  Holds("process.args == \"-c\" and process.args == \"id\"");
  Holds("event.type == \"start\" and event.type == \"info\"");
  Holds("event.action == \"exec\" and event.action == \"fork\"");
  Holds("host.ip == \"10.0.0.1\" and host.ip == \"10.0.0.2\"");
}

TEST_F(ChecksTest, PointsAtTheStage) {
  EXPECT_THAT(Said("sequence by host.id with maxspan=1m\n"
                   "  [process where true]\n"
                   "  [file where file.name == \"a\" and file.name == \"b\"]"),
              HasSubstr("7:7: warning: this stage can never match: step 2, 'file where file.name"));
}

TEST_F(ChecksTest, AJoinKeyIsSetAndOneForAllStages) {
  EXPECT_THAT(Said("sequence by host.id, user.id with maxspan=1m\n"
                   "  [process where user.id == null]\n  [file where true]"),
              HasSubstr("what it asks of user.id contradicts itself"));
  EXPECT_EQ(Said("sequence by host.id, ?user.id with maxspan=1m\n"
                 "  [process where user.id == null]\n  [file where true]"),
            "");
  EXPECT_THAT(Said("sequence by host.id, process.name with maxspan=1m\n"
                   "  [process where process.name == \"a\"]\n"
                   "  [file where process.name == \"b\"]"),
              HasSubstr("7:7: warning: these stages can never be joined: they are to have one "
                        "process.name, and ask different things of it"));
}

TEST_F(ChecksTest, NamesTheListThatLeavesNothing) {
  EXPECT_THAT(Said("process where process.name in~ $none"),
              HasSubstr("; there is nothing in $none"));
  EXPECT_EQ(Said("process where process.name in~ $some and not user.id in~ $none"), "");
}

TEST_F(ChecksTest, NamesAFieldThatNoSourceSets) {
  telemetry_.sets_field = [](absl::string_view path) { return path != "registry.path"; };
  EXPECT_THAT(Said("process where registry.path like~ \"*run*\""),
              HasSubstr("; no configured source sets registry.path"));
  EXPECT_THAT(Said("sequence by host.id, registry.path with maxspan=1m\n"
                   "  [process where true]\n  [file where true]"),
              HasSubstr("; no configured source sets registry.path"));
  EXPECT_EQ(Said("process where process.name == \"a\" or registry.path like~ \"*run*\""), "");
  EXPECT_EQ(Said("process where registry.path != \"a\""), "");
}

TEST_F(ChecksTest, NamesACategoryThatNoSourceMakes) {
  telemetry_.makes_category = [](absl::string_view category) { return category != "network"; };
  EXPECT_THAT(Said("network where true"), HasSubstr("; no configured source makes network events"));
  EXPECT_EQ(Said("file where true"), "");
}

TEST_F(ChecksTest, NamesABaselineThatIsNotThere) {
  EXPECT_EQ(Said("any where sequitur.novel == \"peer\""), "");
  telemetry_.baselines = {"child", "peer"};
  EXPECT_EQ(Said("any where sequitur.novel == \"peer\" and sequitur.novel == \"child\""), "");
  EXPECT_THAT(Said("any where sequitur.novel == \"pear\""),
              HasSubstr("; the configured baselines are child, peer"));
  telemetry_.baselines.emplace();
  EXPECT_THAT(Said("any where sequitur.novel != null"), HasSubstr("; no baselines are configured"));
}

TEST_F(ChecksTest, ARunLongerThanWhatIsKeptIsNeverReached) {
  telemetry_.hits_per_key = 10;
  EXPECT_THAT(Said("sequence by host.id with maxspan=1m [any where user.id == \"0\"] with runs=11"),
              HasSubstr("`with runs=11` can never be reached: limits.hits_per_key is 10"));
  EXPECT_EQ(Said("sequence by host.id with maxspan=1m [any where user.id == \"0\"] with runs=10"),
            "");
}

// A sequence of two steps, `more` in place of the second if it is given.
class WindowsTest : public ::testing::Test {
 protected:
  static std::string Rule(absl::string_view id, absl::string_view settings,
                          absl::string_view maxspan,
                          absl::string_view second = "[file where true]") {
    return absl::StrCat("- id: ", id, "\n", settings,
                        "  query: |\n    sequence by host.id with maxspan=", maxspan,
                        "\n      [process where true]\n      ", second, "\n");
  }
  std::string Said(absl::string_view rules, absl::string_view tuning = "") {
    RuleDocuments documents;
    documents.rules.push_back(yaml::Document::Parse(rules, "rules.yaml"));
    yaml::Document site = yaml::Document::Parse(tuning, "sequitur.yaml");
    LoadOptions options;
    options.telemetry = telemetry_;
    if (!tuning.empty()) options.tuning = ReadTuning(site.root());
    event::FieldTable fields;
    const auto loaded = LoadRuleSet(std::move(documents), options, fields);
    EXPECT_NE(loaded.rules, nullptr);
    for (const Diagnostic& each : loaded.diagnostics) file_ = each.file;
    return Problems(loaded.diagnostics);
  }

  Telemetry telemetry_;
  std::string file_;  // of the last that was said
};

TEST_F(WindowsTest, OrderSlackIsNoLongerThanMaxspan) {
  EXPECT_EQ(Said(Rule("r", "  order_slack: 1m\n", "1m")), "");
  const std::string why =
      " is longer than maxspan (1m), so that the order of steps means nothing: lower it, or raise "
      "maxspan";
  EXPECT_EQ(Said(Rule("r", "  order_slack: 61s\n", "1m")),
            "2:16: warning: order_slack (1m1s)" + why);
  EXPECT_EQ(file_, "rules.yaml");
  EXPECT_EQ(Said(Rule("r", "", "1m"), "r: {order_slack: 2m}"),
            "1:1: warning: order_slack (2m)" + why);
  EXPECT_EQ(file_, "sequitur.yaml");
  EXPECT_EQ(Said(Rule("r", "  order_slack: 2m\n", "1m"), "r: {maxspan: 3m}"), "");
}

TEST_F(WindowsTest, OrderSlackIsForSequences) {
  EXPECT_EQ(Said("- id: r\n  order_slack: 5s\n  query: process where true\n"),
            "2:16: warning: order_slack is between steps, and this rule is about single events: "
            "take it out");
  EXPECT_EQ(Said("- id: r\n  query: process where true\n"), "");
}

TEST_F(WindowsTest, WhatIsReadAgainIsStillThere) {
  constexpr event::TimeNs kDay = 86400 * event::kSecond;
  telemetry_.lateness = kDay / 2;
  EXPECT_EQ(Said(Rule("r", "", "7d")), "") << "nobody knows for how long";
  telemetry_.kept_for = 7 * kDay;
  EXPECT_EQ(Said(Rule("r", "", "6d")), "");
  EXPECT_EQ(Said(Rule("r", "", "7d")),
            "2:10: warning: after a restart this rule has to read 180h again (maxspan and "
            "lateness), and a topic is kept for 168h unless its retention.ms says otherwise: lower "
            "maxspan, or see to it");
  EXPECT_NE(Said(Rule("r", "", "6d"), "r: {maxspan: 7d}"), "");
  EXPECT_EQ(file_, "sequitur.yaml");
}

TEST_F(WindowsTest, LatenessIsNoShorterThanOrderSlack) {
  std::string rules = Rule("quick", "  order_slack: 5s\n", "1m");
  for (absl::string_view id : {"a", "b", "c", "d", "e"}) {
    rules += Rule(id, "  order_slack: 30s\n", "1m");
  }
  telemetry_.lateness = 30 * event::kSecond;
  EXPECT_EQ(Said(rules), "");
  telemetry_.lateness = 10 * event::kSecond;
  const std::string why =
      "warning: lateness (10s) is shorter than order_slack (30s) of a, b, c and 2 more: what is "
      "written down so late is not joined any more; raise lateness";
  EXPECT_EQ(Said(rules), "8:16: " + why) << "the default is nowhere written";
  telemetry_.lateness_here.file = "sequitur.yaml";
  telemetry_.lateness_here.line = 3;
  telemetry_.lateness_here.column = 11;
  EXPECT_EQ(Said(rules), "3:11: " + why);
  EXPECT_EQ(file_, "sequitur.yaml");
}

TEST_F(WindowsTest, ALongLatenessDelaysRulesThatWait) {
  const std::string rules = Rule("fast", "", "1m") + Rule("slow", "", "1m", "![file where true]");
  telemetry_.lateness = 59 * 60 * event::kSecond;
  EXPECT_EQ(Said(rules), "");
  telemetry_.lateness = 2 * 3600 * event::kSecond;
  telemetry_.lateness_here.line = 3;
  EXPECT_EQ(Said(rules),
            "3:0: warning: slow waits 2h (the longest lateness) before alerting, since what must "
            "not happen may still come: lower it, or do without `until` and `![`");
}

}  // namespace
}  // namespace sequitur::rules
