#include "rules/loader.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rules/testing.h"
#include "testing/temp_folder.h"

namespace sequitur::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::string_view kEventRule = R"(
- id: shell
  name: A shell
  query: process where process.name in ("sh", "bash")
)";

constexpr absl::string_view kSequenceRule = R"(
- id: web-chain
  name: A chain
  order_slack: 1s
  query: |
    sequence by host.id with maxspan=5m
      [web where http.response.status_code >= 500]
      ![file where file.name == "maintenance"]
      [process where process.name in~ $shells]
    until [process where process.name == "nginx"]
)";

class LoaderTest : public ::testing::Test {
 protected:
  LoaderTest() { options_.today = absl::CivilDay(2026, 11, 24); }

  struct Texts {
    absl::string_view rules;
    absl::string_view lists = "shells: [sh, bash]";
    absl::string_view allowlist = "";
  };

  Loaded Load(const Texts& texts) {
    RuleDocuments documents;
    documents.lists.push_back(yaml::Document::Parse(texts.lists, "lists.yaml"));
    documents.rules.push_back(yaml::Document::Parse(texts.rules, "rules.yaml"));
    documents.allowlists.push_back(yaml::Document::Parse(texts.allowlist, "allow.yaml"));
    return LoadRuleSet(std::move(documents), options_, fields_);
  }

  // Tuning as the site's configuration would give it.
  void Tune(absl::string_view text) {
    yaml::Document document = yaml::Document::Parse(text, "sequitur.yaml");
    options_.tuning = ReadTuning(document.root());
    ASSERT_EQ(Problems(document), "");
  }

  std::string Version(const Texts& texts) {
    const Loaded loaded = Load(texts);
    return loaded.rules == nullptr ? "errors: " + Problems(loaded.diagnostics)
                                   : loaded.rules->rules()[0].version;
  }

  LoadOptions options_;
  event::FieldTable fields_;
};

TEST_F(LoaderTest, CompilesRulesIntoASet) {
  const Loaded loaded = Load({kSequenceRule});
  EXPECT_EQ(Problems(loaded.diagnostics), "");
  ASSERT_NE(loaded.rules, nullptr);
  ASSERT_THAT(loaded.rules->rules(), SizeIs(1));
  const Rule& rule = loaded.rules->rules()[0];
  EXPECT_TRUE(rule.is_sequence);
  ASSERT_THAT(rule.stages, SizeIs(3));
  EXPECT_EQ(rule.stages[0].term.category, "web");
  EXPECT_TRUE(rule.stages[1].term.missing);
  EXPECT_TRUE(rule.until.has_value());
  EXPECT_EQ(rule.maxspan, 300 * event::kSecond);
  EXPECT_EQ(rule.order_slack, event::kSecond);
  EXPECT_THAT(rule.version, ::testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(loaded.rules->longest_maxspan(), 300 * event::kSecond);
  EXPECT_EQ(loaded.rules->Find("web-chain"), 0);
  EXPECT_EQ(loaded.rules->Find("web"), -1);
}

TEST_F(LoaderTest, ProjectsWhatAnybodyReads) {
  options_.evidence_fields = {"user.name"};
  const Loaded loaded =
      Load({R"(
- id: a
  name: a
  suppress: {by: service.name, for: 1h}
  query: |
    sequence by host.id with maxspan=1m
      [process where process.name == "a"] [file where my.own.field == "b"]
)",
            "", "- {rule: a, where: file.size > 5, owner: o, reason: r, expires: 2027-01-01}"});
  ASSERT_NE(loaded.rules, nullptr) << Problems(loaded.diagnostics);
  const event::Projection& projection = loaded.rules->projection();
  for (absl::string_view path : {"event.category", "host.id", "process.name", "my.own.field",
                                 "service.name", "user.name", "file.size"}) {
    EXPECT_TRUE(projection.Has(*fields_.Find(path))) << path;
  }
  EXPECT_FALSE(projection.Has(event::field::kProcessExecutable));
}

