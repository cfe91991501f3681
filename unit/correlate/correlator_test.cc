#include "correlate/correlator.h"

#include "absl/strings/str_cat.h"
#include "correlate/stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::correlate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kTwo[] =
    R"(sequence by k with maxspan=10s [event where s == "A"] [event where s == "B"])";
constexpr char kThree[] =
    R"(sequence by k with maxspan=10s
         [event where s == "A"] [event where s == "B"] [event where s == "C"])";

TEST(Correlator, AlertsWithTheLastPieceWhateverPieceThatIs) {
  for (const std::vector<int>& order :
       {std::vector<int>{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}) {
    const TestEvent events[] = {{"A", 1, {"x"}}, {"B", 2, {"x"}}, {"C", 3, {"x"}}};
    Stream stream(kThree);
    EXPECT_THAT(stream.Push(events[order[0]], order[0]), IsEmpty());
    EXPECT_THAT(stream.Push(events[order[1]], order[1]), IsEmpty());
    EXPECT_THAT(stream.Push(events[order[2]], order[2]), ElementsAre(Sequence{0, 1, 2}));
    EXPECT_THAT(stream.Finish(), IsEmpty());
  }
}

TEST(Correlator, NewestStartWins) {
  Stream stream(kTwo);
  stream.Push({"A", 1, {"x"}});
  stream.Push({"A", 2, {"x"}});
  EXPECT_THAT(stream.Push({"B", 3, {"x"}}), ElementsAre(Sequence{1, 2}));
  EXPECT_THAT(stream.Push({"B", 4, {"x"}}), IsEmpty());
}

TEST(Correlator, MaxspanIsInclusive) {
  Stream stream(kTwo);
  stream.Push({"A", 0, {"x"}});
  EXPECT_THAT(stream.Push({"B", 10, {"x"}}), ElementsAre(Sequence{0, 1}));
  stream.Push({"A", 20, {"x"}});
  EXPECT_THAT(stream.Push({"B", 30.001, {"x"}}), IsEmpty());
}

TEST(Correlator, KeysAndHostsStayApart) {
  Stream stream(kTwo);
  stream.Push({"A", 1, {"x"}});
  EXPECT_THAT(stream.Push({"B", 2, {"y"}}), IsEmpty());
  EXPECT_THAT(stream.Push({"B", 2, {"x"}, /*host=*/2}), IsEmpty());
  EXPECT_THAT(stream.Push({"B", 2, {}}), IsEmpty());
  EXPECT_THAT(stream.Push({"B", 3, {"y", "x"}}), ElementsAre(Sequence{0, 4}));
}

TEST(Correlator, UntilWaitsUntilNothingEarlierCanArrive) {
  const std::string query = absl::StrCat(kTwo, R"( until [event where s == "U"])");
  Options options;
  options.lateness = 5 * event::kSecond;
  {
    Stream stream(query, options);
    stream.Push({"A", 1, {"x"}});
    EXPECT_THAT(stream.Push({"B", 3, {"x"}}), IsEmpty());
    EXPECT_THAT(stream.Push({"U", 2, {"x"}}), IsEmpty());  // late, and in between
    EXPECT_THAT(stream.Finish(), IsEmpty());
  }
  Stream stream(query, options);
  stream.Push({"A", 1, {"x"}});
  stream.Push({"B", 3, {"x"}});
  EXPECT_THAT(stream.Push({"Z", 7, {"q"}}), IsEmpty());
  EXPECT_THAT(stream.Push({"Z", 12, {"q"}}), ElementsAre(Sequence{0, 1}));
}

TEST(Correlator, TrailingAbsenceIsDecidedByTimeNotByThePoll) {
  Options options;
  options.lateness = 5 * event::kSecond;
  const std::string query =
      R"(sequence by k with maxspan=10s [event where s == "A"] ![event where s == "B"])";
  Stream stream(query, options);
  stream.Push({"A", 0, {"x"}});
  EXPECT_THAT(stream.Push({"Z", 14, {"x"}}), IsEmpty());
  EXPECT_THAT(stream.Push({"B", 10, {"x"}}), IsEmpty());  // exactly maxspan: rejects
  EXPECT_THAT(stream.Push({"Z", 40, {"x"}}), IsEmpty());
  stream.Push({"A", 50, {"x"}});
  EXPECT_THAT(stream.Push({"Z", 80, {"x"}}), ElementsAre(Sequence{4, -1}));
}

TEST(Correlator, OneHostsClockDoesNotExpireAnothers) {
  Options options;
  options.lateness = event::kSecond;
  Stream stream(kTwo, options);
  stream.Push({"A", 1, {"x"}, /*host=*/1});
  for (int i = 0; i < 10; ++i) stream.Push({"Z", 1e6 + i, {"x"}, /*host=*/2});
  EXPECT_THAT(stream.Push({"B", 2, {"x"}, /*host=*/1}), ElementsAre(Sequence{0, 11}));
}

TEST(Correlator, OneBrokenTimestampExpiresNothing) {
  Options options;
  options.lateness = event::kSecond;
  Stream stream(kTwo, options);
  stream.Push({"A", 1, {"x"}});
  stream.Push({"Z", 1e8, {"x"}});
  EXPECT_EQ(stream.correlator().stats().clock_outliers, 1u);
  EXPECT_THAT(stream.Push({"B", 2, {"x"}}), ElementsAre(Sequence{0, 2}));
}

TEST(Correlator, TheSameRecordTwiceIsOneHit) {
  Stream stream(R"(sequence by k with maxspan=10s [event where s == "A"] with runs=2)");
  stream.Push({"A", 1, {"x"}, 1, 7, /*identity=*/42}, 0);
  EXPECT_THAT(stream.Push({"A", 1, {"x"}, 1, 7, /*identity=*/42}, 5), IsEmpty());
  EXPECT_THAT(stream.Push({"A", 1, {"x"}, 1, 7, /*identity=*/0}, 0), IsEmpty());
  EXPECT_EQ(stream.correlator().stats().rules[0].duplicate_hits, 2u);
  EXPECT_THAT(stream.Push({"A", 2, {"x"}}, 6), ElementsAre(Sequence{0, 6}));
}

TEST(Correlator, AFullKeyKeepsDetecting) {
  Options options;
  options.limits.key.max_hits = 16;
  Stream stream(kTwo, options);
  for (int i = 0; i < 1000; ++i) stream.Push({"A", i * 0.001, {"x"}});
  const auto& stats = stream.correlator().stats().rules[0];
  EXPECT_GT(stats.evicted[static_cast<size_t>(EvictReason::kKeyCap)], 900u);
  EXPECT_THAT(stream.Push({"B", 2, {"x"}}), ElementsAre(Sequence{999, 1000}));
}

TEST(Correlator, AFullKeyTakesEachEventWhole) {
  Options options;
  options.limits.key.max_hits = 2;
  Stream stream(
      R"(sequence by k [event where s == "A"] [event where s : "a"]
           [event where s like "A"] [event where s in ("A", "B")])",
      options);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(stream.Push({"A", 1.0 * i, {"x"}}), IsEmpty());
  for (int i = 3; i < 20; ++i) {
    EXPECT_THAT(stream.Push({"A", 1.0 * i, {"x"}}), ElementsAre(Sequence{i - 3, i - 2, i - 1, i}));
  }
}

