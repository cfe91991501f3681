#include "rules/stage_index.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rules/rule_set.h"

namespace sequitur::rules {
namespace {

using event::Event;
using event::FieldId;
using event::Value;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<std::string>* NoLists(absl::string_view) { return nullptr; }

// A RuleSet of one event rule per condition: "process where ...".
class SetOfConditions {
 public:
  explicit SetOfConditions(absl::Span<const std::string> queries) {
    eql::Program program(fields_);
    std::vector<Rule> rules;
    for (const std::string& query : queries) {
      auto compiled = program.Compile(query, NoLists);
      if (!compiled.query) {
        ADD_FAILURE() << query << ": "
                      << (compiled.errors.empty() ? "no query" : compiled.errors[0].message);
        continue;
      }
      Rule& rule = rules.emplace_back();
      rule.id = absl::StrCat("rule-", rules.size());
      for (eql::Term& term : compiled.query->terms) rule.stages.push_back({std::move(term), {}});
      if (compiled.query->until) rule.until = Stage{std::move(*compiled.query->until), {}};
    }
    rules_ = std::make_unique<RuleSet>(std::move(rules), std::vector<AllowlistEntry>(),
                                       std::move(program), fields_, absl::Span<const FieldId>());
  }

  const RuleSet& rules() const { return *rules_; }
  FieldId Field(absl::string_view path) { return *fields_.Intern(path); }