TEST_F(LoaderTest, PlacesErrorsOfTheQueryInTheFile) {
  const Loaded loaded = Load({R"(
- id: a
  name: a
  query: |
    process where
      process.name === "x"
)"});
  EXPECT_EQ(loaded.rules, nullptr);
  ASSERT_THAT(loaded.diagnostics, SizeIs(1));
  EXPECT_EQ(loaded.diagnostics[0].file, "rules.yaml");
  EXPECT_EQ(loaded.diagnostics[0].line, 6);
  EXPECT_GE(loaded.diagnostics[0].column, 20);
  EXPECT_EQ(loaded.diagnostics[0].source_line, "      process.name === \"x\"");
}

TEST_F(LoaderTest, ReportsEverythingOfAllFilesAtOnce) {
  const Loaded loaded = Load(
      {R"(
- {id: a, name: a, query: process where user.id in $nobody}
- {id: a, name: b, query: any where true}
- {id: c, name: c}
- {id: d, name: d, query: any where false, tests: [{name: t, events: [], expect: 0, expect_rules: [e]}]}
)",
       "shells: {}", "- {rule: b, where: user.id =, owner: o, reason: r, expires: 2027-01-01}"});
  EXPECT_EQ(loaded.rules, nullptr);
  std::vector<std::string> places;
  for (const Diagnostic& d : loaded.diagnostics) {
    places.push_back(absl::StrCat(d.file, ":", d.line));
  }
  EXPECT_THAT(places, ElementsAre("lists.yaml:1", "rules.yaml:2", "rules.yaml:3", "rules.yaml:4",
                                  "rules.yaml:5", "rules.yaml:5", "allow.yaml:1", "allow.yaml:1"))
      << Problems(loaded.diagnostics);
}

TEST_F(LoaderTest, RefusesARuleIdGivenTwice) {
  const Loaded loaded =
      Load({"- {id: a, name: a, query: any where true}\n"
            "- {id: a, name: b, query: any where true}\n"});
  EXPECT_EQ(Problems(loaded.diagnostics), "2:8: rule 'a' is already in rules.yaml:1");
}

struct CheckCase {
  absl::string_view query;
  absl::string_view problems;
  absl::string_view more = "";
};

TEST_F(LoaderTest, ChecksWhatCompiles) {
  constexpr absl::string_view kHost =
      "4:3: warning: correlation never crosses hosts: the keys of this sequence do not name the "
      "host, and yet only events of one host are joined; add host.id to `by` to say so";
  const CheckCase cases[] = {
      {"any where true", ""},
      {"process where false",
       "4:4: warning: this stage can never match: step 1, 'process where false'"},
      {"sequence by host.id with maxspan=1m [any where true] [any where false]",
       "4:57: warning: this stage can never match: step 2, 'any where false'"},
      {"sequence by host.id with maxspan=1m [any where true] [file where true] until [any where "
       "false]",
       "4:81: warning: this until can never match: 'any where false'"},
      {"sequence by user.id with maxspan=1m [any where true] [file where true]", kHost},
      {"sequence with maxspan=1m [any where true] [file where true]", kHost},
      {"sequence with maxspan=1m [any where true] by process.entity_id "
       "[file where true] by process.parent.entity_id",
       ""},
      {"sequence by user.id, host.name with maxspan=1m [any where true] [file where true]", ""},
      {"sequence by host.id [any where true] [file where true]",
       "4:3: warning: without maxspan a sequence waits until memory runs short; it is then given "
       "up, and counted (write `with maxspan=`)"},
      {"sequence by host.id with maxspan=1m [any where user.id == \"0\"] with runs=5",
       "4:3: warning: every event beyond `with runs` completes the sequence anew: add "
       "`suppress: {by: [...], for: ...}` to be told once"},
      {"sequence by host.id with maxspan=1m [any where user.id == \"0\"] with runs=5", "",
       "suppress: {by: host.id, for: 1h}"},
  };
  for (const CheckCase& c : cases) {
    const Loaded loaded =
        Load({absl::StrCat("id: a\nname: a\nquery:\n  '", c.query, "'\n", c.more, "\n")});
    EXPECT_EQ(Problems(loaded.diagnostics), c.problems) << c.query;
    EXPECT_EQ(loaded.rules == nullptr, HasErrors(loaded.diagnostics)) << c.query;
  }
}