TEST(Correlator, AFloodOnOneHostLeavesAnothersChainIntact) {
  Options options;
  options.limits.memory = 256 << 10;
  Stream stream(kThree, options);
  stream.Push({"A", 1, {"victim"}, /*host=*/1});
  stream.Push({"B", 2, {"victim"}, /*host=*/1});
  for (int i = 0; i < 20000; ++i) {
    stream.Push({i % 2 == 0 ? "A" : "B", 1 + i * 0.0001, {absl::StrCat("k", i / 2)}, /*host=*/2});
    ASSERT_LE(stream.correlator().stats().bytes, options.limits.memory);
  }
  const auto& stats = stream.correlator().stats().rules[0];
  EXPECT_GT(stats.evicted[static_cast<size_t>(EvictReason::kHostShare)], 0u);
  EXPECT_GT(stats.evicted_advanced[static_cast<size_t>(EvictReason::kHostShare)], 0u);
  EXPECT_THAT(stream.Push({"C", 3, {"victim"}, /*host=*/1}).size(), 1u);
}

TEST(Correlator, ManyFloodedHostsPayBeforeASmallOne) {
  Options options;
  options.limits.memory = 256 << 10;
  Stream stream(kThree, options);
  stream.Push({"A", 1, {"victim"}, /*host=*/1});
  for (int i = 0; i < 20000; ++i) {
    stream.Push(
        {"A", 1 + i * 0.0001, {absl::StrCat("k", i)}, static_cast<event::HostId>(2 + i % 8)});
    ASSERT_LE(stream.correlator().stats().bytes, options.limits.memory);
  }
  stream.Push({"B", 2, {"victim"}, /*host=*/1});
  EXPECT_THAT(stream.Push({"C", 3, {"victim"}, /*host=*/1}).size(), 1u);
}

