#include "correlate/adoption.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "correlate/stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::correlate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Fate = Adoption::Fate;

constexpr auto kRuleChanged = static_cast<size_t>(EvictReason::kRuleChanged);

std::string Three(int maxspan_seconds) {
  return absl::StrCat("sequence by k with maxspan=", maxspan_seconds,
                      R"(s [event where s == "A"] [event where s == "B"] [event where s == "C"])");
}
constexpr char kOther[] = R"(sequence by k [event where s == "C"] [event where s == "D"])";
constexpr char kAbsent[] =
    R"(sequence by k with maxspan=%ds [event where s == "A"] ![event where s == "B"])";

TEST(Adoption, ARuleThatStaysGoesOnUnderAnyNumber) {
  Stream stream({{"chain", Three(10)}, {"other", kOther}}, {});
  stream.Push({"A", 1, {"x"}});
  stream.Push({"B", 2, {"x"}});
  EXPECT_THAT(stream.Adopt({{"new", kOther}, {"chain", Three(10)}}), IsEmpty());
  EXPECT_THAT(stream.adoption().rules, ElementsAre(Fate::kNew, Fate::kKept));
  ASSERT_THAT(stream.adoption().gone, SizeIs(1));
  EXPECT_EQ(stream.adoption().gone[0].id, "other");
  EXPECT_THAT(stream.Push({"C", 3, {"x"}}), ElementsAre(Sequence{0, 1, 2}));
  const RuleStats& stats = stream.correlator().stats().rules[1];
  EXPECT_EQ(stats.matches, 1u);
  EXPECT_THAT(stats.stage_hits, ElementsAre(1, 1, 1));
  EXPECT_EQ(stats.evicted[kRuleChanged], 0u);
}

TEST(Adoption, OtherStagesBeginEmptyAndTheLossIsCounted) {
  Stream stream({{"chain", Three(10)}, {"other", kOther}}, {});
  stream.Push({"A", 1, {"x"}});
  stream.Push({"C", 2, {"x"}});
  stream.Adopt({{"chain", R"(sequence by k [event where s == "B"] [event where s == "D"])"}});
  EXPECT_THAT(stream.adoption().rules, ElementsAre(Fate::kReplaced));
  EXPECT_EQ(stream.correlator().stats().rules[0].evicted[kRuleChanged], 2u);
  ASSERT_THAT(stream.adoption().gone, SizeIs(1));
  EXPECT_EQ(stream.adoption().gone[0].stats.evicted[kRuleChanged], 1u);
  EXPECT_EQ(stream.correlator().stats().bytes, 0);
  EXPECT_EQ(stream.correlator().stats().keys, 0u);
  EXPECT_THAT(stream.Push({"D", 3, {"x"}}), IsEmpty());
}

TEST(Adoption, AWiderWindowBringsOutWhatWasTooLong) {
  Stream stream({{"chain", Three(10)}}, {});
  stream.Push({"A", 0, {"x"}});
  stream.Push({"B", 8, {"x"}});
  EXPECT_THAT(stream.Push({"C", 12, {"x"}}), IsEmpty());
  EXPECT_THAT(stream.Adopt({{"chain", Three(20)}}), ElementsAre(Sequence{0, 1, 2}));
  EXPECT_THAT(stream.adoption().rules, ElementsAre(Fate::kRewindowed));
  EXPECT_THAT(stream.Adopt({{"chain", Three(10)}}), IsEmpty());
  EXPECT_THAT(stream.Adopt({{"chain", Three(20)}}), IsEmpty());
  EXPECT_EQ(stream.correlator().stats().rules[0].matches, 1u);
}

TEST(Adoption, ANarrowerWindowHoldsForWhatIsPending) {
  Stream stream({{"chain", Three(20)}}, {});
  stream.Push({"A", 0, {"x"}});
  stream.Push({"B", 8, {"x"}});
  EXPECT_THAT(stream.Adopt({{"chain", Three(10)}}), IsEmpty());
  EXPECT_THAT(stream.Push({"C", 12, {"x"}}), IsEmpty());
}

TEST(Adoption, WhatHasMatchedDoesNotMatchAgain) {
  Stream stream({{"chain", Three(10)}, {"single", R"(event where s == "A")"}}, {});
  stream.Push({"A", 1, {"x"}}, 0);
  stream.Push({"B", 2, {"x"}}, 1);
  EXPECT_THAT(stream.Push({"C", 3, {"x"}}, 2), ElementsAre(Sequence{0, 1, 2}));
  EXPECT_THAT(stream.Adopt({{"single", R"(event where s == "A")"}, {"chain", Three(15)}}),
              IsEmpty());
  EXPECT_THAT(stream.Push({"A", 1, {"x"}}, 0), IsEmpty());
  EXPECT_THAT(stream.Push({"C", 3, {"x"}}, 2), IsEmpty());
}

TEST(Adoption, SlackAloneIsAWindowToo) {
  Stream stream({{"chain", Three(10)}}, {});
  stream.Push({"A", 1, {"x"}});
  stream.Push({"C", 2, {"x"}});
  EXPECT_THAT(stream.Push({"B", 3, {"x"}}), IsEmpty());
  EXPECT_THAT(stream.Adopt({{"chain", Three(10), 2 * event::kSecond}}),
              ElementsAre(Sequence{0, 2, 1}));
}

TEST(Adoption, WhatWaitsForAMissingEventGoesOnWaiting) {
  Options options;
  options.lateness = event::kSecond;
  Stream stream({{"gap", absl::StrFormat(kAbsent, 10)}}, options);
  stream.Push({"A", 0, {"x"}});
  stream.Push({"Z", 5, {"x"}});  // A is final and waits
  EXPECT_THAT(stream.Adopt({{"gap", absl::StrFormat(kAbsent, 20)}}), IsEmpty());
  EXPECT_THAT(stream.Push({"Z", 14, {"x"}}), IsEmpty());
  EXPECT_THAT(stream.Adopt({{"gap", absl::StrFormat(kAbsent, 12)}}), ElementsAre(Sequence{0, -1}));
}

TEST(Adoption, HeldCountsMoveWithTheRule) {
  Stream stream({{"chain", Three(10)}, {"other", kOther}}, {});
  stream.Push({"A", 1, {"x"}});
  stream.Push({"B", 2, {"x"}});
  stream.Push({"C", 3, {"y"}});
  const Held chain = stream.correlator().stats().rules[0].held;
  const Held other = stream.correlator().stats().rules[1].held;
  EXPECT_EQ(chain.keys, 2u);
  EXPECT_EQ(chain.hits, 3u);
  EXPECT_EQ(other.hits, 1u);
  EXPECT_GT(chain.bytes, other.bytes);
  const int64_t bytes = stream.correlator().stats().bytes;
  stream.Adopt({{"other", kOther}, {"chain", Three(10)}});
  EXPECT_EQ(stream.correlator().stats().rules[1].held, chain);
  EXPECT_EQ(stream.correlator().stats().rules[0].held, other);
  EXPECT_EQ(stream.correlator().stats().bytes, bytes);
  stream.Finish();
  EXPECT_EQ(stream.correlator().stats().rules[0].held, Held());
  EXPECT_EQ(stream.correlator().stats().rules[1].held, Held());
  EXPECT_EQ(stream.correlator().stats().bytes, 0);
}

}  // namespace
}  // namespace sequitur::correlate
