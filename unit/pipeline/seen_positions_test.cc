#include "pipeline/seen_positions.h"

#include "gtest/gtest.h"
#include "pipeline/commit_note.h"

namespace sequitur::pipeline {
namespace {

TEST(SeenPositions, KnowsARecordThatComesAgain) {
  SeenPositions seen;
  EXPECT_TRUE(seen.Insert({1, 0, 10, 0}));
  EXPECT_TRUE(seen.Insert({1, 0, 10, 1})) << "the same record's next event";
  EXPECT_TRUE(seen.Insert({1, 1, 10, 0})) << "another partition";
  EXPECT_TRUE(seen.Insert({2, 0, 10, 0})) << "another topic";
  EXPECT_FALSE(seen.Insert({1, 0, 10, 0}));
  EXPECT_TRUE(seen.Insert({1, 0, 9, 0})) << "an earlier one that had to be written again";
}

TEST(SeenPositions, TakesWhatIsOlderThanAllItRemembersForSeen) {
  SeenPositions seen;
  const auto most = static_cast<int64_t>(SeenPositions::kRemembered);
  for (int64_t offset = 10; offset < 11 + most; ++offset) {
    ASSERT_TRUE(seen.Insert({1, 0, offset, 0}));
  }
  EXPECT_FALSE(seen.Insert({1, 0, 10, 0})) << "forgotten, and yet known to be old";
  EXPECT_FALSE(seen.Insert({1, 0, 3, 0}));
  EXPECT_TRUE(seen.Insert({1, 0, 11 + most, 0}));
}

TEST(CommitNote, IsReadBackAndAForeignOneIsNone) {
  EXPECT_EQ(CommitNoteTime(CommitNote(1'700'000'000'123)), 1'700'000'000'123);
  EXPECT_EQ(CommitNoteTime(""), bus::Record::kNoTime);
  EXPECT_EQ(CommitNoteTime("time_ms=x"), bus::Record::kNoTime);
}

}  // namespace
}  // namespace sequitur::pipeline