TEST(Correlator, StateIsEmptyAfterEverythingExpired) {
  Options options;
  options.lateness = 5 * event::kSecond;
  for (const std::string& query :
       {std::string(kThree), absl::StrCat(kThree, R"( until [event where s == "U"])"),
        std::string(R"(sequence by k with maxspan=10s ![event where s == "U"]
                       [event where s == "A"] [event where s == "B"] ![event where s == "C"])")}) {
    Stream stream(query, options);
    for (int i = 0; i < 300; ++i) {
      stream.Push({std::string(1, "ABCU"[i % 4]), i * 0.1, {absl::StrCat("k", i % 7)}});
    }
    EXPECT_GT(stream.correlator().stats().bytes, 0);
    stream.Push({"Z", 100, {"k"}});
    EXPECT_EQ(stream.correlator().stats().bytes, 0) << query;
    EXPECT_EQ(stream.correlator().stats().keys, 0u) << query;
  }
}

TEST(Correlator, MergedHostsContinueOneChain) {
  Stream stream(kThree);
  stream.Push({"A", 1, {"x"}, /*host=*/1});
  stream.Push({"B", 2, {"x"}, /*host=*/2});
  std::vector<Match> matches;
  stream.correlator().MergeHosts(/*from=*/2, /*into=*/1, matches);
  EXPECT_THAT(matches, IsEmpty());
  EXPECT_THAT(stream.Push({"C", 3, {"x"}, /*host=*/1}), ElementsAre(Sequence{0, 1, 2}));
}

TEST(Correlator, SlackLetsAnEffectPrecedeItsRecord) {
  Stream without(kTwo);
  without.Push({"B", 1, {"x"}});
  EXPECT_THAT(without.Push({"A", 3, {"x"}}), IsEmpty());
  Stream with(kTwo, {}, /*order_slack=*/2500 * event::kMillisecond);
  with.Push({"B", 1, {"x"}});
  EXPECT_THAT(with.Push({"A", 3, {"x"}}), ElementsAre(Sequence{1, 0}));
  with.Push({"B", 10, {"x"}});
  EXPECT_THAT(with.Push({"A", 13, {"x"}}), IsEmpty());
}

TEST(Correlator, WithSlackOneEventStillFillsOneStage) {
  const std::string query =
      R"(sequence by k with maxspan=60s [event where s in ("A", "AB")] [event where s in ("AB", "B")])";
  Stream alone(query, {}, 30 * event::kSecond);
  EXPECT_THAT(alone.Push({"AB", 1, {"x"}}), IsEmpty());
  EXPECT_THAT(alone.Finish(), IsEmpty());
  // The start before it is not hidden by the start that it is itself.
  Stream two(query, {}, 30 * event::kSecond);
  two.Push({"A", 1, {"x"}});
  EXPECT_THAT(two.Push({"AB", 2, {"x"}}), ElementsAre(Sequence{0, 1}));
}

// The second attack's B comes before its A, and in effective order before the
// first attack's C: that C is spent and must not spend the second chain, too.
TEST(Correlator, APublishedHitDoesNotUseUpAnotherChain) {
  Stream stream(kThree, {}, /*order_slack=*/5 * event::kSecond);
  stream.Push({"A", 1, {"x"}});
  stream.Push({"B", 2, {"x"}});
  EXPECT_THAT(stream.Push({"C", 3, {"x"}}), ElementsAre(Sequence{0, 1, 2}));
  stream.Push({"B", 6, {"x"}});
  stream.Push({"A", 7.5, {"x"}});
  EXPECT_THAT(stream.Push({"C", 8, {"x"}}), ElementsAre(Sequence{4, 3, 5}));
}

TEST(Correlator, EventQueriesMatchOncePerRecord) {
  Stream stream(R"(event where s == "A")");
  EXPECT_THAT(stream.Push({"A", 1, {}}, 3), ElementsAre(Sequence{3}));
  EXPECT_THAT(stream.Push({"A", 1, {}}, 3), IsEmpty());
  EXPECT_THAT(stream.Push({"A", 1, {}}, 4), ElementsAre(Sequence{4}));
}

TEST(Correlator, IdleHostsAreDecidedAndForgotten) {
  Stream stream(R"(sequence by k with maxspan=10s [event where s == "A"] ![event where s == "B"])");
  event::Event unused(stream.rules().projection());
  stream.Push({"A", 1, {"x"}});
  std::vector<Match> matches;
  stream.correlator().SweepIdle(1e15, matches);
  EXPECT_THAT(matches, IsEmpty());  // came without a record time: not from a bus
}

}  // namespace
}  // namespace sequitur::correlate
