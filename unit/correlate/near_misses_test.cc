#include "correlate/near_misses.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "correlate/stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::correlate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr char kThree[] =
    R"(sequence by k with maxspan=10s
         [event where s == "A"] [event where s == "B"] [event where s == "C"])";

class NearMissesTest : public ::testing::Test {
 protected:
  // Feeds the real correlator and the analysis, as the engine does.
  RuleMisses Run(Stream& stream, const std::vector<TestEvent>& events) {
    NearMisses misses(stream.shared_rules(), stream.options());
    stream.set_near_misses(&misses);
    for (const TestEvent& event : events) stream.Push(event);
    stream.Finish();
    misses.Finish();
    stream.set_near_misses(nullptr);
    return misses.Report()[0];
  }
  RuleMisses Run(const std::vector<TestEvent>& events, event::TimeNs slack = 0) {
    Stream stream(kThree, {}, slack);
    return Run(stream, events);
  }
};

TEST_F(NearMissesTest, AFoundChainIsNoMiss) {
  const RuleMisses misses = Run({{"A", 1, {"x"}}, {"B", 2, {"x"}}, {"C", 5, {"x"}}});
  EXPECT_EQ(misses.found, 1u);
  EXPECT_EQ(misses.missed, 0u);
  EXPECT_THAT(misses.rows, IsEmpty());
  ASSERT_THAT(misses.gaps, SizeIs(2));
  EXPECT_THAT(misses.gaps[0].counts(), ElementsAre(Pair(event::kSecond, 1)));
  EXPECT_THAT(misses.gaps[1].counts(), ElementsAre(Pair(3 * event::kSecond, 1)));
}

TEST_F(NearMissesTest, SaysAtWhichStepTheWindowWasOverAndByHowMuch) {
  const RuleMisses misses = Run({{"A", 0, {"x"}},
                                 {"B", 2, {"x"}},
                                 {"C", 12.5, {"x"}},  // 2.5 s over, at C
                                 {"A", 100, {"x"}},
                                 {"B", 114, {"x"}},
                                 {"C", 117, {"x"}},  // 7 s over, at B
                                 {"A", 200, {"x"}},
                                 {"B", 201, {"x"}},
                                 {"C", 202, {"x"}}});
  EXPECT_EQ(misses.found, 1u);
  EXPECT_EQ(misses.missed, 2u);
  ASSERT_THAT(misses.rows, SizeIs(2));
  EXPECT_EQ(misses.rows[0].step, 2);
  EXPECT_EQ(misses.rows[0].cause, MissCause::kWindow);
  EXPECT_EQ(misses.rows[0].least, 7 * event::kSecond);
  EXPECT_EQ(misses.rows[1].step, 3);
  EXPECT_EQ(misses.rows[1].most, 2500 * event::kMillisecond);
  EXPECT_THAT(misses.maxspan_needed.counts(),
              ElementsAre(Pair(15 * event::kSecond, 1), Pair(20 * event::kSecond, 1)));
}

TEST_F(NearMissesTest, SaysWhichStepCameTooEarly) {
  const std::vector<TestEvent> events = {{"A", 1, {"x"}}, {"C", 2, {"x"}}, {"B", 5.5, {"x"}}};
  for (const event::TimeNs slack : {event::TimeNs{0}, 2 * event::kSecond}) {
    const RuleMisses misses = Run(events, slack);
    ASSERT_THAT(misses.rows, SizeIs(1));
    EXPECT_EQ(misses.rows[0].step, 3);
    EXPECT_EQ(misses.rows[0].cause, MissCause::kOrder);
    EXPECT_EQ(misses.rows[0].least, 3500 * event::kMillisecond - slack);
    EXPECT_THAT(misses.slack_needed.counts(), ElementsAre(Pair(5 * event::kSecond, 1)));
  }
  EXPECT_EQ(Run(events, 4 * event::kSecond).found, 1u);
}

TEST_F(NearMissesTest, CountsHitsWithoutAKey) {
  const RuleMisses misses = Run({{"A", 1, {"x"}}, {"B", 2, {}}, {"B", 3, {}}, {"C", 4, {"x"}}});
  ASSERT_THAT(misses.rows, SizeIs(1));
  EXPECT_EQ(misses.rows[0].step, 2);
  EXPECT_EQ(misses.rows[0].cause, MissCause::kKeyless);
  EXPECT_EQ(misses.rows[0].count, 2u);
  EXPECT_EQ(misses.missed, 0u);
}