TEST_F(LoaderTest, AppliesTuning) {
  Tune(
      "web-chain: {mode: shadow, maxspan: 10m, order_slack: 3s, severity: critical,\n"
      "            suppress: {by: [user.id], for: 2h}}");
  const Loaded loaded = Load({kSequenceRule});
  ASSERT_NE(loaded.rules, nullptr) << Problems(loaded.diagnostics);
  const Rule& rule = loaded.rules->rules()[0];
  EXPECT_EQ(rule.mode, Mode::kShadow);
  EXPECT_EQ(rule.maxspan, 600 * event::kSecond);
  EXPECT_EQ(rule.order_slack, 3 * event::kSecond);
  EXPECT_EQ(rule.severity, Severity::kCritical);
  EXPECT_THAT(rule.suppress.by, ElementsAre(event::field::kUserId));
  EXPECT_EQ(rule.suppress.window, 7200 * event::kSecond);
}

// Two rules, the second with these settings.
std::string WithSuppress(absl::string_view first, absl::string_view second) {
  const auto rule = [](absl::string_view id, absl::string_view suppress) {
    return absl::StrCat("- id: ", id, "\n  suppress: ", suppress,
                        "\n  query: any where user.id == \"", id, "\"\n");
  };
  return absl::StrCat(rule("one", first), rule("two", second));
}

TEST_F(LoaderTest, RulesOfASuppressionGroupNeedTheSameBy) {
  const std::string same = WithSuppress("{by: [host.id, user.id], for: 5m, group: web}",
                                        "{by: [host.id, user.id], for: 1h, group: web}");
  const Loaded loaded = Load({same});
  EXPECT_EQ(Problems(loaded.diagnostics), "");
  EXPECT_EQ(loaded.rules->rules()[1].suppress.group, "web");
  EXPECT_EQ(Problems(Load({WithSuppress("{by: [host.id, user.id], for: 5m, group: web}",
                                        "{by: host.id, for: 5m, group: web}")})
                         .diagnostics),
            "5:43: rules of a suppression group need the same `by`: rule 'one' (rules.yaml:2) has "
            "[host.id, user.id], this one [host.id]");
  Tune("two: {suppress: {by: user.id, for: 5m, group: web}}");
  const Loaded tuned = Load({same});
  EXPECT_EQ(tuned.rules, nullptr);
  ASSERT_THAT(tuned.diagnostics, SizeIs(1));
  EXPECT_EQ(tuned.diagnostics[0].file, "sequitur.yaml");
  EXPECT_EQ(tuned.diagnostics[0].column, 47);
}

TEST_F(LoaderTest, TuningTakesARuleOutOfItsGroup) {
  Tune("two: {suppress: {by: user.id, for: 5m}}");
  const Loaded loaded = Load(
      {WithSuppress("{by: host.id, for: 5m, group: web}", "{by: host.id, for: 5m, group: web}")});
  ASSERT_NE(loaded.rules, nullptr) << Problems(loaded.diagnostics);
  EXPECT_EQ(loaded.rules->rules()[1].suppress.group, "");
  EXPECT_EQ(Problems(loaded.diagnostics),
            "2:43: warning: no other rule is in the suppression group 'web'");
}

TEST_F(LoaderTest, AGroupOfOneIsALikelySlip) {
  const std::string rules = WithSuppress("{for: 5m, group: upload}", "{for: 5m, group: uplaod}");
  EXPECT_EQ(
      Problems(Load({rules}).diagnostics),
      "5:30: warning: no other rule is in the suppression group 'uplaod'; did you mean 'upload'?\n"
      "2:30: warning: no other rule is in the suppression group 'upload'; did you mean 'uplaod'?");
  options_.rules_are_partial = true;
  EXPECT_EQ(Problems(Load({rules}).diagnostics), "");
}

