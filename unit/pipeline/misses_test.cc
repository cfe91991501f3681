#include "pipeline/misses.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr event::TimeNs kMinute = 60 * event::kSecond;

TEST(MissAdvice, NamesTheLineToChangeAndWhatItBrings) {
  rules::Rule rule;
  rule.id = "chain";
  rule.maxspan = 2 * kMinute;
  correlate::RuleMisses misses;
  EXPECT_THAT(MissAdvice(rule, misses), IsEmpty());
  misses.found = 94;
  misses.missed = 6;
  for (int i = 0; i < 4; ++i) misses.maxspan_needed.Add(150 * event::kSecond);
  misses.maxspan_needed.Add(9 * kMinute);
  misses.slack_needed.Add(event::kSecond);
  EXPECT_THAT(
      MissAdvice(rule, misses),
      ElementsAre("tuning: {chain: {maxspan: 3m}}   # 4 more chains than 2m: 94 % -> 98 %",
                  "tuning: {chain: {maxspan: 10m}}   # 5 more chains than 2m: 94 % -> 99 %",
                  "tuning: {chain: {order_slack: 1s}}   # 1 more chain than 0: 94 % -> 95 %"));
}

}  // namespace
}  // namespace sequitur::pipeline