 private:
  event::FieldTable fields_;
  std::unique_ptr<RuleSet> rules_;
};

// How many probes the index offers for the event.
size_t CountCandidates(const RuleSet& rules, const Event& event) {
  const StageIndex index(rules.rules(), rules.program());
  CandidateScratch scratch(index);
  size_t offered = 0;
  index.ForEachCandidate(event, scratch, [&](const Probe&) { ++offered; });
  return offered;
}

TEST(StageIndex, OffersOnlyStagesWhoseLiteralTheEventHolds) {
  std::vector<std::string> queries;
  for (int i = 0; i < 1000; ++i) {
    queries.push_back(
        absl::StrCat("process where process.name == \"p", i, "\" and user.id != null"));
  }
  SetOfConditions set(queries);
  Event event(set.rules().projection());
  event.Set(event::field::kEventCategory, Value::String("process"));
  event.Set(event::field::kProcessName, Value::String("p7"));
  EXPECT_EQ(CountCandidates(set.rules(), event), 1u);
  event.Set(event::field::kProcessName, Value::String("other"));
  EXPECT_EQ(CountCandidates(set.rules(), event), 0u);
}

TEST(StageIndex, FindsThePartsOfPatternsWithinAField) {
  std::vector<std::string> queries;
  for (int i = 100; i < 1000; ++i) {
    queries.push_back(absl::StrCat("process where process.command_line like~ (\"*Tool-", i,
                                   "*x\", \"/opt/", i, "/*\") and user.id != null"));
  }
  SetOfConditions set(queries);
  Event event(set.rules().projection());
  event.Set(event::field::kEventCategory, Value::String("process"));
  const auto candidates = [&](absl::string_view line) {
    event.Set(set.Field("process.command_line"), Value::String(line));
    return CountCandidates(set.rules(), event);
  };
  EXPECT_EQ(candidates("sh -c other"), 0u);
  EXPECT_EQ(candidates("sh -c TOOL-107"), 1u);
  EXPECT_EQ(candidates("/opt/200/a tool-300 tool-300"), 2u) << "each once";
}

TEST(StageIndex, LooksElsewhereForWhatCrowdsBehindOneLiteral) {
  std::vector<std::string> queries;
  for (int i = 100; i < 200; ++i) {
    queries.push_back(absl::StrCat(
        "process where process.name == \"bash\" and process.args : \"*script-", i, "*\""));
  }
  SetOfConditions set(queries);
  Event event(set.rules().projection());
  event.Set(event::field::kEventCategory, Value::String("process"));
  event.Set(event::field::kProcessName, Value::String("bash"));
  const Value args[] = {Value::String("bash"), Value::String("/tmp/script-120.sh"), Value::Int(7)};
  event.Set(event::field::kProcessArgs, Value::List(args));
  EXPECT_EQ(CountCandidates(set.rules(), event), 1u);
}

TEST(StageIndex, KnowsAlternativesInSeveralFields) {
  SetOfConditions set(
      {"process where process.name == \"a\" or process.executable == \"/bin/b\" or "
       "process.command_line : \"*long part*\"",
       "process where destination.port == 4444"});
  Event event(set.rules().projection());
  event.Set(event::field::kEventCategory, Value::String("process"));
  const auto candidates = [&](absl::string_view field, Value value) {
    event.Set(set.Field(field), value);
    const size_t count = CountCandidates(set.rules(), event);
    event.Set(set.Field(field), Value());
    return count;
  };
  EXPECT_EQ(candidates("process.name", Value::String("b")), 0u);
  EXPECT_EQ(candidates("process.name", Value::String("a")), 1u);
  EXPECT_EQ(candidates("process.executable", Value::String("/bin/b")), 1u);
  EXPECT_EQ(candidates("process.command_line", Value::String("a LONG PART of it")), 1u);
  EXPECT_EQ(candidates("destination.port", Value::Int(443)), 0u);
  EXPECT_EQ(candidates("destination.port", Value::Int(4444)), 1u);
  EXPECT_EQ(candidates("destination.port", Value::String("04444.0")), 1u);
}

TEST(StageIndex, OffersOnlyStagesOfTheEventsCategories) {
  SetOfConditions set(
      {"process where user.id != null", "file where user.id != null", "any where user.id != null"});
  Event event(set.rules().projection());
  EXPECT_EQ(CountCandidates(set.rules(), event), 1u) << "any";
  event.Set(event::field::kEventCategory, Value::String("file"));
  EXPECT_EQ(CountCandidates(set.rules(), event), 2u);
  event.Set(event::field::kEventCategory, Value::String("File"));
  EXPECT_EQ(CountCandidates(set.rules(), event), 1u) << "categories are case-sensitive";
  const Value both[] = {Value::String("file"), Value::String("process"), Value::String("file")};
  event.Set(event::field::kEventCategory, Value::List(both));
  EXPECT_EQ(CountCandidates(set.rules(), event), 3u) << "each once";
}

TEST(StageIndex, LooksWithinTextOnlyForTheTypesThatConditionsAskFor) {
  SetOfConditions set(
      {"process where event.type == \"start\" and process.command_line like \"*long enough*\"",
       "process where event.type in (\"end\", \"change\") and process.name == \"a\""});
  Event event(set.rules().projection());
  event.Set(event::field::kEventCategory, Value::String("process"));
  event.Set(set.Field("process.command_line"), Value::String("it is long enough"));
  const auto candidates = [&](Value type) {
    event.Set(event::field::kEventType, type);
    return CountCandidates(set.rules(), event);
  };
  EXPECT_EQ(candidates(Value()), 0u);
  EXPECT_EQ(candidates(Value::String("end")), 0u);
  EXPECT_EQ(candidates(Value::String("start")), 1u);
  const Value both[] = {Value::String("end"), Value::String("start")};
  EXPECT_EQ(candidates(Value::List(both)), 1u);
}

TEST(StageIndex, AsksAboutEqualStagesOnce) {
  const std::vector<std::string> queries(
      50,
      "sequence by host.id with maxspan=1m [process where process.name == \"sh\"] "
      "[process where process.name == \"sh\"] until [process where process.name == \"sh\"]");
  SetOfConditions set(queries);
  const StageIndex index(set.rules().rules(), set.rules().program());
  EXPECT_EQ(index.probe_count(), 1u);
  Matcher matcher(set.rules());
  Event event(set.rules().projection());
  event.Set(event::field::kEventCategory, Value::String("process"));
  event.Set(event::field::kProcessName, Value::String("sh"));
  const absl::Span<const Hit> hits = matcher.Match(event);
  ASSERT_EQ(hits.size(), 150u);
  EXPECT_EQ(hits[0], (Hit{0, 0}));
  EXPECT_EQ(hits[1], (Hit{0, 1}));
  EXPECT_EQ(hits[2], (Hit{0, Hit::kUntil}));
  EXPECT_EQ(hits[3], (Hit{1, 0}));
}

TEST(Matcher, FindsLiteralsWithoutCaseWhereTheRuleHasNone) {
  SetOfConditions set({"process where process.name : \"Ärger\"",
                       "process where process.name == \"Ärger\"",
                       "process where user.name in~ (\"k\", \"x\")"});
  Matcher matcher(set.rules());
  const auto match = [&](absl::string_view name) {
    Event event(set.rules().projection());
    event.Set(event::field::kEventCategory, Value::String("process"));
    event.Set(event::field::kProcessName, Value::String(name));
    event.Set(event::field::kUserName, Value::String(name));
    return absl::StrJoin(matcher.Match(event), " ",
                         [](std::string* out, const Hit& hit) { absl::StrAppend(out, hit.rule); });
  };
  EXPECT_EQ(match("Ärger"), "0 1");
  EXPECT_EQ(match("äRGER"), "0");
  EXPECT_EQ(match("\u212A"), "2") << "the Kelvin sign folds to k, and is longer";
  EXPECT_EQ(match(std::string(1 << 16, 'k')), "");
}

// Rules and events of a few words that often meet.
class Sampler {
 public:
  explicit Sampler(uint64_t seed) : random_(seed) {}

  size_t Below(size_t n) { return static_cast<size_t>(random_() % n); }
  template <size_t N>
  absl::string_view OneOf(const absl::string_view (&words)[N]) {
    return words[Below(N)];
  }

  std::string Query() {
    const std::string filter = absl::StrCat(OneOf(kCategories), " where ", Condition(2));
    if (Below(3) > 0) return filter;
    return absl::StrCat("sequence by host.id with maxspan=1m [", filter, "] [", OneOf(kCategories),
                        " where ", Condition(1), "]",
                        Below(2) == 0 ? absl::StrCat(" until [", filter, "]") : "");
  }

