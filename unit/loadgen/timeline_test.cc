#include "loadgen/timeline.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::loadgen {
namespace {

using ::testing::ElementsAre;

Script Say(Timeline& timeline, std::vector<std::string>& said, TimeNs at, std::string word) {
  co_await timeline.Until(at);
  said.push_back(word);
}

Script SayBoth(Timeline& timeline, std::vector<std::string>& said) {
  said.push_back("before");
  co_await Say(timeline, said, 5 * kSecond, "inner");
  said.push_back("after");
}

Script HoldForever(Timeline& timeline, std::shared_ptr<int> held) {
  co_await timeline.Sleep(kMinute);
  (void)held;
}

TEST(Timeline, WakesScriptsInTheOrderOfTime) {
  std::vector<std::string> said;
  Timeline timeline(0, kMinute);
  timeline.Start(Say(timeline, said, 3 * kSecond, "third"));
  timeline.Start(Say(timeline, said, kSecond, "first"));
  timeline.Start(Say(timeline, said, 2 * kSecond, "second"));
  timeline.Run();
  EXPECT_THAT(said, ElementsAre("first", "second", "third"));
  EXPECT_EQ(timeline.Now(), 3 * kSecond);
}

TEST(Timeline, WakesScriptsOfOneInstantInTheOrderTheySlept) {
  std::vector<std::string> said;
  Timeline timeline(0, kMinute);
  for (const char* word : {"a", "b", "c"}) timeline.Start(Say(timeline, said, kSecond, word));
  timeline.Run();
  EXPECT_THAT(said, ElementsAre("a", "b", "c"));
}

TEST(Timeline, ResumesAScriptWhenTheOneItAwaitsEnds) {
  std::vector<std::string> said;
  Timeline timeline(0, kMinute);
  timeline.Start(SayBoth(timeline, said));
  timeline.Start(Say(timeline, said, 4 * kSecond, "between"));
  timeline.Run();
  EXPECT_THAT(said, ElementsAre("before", "between", "inner", "after"));
}

TEST(Timeline, NeverGoesBackForATimeThatHasPassed) {
  std::vector<std::string> said;
  Timeline timeline(10 * kSecond, kMinute);
  timeline.Start(Say(timeline, said, kSecond, "late"));
  timeline.Run();
  EXPECT_THAT(said, ElementsAre("late"));
  EXPECT_EQ(timeline.Now(), 10 * kSecond);
}

TEST(Timeline, DestroysScriptsThatNeverRan) {
  auto held = std::make_shared<int>(0);
  {
    Timeline timeline(0, kMinute);
    timeline.Start(HoldForever(timeline, held));
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace sequitur::loadgen
