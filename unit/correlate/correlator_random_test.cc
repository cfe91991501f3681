// Random rules over random streams, against the slow reference. Seeds are
// fixed; SEQUITUR_SEED runs another one, SEQUITUR_ROUNDS more of them.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "correlate/correlator.h"
#include "correlate/reference_matcher.h"
#include "correlate/stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::correlate {
namespace {

uint64_t EnvOr(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  int Below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool OneIn(int n) { return Below(n) == 0; }
  std::mt19937_64& random() { return random_; }

 private:
  std::mt19937_64 random_;
};

struct Shape {
  bool waits = false;  // until and missing stages
  bool linked = false;
};

std::string Condition(Dice& dice) {
  std::vector<std::string> letters;
  for (char c = 'A'; c <= 'D'; ++c) {
    if (dice.OneIn(3)) letters.push_back(absl::StrCat("\"", std::string(1, c), "\""));
  }
  if (letters.empty()) letters.push_back("\"A\"");
  return absl::StrCat("event where s in (", absl::StrJoin(letters, ", "), ")");
}

std::vector<std::string> RandomTies(Dice& dice) {
  constexpr const char* kTies[] = {"ll", "mm", "lm", "ml", "llm", "mml"};
  std::vector<std::string> ties;
  for (int i = dice.Below(3); i > 0; --i) ties.push_back(kTies[dice.Below(6)]);
  return ties;
}

// Between steps that have events; `steps` are their numbers.
std::vector<TestLink> RandomLinks(Dice& dice, const std::vector<int>& steps) {
  std::vector<TestLink> links;
  for (int i = 1 + dice.Below(3); i > 0; --i) {
    const int later = 1 + dice.Below(static_cast<int>(steps.size()) - 1);
    TestLink link{steps[dice.Below(later)], steps[later], RandomTies(dice), RandomTies(dice)};
    if (link.by.empty() && link.prefer.empty()) link.by = {"ll"};
    links.push_back(link);
  }
  return links;
}

TestRule RandomRule(Dice& dice, Shape shape) {
  const bool keyed = !dice.OneIn(4);
  const std::string maxspan = absl::StrCat("maxspan=", 1 + dice.Below(12), "s");
  const bool missing = shape.waits && !dice.OneIn(3);
  const bool until = shape.waits && (!missing || dice.OneIn(2));
  std::vector<int> steps;
  int step = 0;
  std::string rule = "sequence";
  if (keyed) absl::StrAppend(&rule, " by ", dice.OneIn(4) ? "?k" : "k");
  if (missing || !dice.OneIn(4)) absl::StrAppend(&rule, " with ", maxspan);
  const int stages = 2 + dice.Below(3);
  for (int i = 0; i < stages; ++i) {
    if (missing && dice.OneIn(3)) {
      absl::StrAppend(&rule, " ![", Condition(dice), "]");
      ++step;
    }
    absl::StrAppend(&rule, " [", Condition(dice), "]");
    steps.push_back(++step);
    if (dice.OneIn(6)) absl::StrAppend(&rule, " with runs=", 2 + dice.Below(2));
  }
  if (missing) absl::StrAppend(&rule, " ![", Condition(dice), "]");
  if (until) absl::StrAppend(&rule, " until [", Condition(dice), "]");
  TestRule out{"test", rule};
  if (shape.linked) out.links = RandomLinks(dice, steps);
  return out;
}

std::vector<TestEvent> RandomStream(Dice& dice) {
  std::vector<TestEvent> events;
  double at = 100;
  const int count = 3 + dice.Below(dice.OneIn(10) ? 300 : 30);
  for (int i = 0; i < count; ++i) {
    at += dice.Below(4) * 0.5;
    TestEvent event{std::string(1, static_cast<char>('A' + dice.Below(5))), at, {}};
    if (!dice.OneIn(8)) event.keys.push_back(absl::StrCat(dice.Below(2)));
    if (dice.OneIn(10)) event.keys = {"0", "1"};
    if (dice.OneIn(2)) event.sequence = i;
    if (!dice.OneIn(4)) event.l = absl::StrCat(dice.Below(3));
    if (!dice.OneIn(4)) event.m = absl::StrCat(dice.Below(3));
    events.push_back(event);
  }
  return events;
}

// Indices of the events in the order of the engine: time, sequence, position.
std::vector<int> InOrder(const std::vector<TestEvent>& events) {
  std::vector<int> order(events.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    return std::make_tuple(events[a].at, events[a].sequence, a) <
           std::make_tuple(events[b].at, events[b].sequence, b);
  });
  return order;
}

std::vector<Sequence> Reference(Stream& stream, const std::vector<TestEvent>& events,
                                const std::vector<int>& order) {
  std::vector<event::SnapshotRef> ordered;
  for (int index : order) ordered.push_back(stream.Snapshot(events[index], index));
  ReferenceOptions options;
  options.order_slack = stream.rule().order_slack;
  options.links = stream.rule().links;
  std::vector<Sequence> sequences = ReferenceMatch(stream.query(), stream.rules().program(),
                                                   stream.rules().projection(), ordered, options);
  for (Sequence& sequence : sequences) {
    for (int& index : sequence) {
      if (index >= 0) index = order[index];
    }
  }
  return sequences;
}

