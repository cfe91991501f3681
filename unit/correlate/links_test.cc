#include "correlate/links.h"

#include "correlate/stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::correlate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TestEvent At(const std::string& letter, double at, const std::string& l,
             const std::string& m = "") {
  TestEvent event{letter, at, {}};
  event.l = l;
  event.m = m;
  return event;
}

const std::string kQuery =
    "sequence with maxspan=1m [event where s == \"A\"] [event where s == \"B\"] "
    "[event where s == \"C\"]";

std::vector<Sequence> Found(std::vector<TestLink> links, const std::vector<TestEvent>& events) {
  TestRule rule{"test", kQuery};
  rule.links = std::move(links);
  Stream stream({rule}, Options());
  for (const TestEvent& event : events) stream.Push(event);
  stream.Finish();
  return stream.found("test");
}

TEST(Links, JoinWhatAgreesAndWhatCannotBeCompared) {
  const std::vector<TestLink> by_l = {{1, 2, {"ll"}}};
  EXPECT_THAT(Found(by_l, {At("A", 1, "1"), At("B", 2, "1"), At("C", 3, "")}),
              ElementsAre(Sequence{0, 1, 2}));
  EXPECT_THAT(Found(by_l, {At("A", 1, "1"), At("B", 2, ""), At("C", 3, "")}),
              ElementsAre(Sequence{0, 1, 2}));
  EXPECT_THAT(Found(by_l, {At("A", 1, "1"), At("B", 2, "2"), At("C", 3, "")}), IsEmpty());
}

TEST(Links, TheFirstThatCanBeComparedDecides) {
  const std::vector<TestLink> links = {{1, 2, {"ll", "mm"}}};
  EXPECT_THAT(Found(links, {At("A", 1, "1", "7"), At("B", 2, "2", "7"), At("C", 3, "")}),
              IsEmpty());
  EXPECT_THAT(Found(links, {At("A", 1, "", "7"), At("B", 2, "2", "7"), At("C", 3, "")}),
              ElementsAre(Sequence{0, 1, 2}));
}

TEST(Links, WithinAnotherFieldOnly) {
  const std::vector<TestLink> links = {{1, 2, {"llm"}}};  // l, where m agrees
  EXPECT_THAT(Found(links, {At("A", 1, "1", "7"), At("B", 2, "2", "7"), At("C", 3, "")}),
              IsEmpty());
  EXPECT_THAT(Found(links, {At("A", 1, "1", "7"), At("B", 2, "2", "8"), At("C", 3, "")}),
              ElementsAre(Sequence{0, 1, 2}));
}

// Two chains on one host at once, each with its own value.
TEST(Links, KeepInterleavedChainsApart) {
  EXPECT_THAT(
      Found({{1, 2, {"ll"}}, {2, 3, {"ll"}}}, {At("A", 1, "1"), At("A", 2, "2"), At("B", 3, "2"),
                                               At("B", 4, "1"), At("C", 5, "1"), At("C", 6, "2")}),
      ElementsAre(Sequence{0, 3, 4}, Sequence{1, 2, 5}));
}

// A stranger that may be joined does not take the chain from who belongs to it.
TEST(Links, AStrangerTakesNothingAway) {
  EXPECT_THAT(
      Found({{2, 3, {"ll"}}}, {At("A", 1, ""), At("B", 2, "1"), At("B", 3, "9"), At("C", 4, "1")}),
      ElementsAre(Sequence{0, 1, 3}));
}

TEST(Links, PreferTheLikelierAndForbidNothing) {
  const std::vector<TestLink> links = {{1, 2, {}, {"ll", "mm"}}};
  EXPECT_THAT(Found(links, {At("A", 1, "1"), At("A", 2, "", "7"), At("A", 3, "5"),
                            At("B", 4, "1", "7"), At("C", 5, "")}),
              ElementsAre(Sequence{0, 3, 4}));
  EXPECT_THAT(Found(links, {At("A", 1, "1"), At("B", 4, "2"), At("C", 5, "")}),
              ElementsAre(Sequence{0, 1, 2}));
}

TEST(Links, CandidatesStandInOrderOfLikelihood) {
  TestRule rule{"test", kQuery};
  rule.links = {{1, 2, {}, {"ll", "mm"}}};
  Stream stream({rule}, Options());
  stream.Push(At("A", 1, "1"));      // by l
  stream.Push(At("A", 2, "", "7"));  // by m
  stream.Push(At("A", 3, "5"));      // by time
  stream.Push(At("A", 3.5, "6"));    // by time, later
  stream.Push(At("B", 4, "1", "7"));
  stream.Push(At("A", 4.5, "1"));  // too late to be the cause
  stream.Push(At("C", 5, ""));
  EXPECT_THAT(stream.candidates(), ElementsAre(0, 1, 3, 2));
}

TEST(Links, CandidatesAreBoundedAndTheChosenIsAmongThem) {
  TestRule rule{"test", kQuery};
  rule.links = {{1, 2, {"ll"}}};
  Stream stream({rule}, Options());
  for (int i = 0; i < 20; ++i) stream.Push(At("A", 1 + i * 0.1, ""));
  stream.Push(At("B", 4, "1"));
  stream.Push(At("C", 5, ""));
  EXPECT_THAT(stream.candidates(), ElementsAre(19, 18, 17, 16, 15));
  EXPECT_EQ(stream.other_candidates(), 15u);
}

// A flood of strangers costs memory to a bound, and what it pushes out is counted.
TEST(Links, AFloodOfStrangersIsBounded) {
  TestRule rule{"test", kQuery};
  rule.links = {{1, 2, {"ll"}}};
  Options options;
  options.lateness = 0;
  Stream stream({rule}, options);
  for (int i = 0; i < 2000; ++i) stream.Push(At("A", 1 + i * 0.001, std::to_string(i)));
  stream.Push(At("B", 4, "1999"));
  EXPECT_THAT(stream.Push(At("C", 5, "")), ElementsAre(Sequence{1999, 2000, 2001}));
  stream.Push(At("D", 100, ""));
  const RuleStats& stats = stream.correlator().stats().rules[0];
  EXPECT_GE(stats.evicted[static_cast<size_t>(EvictReason::kKeyCap)], 1700u);
}

TEST(Agree, InAnyElementAndWhateverTheType) {
  using event::Value;
  const Value list[] = {Value::Int(3), Value::String("x")};
  EXPECT_TRUE(Agree(Value::Int(12), Value::String("12")));
  EXPECT_FALSE(Agree(Value::Int(12), Value::String("13")));
  EXPECT_TRUE(Agree(Value::List(list), Value::String("x")));
  EXPECT_TRUE(Agree(Value::String("3"), Value::List(list)));
  EXPECT_FALSE(Agree(Value::List(list), Value::String("y")));
  EXPECT_FALSE(Agree(Value(), Value()));
}

}  // namespace
}  // namespace sequitur::correlate