  void Fill(Event& event, const event::FieldTable& fields) {
    event.Set(event::field::kEventCategory, AnyValue(event, kCategoryValues));
    for (absl::string_view path : kFields) {
      event.Set(*fields.Find(path), AnyValue(event, kValues));
    }
  }

 private:
  std::string Condition(int depth) {
    switch (depth == 0 ? Below(5) : Below(9)) {
      case 0:
        return absl::StrCat(OneOf(kFields), Below(4) == 0 ? " != " : " == ", Literal());
      case 1:
        return absl::StrCat(OneOf(kFields), Below(2) == 0 ? " in (" : " in~ (", Text(), ", ",
                            Text(), ")");
      case 2:
        return absl::StrCat(OneOf(kFields), " : (", Text(), ", ", Text(), ")");
      case 3:
        return absl::StrCat(OneOf(kFields), Below(2) == 0 ? " like~ " : " like ", Text());
      case 4:
        return absl::StrCat(OneOf(kFields), " != null");
      case 5:
        return absl::StrCat("not (", Condition(depth - 1), ")");
      case 6:
        return absl::StrCat("(", Condition(depth - 1), " or ", Condition(depth - 1), ")");
      default:
        return absl::StrCat("(", Condition(depth - 1), " and ", Condition(depth - 1), ")");
    }
  }

  std::string Text() { return absl::StrCat("\"", OneOf(kValues), "\""); }
  std::string Literal() {
    constexpr absl::string_view kOthers[] = {"0", "1", "1.0", "true"};
    return Below(4) == 0 ? std::string(OneOf(kOthers)) : Text();
  }

  template <size_t N>
  Value AnyValue(Event& event, const absl::string_view (&words)[N]) {
    switch (Below(8)) {
      case 0:
        return Value();
      case 1:
        return Value::Int(static_cast<int64_t>(Below(2)));
      case 2:
        if (Below(2) == 0) return Value::Bool(Below(2) == 0);
        return Value::Double(Below(2) == 0 ? -0.0 : 0.5);
      case 3: {
        Value* elements = event.arena().Allocate<Value>(3);
        for (int i = 0; i < 3; ++i) elements[i] = Value::String(OneOf(words));
        return Value::List({elements, 1 + Below(3)});
      }
      default:
        return Value::String(OneOf(words));
    }
  }

  static constexpr absl::string_view kCategories[] = {"process", "file", "any"};
  static constexpr absl::string_view kCategoryValues[] = {"process", "file", "web", "Process"};
  static constexpr absl::string_view kFields[] = {"process.name", "user.id", "file.path",
                                                  "destination.ip", "event.type"};
  static constexpr absl::string_view kValues[] = {
      "sh",   "SH", "s*",       "zsh-sh",     "*ZSH-s*",   "zsh?sh", "é",
      "É",    "0",  "1",        "01",         "1.0",       "true",   "::1",
      "0::1", "",   "10.0.0.1", "zsh-sh -c ", "*SH-SH -c*"};

  std::mt19937_64 random_;
};

// The same by evaluating every stage of every rule.
std::vector<Hit> MatchAllStages(const RuleSet& rules, const Event& event) {
  eql::Evaluator evaluator(rules.program());
  evaluator.Begin(event);
  const auto matches = [&](const eql::Term& term) {
    bool in_category = term.category.empty();
    for (const Value& category : event.Get(event::field::kEventCategory).elements()) {
      in_category |= category.is_string() && category.string_value() == term.category;
    }
    return in_category && evaluator.Matches(term.condition);
  };
  std::vector<Hit> hits;
  for (uint32_t r = 0; r < rules.rules().size(); ++r) {
    const Rule& rule = rules.rules()[r];
    for (uint16_t s = 0; s < rule.stages.size(); ++s) {
      if (matches(rule.stages[s].term)) hits.push_back({r, s});
    }
    if (rule.until && matches(rule.until->term)) hits.push_back({r, Hit::kUntil});
  }
  return hits;
}

std::string ToString(absl::Span<const Hit> hits) {
  return absl::StrJoin(hits, " ", [](std::string* out, const Hit& hit) {
    absl::StrAppend(out, hit.rule, "/", hit.stage);
  });
}

TEST(Matcher, AgreesWithEvaluatingEveryStage) {
  size_t total = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Sampler sampler(seed);
    std::vector<std::string> queries;
    for (size_t i = 0; i < 1 + sampler.Below(30); ++i) queries.push_back(sampler.Query());
    SetOfConditions set(queries);
    Matcher matcher(set.rules());
    Event event(set.rules().projection());
    for (int i = 0; i < 200; ++i) {
      event.Reset();
      sampler.Fill(event, set.rules().projection().fields());
      const std::vector<Hit> expected = MatchAllStages(set.rules(), event);
      total += expected.size();
      ASSERT_EQ(ToString(matcher.Match(event)), ToString(expected)) << "seed " << seed << "\n"
                                                                    << absl::StrJoin(queries, "\n");
    }
  }
  EXPECT_GT(total, 10'000u) << "the samples should meet";
}

}  // namespace
}  // namespace sequitur::rules
