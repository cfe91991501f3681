#include "pipeline/aligned_inputs.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::pipeline {
namespace {

using Input = AlignedInputs::Input;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kApart = absl::Minutes(1);

class AlignedInputsTest : public ::testing::Test {
 protected:
  AlignedInputsTest() : inputs_(kApart) {
    for (const char* topic : {"flows", "web"}) {
      Input input;
      input.at = {topic, 3};
      input.end = 100;
      inputs_.Add(input);
    }
  }

  Input& At(const std::string& topic) { return *inputs_.Find(topic); }
  bool Read(const std::string& topic, int64_t offset, int64_t time_ms) {
    bus::Record record;
    record.offset = offset;
    record.timestamp_ms = time_ms;
    return inputs_.Advance(At(topic), record);
  }
  // Aligns, with all read of the topics but of these.
  AlignedInputs::Changes Align(std::vector<std::string> behind, bool live = true) {
    AlignedInputs::Behind unread;
    for (const std::string& topic : behind) unread[{topic, 3}] = 1;
    return inputs_.Align(live, unread, now_);
  }

  AlignedInputs inputs_;
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
};

TEST_F(AlignedInputsTest, OneThatIsAheadWaitsUntilTheOtherHasCome) {
  Read("web", 0, 200'000);
  Read("flows", 0, 139'999);
  EXPECT_THAT(Align({"web", "flows"}).hold, ElementsAre(&At("web")));
  EXPECT_TRUE(At("web").held);
  Read("flows", 1, 140'000);
  EXPECT_THAT(Align({"web", "flows"}).release, ElementsAre(&At("web")));
  EXPECT_FALSE(inputs_.AnyHeld());
}

TEST_F(AlignedInputsTest, NobodyWaitsForATopicThatIsReadToItsEnd) {
  Read("web", 0, 200'000);
  Read("flows", 99, 1'000);
  EXPECT_THAT(Align({"web"}).hold, IsEmpty());
}

TEST_F(AlignedInputsTest, TheFirstRecordIsWaitedForWhereSomeAreKnownToBe) {
  Read("web", 0, 200'000);
  EXPECT_THAT(Align({}).hold, ElementsAre(&At("web")));  // flows: 100 at the start
  Read("flows", 99, 200'000);
  EXPECT_THAT(Align({}).release, ElementsAre(&At("web")));
}

TEST_F(AlignedInputsTest, OneThatGivesNothingIsGivenUp) {
  Read("web", 0, 200'000);
  EXPECT_THAT(Align({"flows"}).hold, ElementsAre(&At("web")));
  Align({"flows"});
  EXPECT_TRUE(inputs_.AnyWaiting());
  now_ += AlignedInputs::kPatience;
  EXPECT_THAT(Align({"flows"}).release, IsEmpty());
  now_ += absl::Milliseconds(1);
  EXPECT_THAT(Align({"flows"}).release, ElementsAre(&At("web")));
}

TEST_F(AlignedInputsTest, WhoIsWhereTheLastRunEndedWaitsButIsNotWaitedFor) {
  At("web").live_from = 10;
  At("flows").live_from = 50;
  Read("web", 9, 1'000);
  At("web").held = true;
  Read("flows", 0, 200'000);
  const auto changes = Align({"web", "flows"}, false);
  EXPECT_THAT(changes.hold, IsEmpty());  // else neither would ever go on
  EXPECT_THAT(changes.release, IsEmpty());
  EXPECT_FALSE(inputs_.AllThere());
  Read("flows", 49, 201'000);
  EXPECT_TRUE(inputs_.AllThere());
  EXPECT_THAT(Align({"web", "flows"}, true).release, ElementsAre(&At("web")));
}

TEST_F(AlignedInputsTest, AsksToBeAlignedOnceAStep) {
  EXPECT_TRUE(Read("web", 0, 15'000));
  EXPECT_FALSE(Read("web", 1, 29'999));
  EXPECT_TRUE(Read("web", 2, 30'000));
  EXPECT_FALSE(Read("web", 3, 1'000));  // back in time
}

TEST_F(AlignedInputsTest, SettledIsWhatNobodyCanStillBring) {
  EXPECT_EQ(inputs_.settled_ms(), bus::Record::kNoTime);
  Read("web", 0, 200'000);
  EXPECT_EQ(inputs_.settled_ms(), 125'000);
}

}  // namespace
}  // namespace sequitur::pipeline