std::vector<Sequence> Feed(Stream& stream, const std::vector<TestEvent>& events,
                           const std::vector<int>& arrival) {
  std::vector<Sequence> all;
  for (int index : arrival) {
    const auto found = stream.Push(events[index], index);
    all.insert(all.end(), found.begin(), found.end());
  }
  const auto rest = stream.Finish();
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

// Every sequence of the reference shares a hit with one found, and no hit is in two.
void ExpectNoneLostAndNoHitTwice(const std::vector<TestEvent>& events,
                                 const std::vector<Sequence>& found,
                                 const std::vector<Sequence>& reference) {
  // With list-valued keys one event acts for several keys: hits are shared.
  std::map<std::pair<size_t, int>, int> uses;
  for (const Sequence& sequence : found) {
    for (size_t stage = 0; stage < sequence.size(); ++stage) ++uses[{stage, sequence[stage]}];
  }
  for (const auto& [hit, count] : uses) {
    EXPECT_LE(count, static_cast<int>(std::max<size_t>(1, events[hit.second].keys.size())));
  }
  for (const Sequence& sequence : reference) {
    bool shares = false;
    for (size_t stage = 0; stage < sequence.size(); ++stage) {
      shares = shares || uses.contains({stage, sequence[stage]});
    }
    EXPECT_TRUE(shares) << absl::StrJoin(sequence, ",");
  }
}

std::string Show(const std::vector<TestEvent>& events) {
  std::string out;
  for (size_t i = 0; i < events.size(); ++i) {
    absl::StrAppend(&out, i, ":", events[i].letter, "@", events[i].at, "(",
                    absl::StrJoin(events[i].keys, ","), events[i].l.empty() ? "" : " l",
                    events[i].l, events[i].m.empty() ? "" : " m", events[i].m, ") ");
  }
  return out;
}

constexpr uint64_t kSeeds = 400;

std::string Show(const TestRule& rule) {
  std::string out = rule.query;
  for (const TestLink& link : rule.links) {
    absl::StrAppend(&out, " link ", link.earlier, "-", link.later, " by ",
                    absl::StrJoin(link.by, ","), " prefer ", absl::StrJoin(link.prefer, ","));
  }
  return out;
}

class RandomStreams : public ::testing::TestWithParam<Shape> {
 protected:
  template <typename Check>
  void ForEachSeed(Check check) {
    const Shape shape = GetParam();
    const uint64_t base = EnvOr("SEQUITUR_SEED", 1);
    for (uint64_t seed = base; seed < base + EnvOr("SEQUITUR_ROUNDS", kSeeds); ++seed) {
      Dice dice(seed * 2654435761 + (shape.waits ? 1 : 0) + (shape.linked ? 2 : 0));
      const TestRule rule = RandomRule(dice, shape);
      const std::vector<TestEvent> events = RandomStream(dice);
      SCOPED_TRACE(absl::StrCat("seed ", seed, ": ", Show(rule), "\n", Show(events)));
      check(dice, rule, events);
      if (HasFailure()) return;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Rules, RandomStreams,
                         ::testing::Values(Shape{false, false}, Shape{true, false},
                                           Shape{false, true}, Shape{true, true}),
                         [](const auto& info) {
                           return absl::StrCat(info.param.waits ? "thatWait" : "thatDoNot",
                                               info.param.linked ? "linked" : "");
                         });

TEST_P(RandomStreams, OrderedInputGivesExactlyTheReferencesSequences) {
  ForEachSeed([](Dice& dice, const TestRule& rule, const std::vector<TestEvent>& events) {
    Options options;
    options.lateness = dice.Below(8) * event::kSecond;
    Stream stream({rule}, options);
    const auto order = InOrder(events);
    EXPECT_THAT(Feed(stream, events, order),
                ::testing::UnorderedElementsAreArray(Reference(stream, events, order)));
  });
}

TEST_P(RandomStreams, OrderedInputSurvivesFullKeys) {
  ForEachSeed([](Dice& dice, const TestRule& rule, const std::vector<TestEvent>& events) {
    if (dice.OneIn(2) || rule.query.find("![") != rule.query.npos) return;
    Options options;
    options.limits.key.max_hits = 2 + dice.Below(8);
    Stream stream({rule}, options);
    const auto order = InOrder(events);
    EXPECT_THAT(Feed(stream, events, order),
                ::testing::UnorderedElementsAreArray(Reference(stream, events, order)));
  });
}

TEST_P(RandomStreams, AnyArrivalOrderWithinLatenessLosesNoChainAndInventsNone) {
  ForEachSeed([](Dice& dice, const TestRule& rule, const std::vector<TestEvent>& events) {
    Options options;
    options.lateness = 100'000 * event::kSecond;
    Stream stream({rule}, options);
    const auto order = InOrder(events);
    const auto reference = Reference(stream, events, order);
    std::vector<int> arrival = order;
    std::shuffle(arrival.begin(), arrival.end(), dice.random());
    const auto found = Feed(stream, events, arrival);
    if (GetParam().waits) {
      EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(reference));
      return;
    }
    ExpectNoneLostAndNoHitTwice(events, found, reference);
    // A chain is valid if its events alone, in order, are a sequence.
    for (const Sequence& sequence : found) {
      std::vector<int> alone;
      for (int index : order) {
        if (std::find(sequence.begin(), sequence.end(), index) != sequence.end()) {
          alone.push_back(index);
        }
      }
      EXPECT_THAT(Reference(stream, events, alone), ::testing::Contains(sequence));
    }
  });
}

std::vector<TestRule> WithOthers(Dice& dice, const TestRule& rule) {
  std::vector<TestRule> rules = {rule};
  for (int i = dice.Below(3); i > 0; --i) {
    rules.push_back(RandomRule(dice, {dice.OneIn(2), dice.OneIn(2)}));
    rules.back().id = absl::StrCat("other", i);
  }
  std::shuffle(rules.begin(), rules.end(), dice.random());
  return rules;
}

TEST_P(RandomStreams, AdoptingOtherRulesChangesNothingForOneThatStays) {
  ForEachSeed([](Dice& dice, const TestRule& rule, const std::vector<TestEvent>& events) {
    Options options;
    options.lateness = dice.Below(30) * event::kSecond;
    if (dice.OneIn(4)) options.limits.key.max_hits = 2 + dice.Below(8);
    TestRule same = rule;
    same.id = "same";
    if (dice.OneIn(3)) same.order_slack = 2 * event::kSecond;
    Stream still({same}, options);
    Stream changing(WithOthers(dice, same), options);
    std::vector<int> arrival = InOrder(events);
    for (size_t i = 0; i + 4 < arrival.size(); ++i) {
      std::swap(arrival[i], arrival[i + dice.Below(4)]);
    }
    for (const int index : arrival) {
      still.Push(events[index], index);
      changing.Push(events[index], index);
      if (dice.OneIn(5)) changing.Adopt(WithOthers(dice, same));
    }
    still.Finish();
    changing.Finish();
    EXPECT_EQ(changing.found("same"), still.found("same"));
    EXPECT_EQ(changing.correlator().stats().bytes, 0);
    for (const RuleStats& stats : changing.correlator().stats().rules) {
      EXPECT_EQ(stats.held, Held());
    }
  });
}

TestRule WithMaxspan(TestRule rule, int seconds) {
  const size_t at = rule.query.find("maxspan=") + 8;
  rule.query.replace(at, rule.query.find('s', at) - at, absl::StrCat(seconds));
  return rule;
}

// Nothing is final, so a wider window sees all that it would have seen.
TEST_P(RandomStreams, AnotherWindowLosesNoChainAndPublishesNoHitTwice) {
  ForEachSeed([](Dice& dice, const TestRule& rule, const std::vector<TestEvent>& events) {
    if (rule.query.find("maxspan") == rule.query.npos) return;
    Options options;
    options.lateness = 100'000 * event::kSecond;
    const TestRule after = WithMaxspan(rule, 1 + dice.Below(20));
    const auto order = InOrder(events);
    Stream stream({rule}, options);
    Stream reference_stream({after}, options);
    const auto reference = Reference(reference_stream, events, order);
    const int at = dice.Below(static_cast<int>(events.size()));
    for (size_t i = 0; i < order.size(); ++i) {
      if (static_cast<int>(i) == at) stream.Adopt({after});
      stream.Push(events[order[i]], order[i]);
    }
    stream.Finish();
    EXPECT_EQ(stream.correlator().stats().bytes, 0);
    const auto& found = stream.found("test");
    if (GetParam().waits) {
      EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(reference));
      return;
    }
    ExpectNoneLostAndNoHitTwice(events, found, reference);
  });
}

TEST(CorrelatorMemory, CapsHoldUnderAnyInput) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Dice dice(seed);
    Options options;
    options.lateness = dice.Below(20) * event::kSecond;
    options.limits.memory = (16 + dice.Below(64)) << 10;
    options.limits.host_share = 0.1 + 0.1 * dice.Below(9);
    options.limits.key.max_hits = 2 + dice.Below(60);
    Stream stream({RandomRule(dice, {dice.OneIn(2), dice.OneIn(2)})}, options);
    for (int i = 0; i < 3000; ++i) {
      stream.Push({std::string(1, static_cast<char>('A' + dice.Below(5))),
                   100.0 + dice.Below(200) + i * 0.01,
                   {absl::StrCat(dice.Below(500))},
                   static_cast<event::HostId>(dice.Below(5))});
      ASSERT_LE(stream.correlator().stats().bytes, options.limits.memory);
    }
    stream.Finish();
    EXPECT_EQ(stream.correlator().stats().bytes, 0);
  }
}

}  // namespace
}  // namespace sequitur::correlate
