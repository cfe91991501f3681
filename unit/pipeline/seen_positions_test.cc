#include "pipeline/seen_positions.h"

#include "gtest/gtest.h"
#include "pipeline/commit_note.h"

namespace sequitur::pipeline {
namespace {

constexpr int64_t kTime = 1'700'000'000'000;

TEST(SeenPositions, KnowsARecordThatComesAgain) {
  SeenPositions seen;
  EXPECT_TRUE(seen.Insert({1, 0, 10, 0}, kTime));
  EXPECT_TRUE(seen.Insert({1, 0, 10, 1}, kTime)) << "the same record's next event";
  EXPECT_TRUE(seen.Insert({1, 1, 10, 0}, kTime)) << "another partition";
  EXPECT_TRUE(seen.Insert({2, 0, 10, 0}, kTime)) << "another topic";
  EXPECT_FALSE(seen.Insert({1, 0, 10, 0}, kTime));
  EXPECT_TRUE(seen.Insert({1, 0, 9, 0}, kTime)) << "an earlier one that had to be written again";
}

TEST(SeenPositions, TakesWhatIsOlderThanAllItRemembersForSeen) {
  SeenPositions seen;
  const auto most = static_cast<int64_t>(SeenPositions::kRemembered);
  for (int64_t offset = 10; offset < 11 + most; ++offset) {
    ASSERT_TRUE(seen.Insert({1, 0, offset, 0}, kTime));
  }
  EXPECT_FALSE(seen.Insert({1, 0, 10, 0}, kTime)) << "forgotten, and yet known to be old";
  EXPECT_FALSE(seen.Insert({1, 0, 3, 0}, kTime));
  EXPECT_TRUE(seen.Insert({1, 0, 11 + most, 0}, kTime));
}

TEST(SeenPositions, TakesWhatIsNewerThanAllItSawForNew) {
  SeenPositions seen;
  const auto all = 2 * static_cast<int64_t>(SeenPositions::kRemembered);
  for (int64_t offset = 0; offset < all; ++offset) {
    ASSERT_TRUE(seen.Insert({1, 0, offset, 0}, kTime + offset));
  }
  const int64_t later = kTime + all;
  EXPECT_TRUE(seen.Insert({1, 0, 3, 0}, later)) << "its topic was made anew; place forgotten";
  EXPECT_TRUE(seen.Insert({1, 0, all - 1, 0}, later)) << "and one that is remembered";
  EXPECT_FALSE(seen.Insert({1, 0, 3, 0}, later)) << "but not twice";
  EXPECT_FALSE(seen.Insert({1, 0, 4, 0}, kTime + 4)) << "what was repeated has its old time";
}

TEST(CommitNote, IsReadBackAndAForeignOneIsNone) {
  EXPECT_EQ(CommitNoteTime(CommitNote(1'700'000'000'123)), 1'700'000'000'123);
  EXPECT_EQ(CommitNoteTime(""), bus::Record::kNoTime);
  EXPECT_EQ(CommitNoteTime("time_ms=x"), bus::Record::kNoTime);
}

}  // namespace
}  // namespace sequitur::pipeline
