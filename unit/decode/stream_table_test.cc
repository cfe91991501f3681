#include "decode/stream_table.h"

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(StreamTable, RemembersEachStream) {
  StreamTable table;
  table.Get(1).memory.last_pid = 11;
  table.Get(2).memory.last_pid = 22;
  EXPECT_EQ(table.Get(1).memory.last_pid, 11);
  EXPECT_EQ(table.Get(2).memory.last_pid, 22);
  EXPECT_EQ(table.Get(3).memory.last_pid, 0);
  EXPECT_EQ(table.size(), 3);
}

TEST(StreamTable, StreamsStayWhereTheyAre) {
  StreamTable table;
  const Stream* first = &table.Get(0);
  for (uint64_t key = 1; key < 1000; ++key) table.Get(key);
  EXPECT_EQ(&table.Get(0), first);
}

TEST(StreamTable, ForgetsTheOneUnusedLongest) {
  StreamTable table;
  for (uint64_t key = 0; key < StreamTable::kMaxStreams; ++key) table.Get(key).memory.last_pid = 1;
  table.Get(0);  // used again: now 1 is the oldest
  table.Get(1'000'000);
  EXPECT_EQ(table.size(), StreamTable::kMaxStreams);
  EXPECT_EQ(table.Get(0).memory.last_pid, 1);
  EXPECT_EQ(table.Get(2).memory.last_pid, 1);
  EXPECT_EQ(table.Get(1).memory.last_pid, 0);
}

}  // namespace
}  // namespace sequitur::decode
