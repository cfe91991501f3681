#include "pipeline/sequence_watch.h"

#include <algorithm>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sequitur::pipeline {
namespace {

constexpr int64_t kFar = 10 * SequenceWatch::kWindow;

// Everything below is judged once the numbers are far on.
void RunOn(SequenceWatch& watch, absl::string_view stream, int64_t from) {
  for (int64_t i = 0; i < SequenceWatch::kWindow; ++i) watch.Observe(stream, from + i);
}

TEST(SequenceWatchTest, CountsGapsAndWhatIsMissingInThem) {
  SequenceWatch watch;
  for (const int64_t number : {5, 6, 9, 10, 12}) watch.Observe("a", number);
  EXPECT_EQ(watch.missing(), 0);  // they may still come
  RunOn(watch, "a", 13);
  EXPECT_EQ(watch.missing(), 3);  // 7, 8 and 11
  EXPECT_EQ(watch.gaps(), 2);
  EXPECT_TRUE(watch.TakeLoss("a"));
  EXPECT_FALSE(watch.TakeLoss("a"));
  EXPECT_FALSE(watch.TakeLoss("b"));
}

TEST(SequenceWatchTest, OrderWithinTheWindowDoesNotMatter) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    SequenceWatch watch;
    std::vector<int64_t> numbers;
    uint64_t left_out = 0;
    watch.Observe("a", 0);
    for (int64_t i = 1; i < 3000; ++i) {
      random() % 20 == 0 ? void(++left_out) : numbers.push_back(i);
    }
    for (size_t i = 0; i + 100 < numbers.size(); i += 100) {
      std::shuffle(numbers.begin() + static_cast<long>(i),
                   numbers.begin() + static_cast<long>(i + 100), random);
    }
    for (const int64_t number : numbers) watch.Observe("a", number);
    RunOn(watch, "a", 3000);
    EXPECT_EQ(watch.missing(), left_out);
  }
}

TEST(SequenceWatchTest, AHugeGapIsCountedAtOnce) {
  SequenceWatch watch;
  watch.Observe("a", 0);
  const int64_t far = int64_t{1} << 60;
  watch.Observe("a", far);
  RunOn(watch, "a", far + 1);
  EXPECT_EQ(watch.gaps(), 1);
  EXPECT_EQ(watch.missing(), static_cast<uint64_t>(far - 1));
}

TEST(SequenceWatchTest, ASensorThatBeginsAgainHasLostNothing) {
  SequenceWatch watch;
  RunOn(watch, "a", kFar);
  RunOn(watch, "a", 0);
  RunOn(watch, "a", SequenceWatch::kWindow);
  EXPECT_EQ(watch.missing(), 0);
}

TEST(SequenceWatchTest, StreamsAreApart) {
  SequenceWatch watch;
  watch.Observe("a", 1);
  watch.Observe("b", 2);
  watch.Observe("a", 2);
  RunOn(watch, "a", 3);
  RunOn(watch, "b", 3);
  EXPECT_EQ(watch.missing(), 0);
}

TEST(SequenceWatchTest, AMessageThatComesTwiceIsOne) {
  SequenceWatch watch;
  for (const int64_t number : {1, 1, 2, 1}) watch.Observe("a", number);
  RunOn(watch, "a", 3);
  EXPECT_EQ(watch.missing(), 0);
}

TEST(SequenceWatchTest, WhatOthersReadMeanwhileIsNotMissing) {
  SequenceWatch watch;
  watch.Observe("a", 1);
  watch.Forget();
  watch.Observe("a", 5000);
  RunOn(watch, "a", 5001);
  EXPECT_EQ(watch.missing(), 0);
  EXPECT_FALSE(watch.TakeLoss("a"));
}

TEST(SequenceWatchTest, ManyStreamsStayWithinBounds) {
  SequenceWatch watch;
  for (size_t i = 0; i < 2 * SequenceWatch::kMaxStreams; ++i) watch.Observe(absl::StrCat(i), 1);
  // The first is forgotten: it begins anew and has lost nothing.
  watch.Observe("0", 50);
  RunOn(watch, "0", 51);
  EXPECT_EQ(watch.missing(), 0);
}

}  // namespace
}  // namespace sequitur::pipeline