TEST_F(LoaderTest, LeavesDisabledRulesOutButChecksThem) {
  Tune("shell: {enabled: false}");
  Loaded loaded = Load({kEventRule});
  ASSERT_NE(loaded.rules, nullptr);
  EXPECT_THAT(loaded.rules->rules(), IsEmpty());
  EXPECT_EQ(loaded.rules->program().node_count(), eql::Program(fields_).node_count());

  loaded = Load({"{id: shell, name: a, query: process where}"});
  EXPECT_TRUE(HasErrors(loaded.diagnostics));

  Tune("shell: {enabled: true}");
  loaded = Load({"{id: shell, name: a, enabled: false, query: any where true}"});
  ASSERT_NE(loaded.rules, nullptr);
  EXPECT_THAT(loaded.rules->rules(), SizeIs(1));
}

TEST_F(LoaderTest, RefusesTuningThatFindsNoRule) {
  Tune("web-chian: {mode: shadow}\nshell: {maxspan: 5m}");
  const Loaded loaded = Load({absl::StrCat(kEventRule, kSequenceRule)});
  EXPECT_EQ(loaded.rules, nullptr);
  EXPECT_EQ(Problems(loaded.diagnostics),
            "1:1: no rule has the id 'web-chian'; did you mean 'web-chain'?\n"
            "2:1: rule 'shell' is about single events: there is no maxspan to tune");
  EXPECT_EQ(loaded.diagnostics[0].file, "sequitur.yaml");
}

TEST_F(LoaderTest, PassesOverTuningAndAllowlistsOfRulesNotAskedFor) {
  Tune("other: {mode: shadow}");
  options_.rules_are_partial = true;
  const Loaded loaded = Load({kEventRule, "",
                              "- {rule: other, where: user.id == \"0\", owner: o, reason: r, "
                              "expires: 2027-01-01}"});
  EXPECT_EQ(Problems(loaded.diagnostics), "");
  ASSERT_NE(loaded.rules, nullptr);
  EXPECT_THAT(loaded.rules->allowlist(), IsEmpty());
}

class AllowlistTest : public LoaderTest {
 protected:
  static constexpr absl::string_view kRules = R"(
- id: chain
  name: a
  query: |
    sequence by host.id with maxspan=1m
      [process where process.name == "a"] ![file where true] [process where process.name == "a"]
      until [process where process.name == "a"]
- {id: chain-crash, name: b, query: process where process.name == "a"}
- {id: chains, name: c, query: process where process.name == "a"}
)";

  Loaded LoadEntry(absl::string_view fields) {
    return Load({kRules, "roots: [\"0\"]",
                 absl::StrCat("- {owner: o, reason: r, expires: 2027-01-01, ", fields, "}")});
  }

  // The hits of a process "a" of user 0, as rule/stage, and what was held back.
  std::string Match(const Loaded& loaded) {
    event::Event event(loaded.rules->projection());
    event.Set(event::field::kEventCategory, event::Value::String("process"));
    event.Set(event::field::kProcessName, event::Value::String("a"));
    event.Set(event::field::kUserId, event::Value::String("0"));
    Matcher matcher(*loaded.rules);
    std::string out;
    for (const Hit& hit : matcher.Match(event)) {
      absl::StrAppend(&out, loaded.rules->rules()[hit.rule].id, "/",
                      hit.stage == Hit::kUntil ? "until" : absl::StrCat(hit.stage), " ");
    }
    for (const uint64_t held : matcher.allowlist_hits()) absl::StrAppend(&out, "held ", held);
    return out;
  }
};

TEST_F(AllowlistTest, HoldsBackARuleAndItsVariants) {
  const Loaded loaded = LoadEntry("rule: chain, where: user.id in $roots");
  ASSERT_NE(loaded.rules, nullptr) << Problems(loaded.diagnostics);
  EXPECT_EQ(Match(loaded), "chain/until chains/0 held 3");
}

