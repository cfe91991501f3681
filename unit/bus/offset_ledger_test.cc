#include "bus/offset_ledger.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::bus {
namespace {

std::vector<CommittedOffset> At(int64_t offset) { return {{{"t", 0}, offset, ""}}; }

TEST(OffsetLedger, SettlesAnEpochWithNothingProducedAtOnce) {
  OffsetLedger ledger;
  EXPECT_FALSE(ledger.TakeSettled().has_value());
  ledger.Close(At(5));
  EXPECT_EQ(ledger.TakeSettled()->front().offset, 5);
  EXPECT_FALSE(ledger.TakeSettled().has_value());
}

TEST(OffsetLedger, WaitsForEveryRecordOfTheEpochAndOfThoseBefore) {
  OffsetLedger ledger;
  const uint64_t a = ledger.Produced();
  const uint64_t b = ledger.Produced();
  ledger.Close(At(5));
  const uint64_t c = ledger.Produced();
  ledger.Close(At(9));
  ledger.Acknowledged(c);
  ledger.Acknowledged(a);
  EXPECT_FALSE(ledger.TakeSettled().has_value());
  EXPECT_EQ(ledger.outstanding(), 1u);
  ledger.Acknowledged(b);
  EXPECT_EQ(ledger.TakeSettled()->front().offset, 9) << "the latest of what is settled";
}

TEST(OffsetLedger, ForgetsPartitionsThatWentAway) {
  OffsetLedger ledger;
  ledger.Close({{{"t", 0}, 5, ""}, {{"t", 1}, 7, ""}});
  ledger.Forget(std::vector<TopicPartition>{{"t", 0}});
  const auto settled = ledger.TakeSettled();
  ASSERT_EQ(settled->size(), 1u);
  EXPECT_EQ(settled->front().at.partition, 1);
}

TEST(OffsetLedger, TakesNoNoticeOfTokensItDoesNotKnow) {
  OffsetLedger ledger;
  ledger.Close(At(1));
  ledger.TakeSettled();
  ledger.Acknowledged(0);
  ledger.Acknowledged(99);
  EXPECT_EQ(ledger.outstanding(), 0u);
}

}  // namespace
}  // namespace sequitur::bus
