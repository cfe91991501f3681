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

}  // namespace
}  // namespace sequitur::rules