TEST_F(AllowlistTest, HoldsBackOneStepOfOneRule) {
  const Loaded loaded = LoadEntry("rule: chain, step: 3, where: user.id == \"0\"");
  ASSERT_NE(loaded.rules, nullptr) << Problems(loaded.diagnostics);
  EXPECT_EQ(Match(loaded), "chain/0 chain/until chain-crash/0 chains/0 held 1");
}

TEST_F(AllowlistTest, AnExpiredEntryHoldsNothingBackAndIsKnown) {
  const Loaded loaded =
      Load({kRules, "",
            "- {owner: o, reason: r, expires: 2020-01-31, rule: chain, where: user.id == \"0\"}"});
  ASSERT_NE(loaded.rules, nullptr) << Problems(loaded.diagnostics);
  EXPECT_EQ(Match(loaded), "chain/0 chain/2 chain/until chain-crash/0 chains/0 ");
  EXPECT_THAT(loaded.rules->allowlist(), IsEmpty());
  ASSERT_EQ(loaded.rules->expired_allowlist().size(), 1u);
  EXPECT_EQ(loaded.rules->expired_allowlist()[0].expires, "2020-01-31");
}

TEST_F(AllowlistTest, HoldsNothingBackThatDoesNotMatch) {
  const Loaded loaded = LoadEntry("rule: chain, where: user.id == \"1\"");
  ASSERT_NE(loaded.rules, nullptr) << Problems(loaded.diagnostics);
  EXPECT_EQ(Match(loaded), "chain/0 chain/2 chain/until chain-crash/0 chains/0 held 0");
}

TEST_F(AllowlistTest, EndsAtItsDate) {
  options_.today = absl::CivilDay(2027, 1, 2);
  const Loaded loaded = LoadEntry("rule: chain, where: user.id == \"0\"");
  ASSERT_NE(loaded.rules, nullptr) << "only a warning";
  EXPECT_THAT(loaded.diagnostics, SizeIs(1));
  EXPECT_EQ(Match(loaded), "chain/0 chain/2 chain/until chain-crash/0 chains/0 ");
}

TEST_F(AllowlistTest, RefusesEntriesThatCannotBeMeant) {
  const std::pair<absl::string_view, absl::string_view> cases[] = {
      {"rule: chan, where: user.id == \"0\"",
       "1:52: no rule has the id 'chan'; did you mean 'chain'?"},
      {"rule: chain, step: 4, where: user.id == \"0\"", "1:65: rule 'chain' has 3 steps"},
      {"rule: chain, step: 2, where: user.id == \"0\"",
       "1:65: step 2 is a missing event (`![`): to hold one back would make alerts, not prevent "
       "them"},
      {"rule: chain, where: true",
       "1:66: this matches every event; to switch a rule off, set `enabled: false` under "
       "`tuning:`"},
      {"rule: chain, where: false", "1:66: this condition can never match"},
  };
  for (const auto& [fields, problems] : cases) {
    EXPECT_EQ(Problems(LoadEntry(fields).diagnostics), problems) << fields;
  }
}

TEST_F(LoaderTest, VersionFollowsWhatDecidesMatches) {
  const std::string base = Version({kSequenceRule});
  EXPECT_EQ(Version({kSequenceRule}), base) << "the same again";
  const std::string laid_out_anew = R"(
id: web-chain
name: Another name
severity: low
order_slack: 1s
query: 'sequence by host.id with maxspan=5m [web where http.response.status_code >= 500]
  ![file where file.name == "maintenance"] [process where process.name in~ $shells]
  until [process where process.name == "nginx"]'
)";
  EXPECT_EQ(Version({laid_out_anew}), base);
  EXPECT_NE(Version({kSequenceRule, "shells: [sh]"}), base);
  EXPECT_EQ(Version({kSequenceRule, "{shells: [sh, bash], other: [x]}"}), base);
  EXPECT_NE(Version({kSequenceRule, "shells: [sh, bash]",
                     "- {rule: web-chain, where: user.id == \"0\", owner: o, reason: r, expires: "
                     "2027-01-01}"}),
            base);
  Tune("web-chain: {severity: low, mode: shadow, suppress: {for: 1h}}");
  EXPECT_EQ(Version({kSequenceRule}), base);
  Tune("web-chain: {maxspan: 6m}");
  EXPECT_NE(Version({kSequenceRule}), base);
  Tune("web-chain: {order_slack: 2s}");
  EXPECT_NE(Version({kSequenceRule}), base);
}

