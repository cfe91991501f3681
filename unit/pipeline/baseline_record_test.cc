#include "pipeline/baseline_record.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::pipeline {
namespace {

constexpr event::TimeNs kSecond = event::kSecond;

TEST(BaselineRecords, ReadBackWhatWasWrittenAndTheLatestOfIt) {
  enrich::BaselineState state{"peer", 5 * kSecond, {}};
  const enrich::BaselineTuple older{{"web-1", "a\"b\n"}, 10 * kSecond, 20 * kSecond, true, 3};
  enrich::BaselineTuple newer = older;
  newer.last_seen = 90 * kSecond;
  newer.seen = uint64_t{1} << 40;
  const enrich::BaselineTuple other{{"web-2", ""}, 30 * kSecond, 40 * kSecond, false, 1};
  BaselineRecords records;
  for (const auto& tuple : {older, other, newer}) {
    ASSERT_TRUE(records.Add(BaselineKey("peer", tuple.values), BaselineJson(state, tuple)));
  }
  const auto states = records.States();
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].name, "peer");
  EXPECT_EQ(states[0].learning_since, 5 * kSecond);
  ASSERT_EQ(states[0].tuples.size(), 2u);
  EXPECT_EQ(states[0].tuples[0].values, other.values) << "longest unseen first";
  EXPECT_FALSE(states[0].tuples[0].learnt);
  EXPECT_EQ(states[0].tuples[1].values, older.values);
  EXPECT_EQ(states[0].tuples[1].first_seen, 10 * kSecond);
  EXPECT_EQ(states[0].tuples[1].last_seen, 90 * kSecond);
  EXPECT_TRUE(states[0].tuples[1].learnt);
  EXPECT_EQ(states[0].tuples[1].seen, uint64_t{1} << 40);
}

TEST(BaselineRecords, ThatSayNoCountAreOfABuildBefore) {
  BaselineRecords records;
  ASSERT_TRUE(records.Add("k", R"({"baseline":"peer","values":["x"],)"
                               R"("first_seen":"2026-01-01T00:00:00Z",)"
                               R"("last_seen":"2026-01-02T00:00:00Z","learnt":true})"));
  EXPECT_EQ(records.States()[0].tuples[0].seen, 0u);
}

TEST(BaselineRecords, OfSeveralPartitionsAreAddedUp) {
  const enrich::BaselineTuple here{{"x"}, 10 * kSecond, 20 * kSecond, false, 3};
  const enrich::BaselineTuple there{{"x"}, 5 * kSecond, 15 * kSecond, true, 4};
  const enrich::BaselineTuple only{{"y"}, 1 * kSecond, 50 * kSecond, true, 1};
  const auto merged = MergeBaselines({{"peer", 7 * kSecond, {here}},
                                      {"other", event::kNoTime, {here}},
                                      {"peer", 6 * kSecond, {there, only}}});
  ASSERT_EQ(merged.size(), 2u);
  EXPECT_EQ(merged[1].name, "peer");
  EXPECT_EQ(merged[1].learning_since, 6 * kSecond);
  ASSERT_EQ(merged[1].tuples.size(), 2u);
  EXPECT_EQ(merged[1].tuples[0].first_seen, 5 * kSecond);
  EXPECT_EQ(merged[1].tuples[0].last_seen, 20 * kSecond);
  EXPECT_EQ(merged[1].tuples[0].seen, 7u);
  EXPECT_TRUE(merged[1].tuples[0].learnt);
  EXPECT_EQ(merged[1].tuples[1].values, only.values);
}

TEST(BaselineRecords, PassOverWhatIsNoTuple) {
  BaselineRecords records;
  for (
      absl::string_view bad :
      {"{", "[]", "{}", R"({"baseline":1,"values":[],"first_seen":"x","last_seen":"x"})",
       R"({"baseline":"a","values":[1],"first_seen":"2026-01-01T00:00:00Z","last_seen":"2026-01-01T00:00:00Z"})"}) {
    EXPECT_FALSE(records.Add("k", bad)) << bad;
  }
  EXPECT_TRUE(records.States().empty());
}

TEST(BaselineRecords, ForgetATupleThatATombstoneTakesAway) {
  const enrich::BaselineTuple tuple{{"x"}, kSecond, kSecond, true, 1};
  BaselineRecords records;
  records.Add(BaselineKey("peer", tuple.values), BaselineJson({"peer", kSecond, {}}, tuple));
  EXPECT_TRUE(records.Add(BaselineKey("peer", tuple.values), ""));
  EXPECT_TRUE(records.States().empty());
}

}  // namespace
}  // namespace sequitur::pipeline