TEST_F(NearMissesTest, NamesTheAllowlistEntryThatHeldAnEventBack) {
  Stream stream({{"test", kThree, 0, /*allowed=*/R"(s == "B" and k == "x")"}}, {});
  const RuleMisses misses = Run(stream, {{"A", 1, {"x"}},
                                         {"B", 2, {"x"}},
                                         {"C", 3, {"x"}},  //
                                         {"A", 1, {"y"}},
                                         {"B", 2, {"y"}},
                                         {"C", 3, {"y"}},  //
                                         {"B", 2, {"x"}}});
  EXPECT_EQ(misses.found, 1u);
  ASSERT_THAT(misses.rows, SizeIs(1));
  EXPECT_EQ(misses.rows[0].step, 2);
  EXPECT_EQ(misses.rows[0].cause, MissCause::kAllowlisted);
  EXPECT_EQ(misses.rows[0].what, 0u);
  EXPECT_EQ(misses.rows[0].count, 1u);
}

TEST_F(NearMissesTest, AChainWhoseBeginningWasGivenUpIsNoMatterOfTheWindow) {
  Options options;
  options.limits.memory = 64 << 10;
  options.limits.host_share = 1;
  Stream stream(kThree, options);
  std::vector<TestEvent> events = {{"A", 1, {"victim"}}};
  for (int i = 0; stream.correlator().stats().rules[0].evicted == RuleStats().evicted; ++i) {
    ASSERT_LT(i, 1000);
    events.push_back({"A", 2, {absl::StrCat(i)}});
    stream.Push(events.back());
  }
  events.push_back({"B", 3, {"victim"}});
  events.push_back({"C", 4, {"victim"}});
  Stream again(kThree, options);
  const RuleMisses misses = Run(again, events);
  EXPECT_EQ(misses.found, 0u);
  ASSERT_THAT(misses.rows, SizeIs(1));
  EXPECT_EQ(misses.rows[0].cause, MissCause::kEvicted);
  EXPECT_THAT(misses.maxspan_needed.counts(), IsEmpty());
}

// What the ladder promises is what another maxspan finds.
TEST_F(NearMissesTest, AWiderWindowFindsWhatWasPromised) {
  std::vector<TestEvent> events;
  for (int i = 0; i < 60; ++i) {
    const double at = i * 200;
    events.push_back({"A", at, {"x"}});
    events.push_back({"B", at + 1 + i % 7, {"x"}});
    events.push_back({"C", at + 2 + i * 1.3, {"x"}});
  }
  const RuleMisses misses = Run(events);
  EXPECT_GT(misses.missed, 0u);
  uint64_t promised = misses.found;
  for (const auto& [maxspan, more] : misses.maxspan_needed.counts()) {
    promised += more;
    Stream wider(absl::StrReplaceAll(
        kThree, {{"maxspan=10s", absl::StrCat("maxspan=", maxspan / event::kSecond, "s")}}));
    for (const TestEvent& event : events) wider.Push(event);
    wider.Finish();
    EXPECT_EQ(wider.found("test").size(), promised) << maxspan / event::kSecond;
  }
  EXPECT_EQ(promised, 60u);
}

TEST(Ladder, RoundsUpToWhatPeopleWrite) {
  EXPECT_EQ(Ladder::RungFor(-5), event::kSecond);
  EXPECT_EQ(Ladder::RungFor(event::kSecond), event::kSecond);
  EXPECT_EQ(Ladder::RungFor(event::kSecond + 1), 2 * event::kSecond);
  EXPECT_EQ(Ladder::RungFor(50 * event::kSecond), 60 * event::kSecond);
  EXPECT_EQ(Ladder::RungFor(140 * event::kSecond), 180 * event::kSecond);
  EXPECT_EQ(Ladder::RungFor(46 * 60 * event::kSecond), 3600 * event::kSecond);
  EXPECT_EQ(Ladder::RungFor(event::kEndOfTime), 30 * 86400 * event::kSecond);
}

}  // namespace
}  // namespace sequitur::correlate