TEST_F(LoaderTest, StagesVersionFollowsWhatPendingChainsDependOn) {
  const auto version = [&](const Texts& texts) {
    return Load(texts).rules->rules()[0].stages_version;
  };
  const auto with = [&](absl::string_view from, absl::string_view to) {
    return version({absl::StrReplaceAll(kSequenceRule, {{from, to}})});
  };
  const std::string base = version({kSequenceRule});
  EXPECT_THAT(base, ::testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(with("A chain", "Another name"), base);
  EXPECT_EQ(with("maxspan=5m", "maxspan=6m"), base);
  EXPECT_EQ(with("order_slack: 1s", "order_slack: 2s"), base);
  EXPECT_EQ(version({kSequenceRule, "{shells: [sh, bash], other: [x]}",
                     "- {rule: web-chain, where: user.id in $other, owner: o, reason: r, expires: "
                     "2027-01-01}"}),
            base);
  EXPECT_NE(with("by host.id", "by host.id, user.id"), base);
  EXPECT_NE(with("by host.id", "by ?host.id"), base);
  EXPECT_NE(with(">= 500", ">= 501"), base);
  EXPECT_NE(with("![file", "[file"), base);
  EXPECT_NE(with("until [process where process.name == \"nginx\"]", ""), base);
  EXPECT_NE(with("nginx", "httpd"), base);
  EXPECT_NE(version({kSequenceRule, "shells: [sh]"}), base);
}

TEST_F(LoaderTest, VersionDoesNotDependOnTheMachine) {
  EXPECT_EQ(Version({kEventRule}), "ff7cd7220c34b3cb");
}

TEST_F(LoaderTest, GivesTheTestsOfEnabledRules) {
  const Loaded loaded = Load({R"(
- id: a
  name: a
  query: any where true
  tests:
    - {name: one, events: [{event.category: web}], expect: 1}
- id: b
  name: b
  enabled: false
  query: any where true
  tests:
    - {name: two, events: [{event.category: web}], expect: 1}
)"});
  ASSERT_THAT(loaded.tests, SizeIs(1));
  EXPECT_EQ(loaded.tests[0].rule, "a");
  EXPECT_EQ(loaded.tests[0].name, "one");
}

TEST_F(LoaderTest, ReadsFoldersAndNamesMissingOnes) {
  const sequitur::testing::TempFolder temp;
  const std::string& folder = temp.path();
  std::filesystem::create_directories(folder + "/rules");
  std::ofstream(folder + "/rules/b.yaml") << kEventRule;
  std::ofstream(folder + "/rules/a.yml") << kSequenceRule;
  std::ofstream(folder + "/lists.yaml") << "shells: [sh]";
  options_.rule_paths = {folder + "/rules"};
  options_.list_paths = {folder + "/lists.yaml"};
  Loaded loaded = LoadRuleSet(options_, fields_);
  ASSERT_NE(loaded.rules, nullptr) << Problems(loaded.diagnostics);
  EXPECT_EQ(loaded.rules->rules()[0].id, "web-chain") << "files by name";
  EXPECT_EQ(loaded.rules->rules()[1].id, "shell");

  options_.allowlist_paths = {folder + "/allow"};
  loaded = LoadRuleSet(options_, fields_);
  EXPECT_EQ(loaded.rules, nullptr);
  EXPECT_EQ(loaded.diagnostics[0].ToString(), folder + "/allow: error: no such file or folder");
}

}  // namespace
}  // namespace sequitur::rules
