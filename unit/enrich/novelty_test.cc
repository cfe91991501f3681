#include "enrich/novelty.h"

#include "absl/strings/str_cat.h"
#include "enrich/event_builder.h"
#include "gtest/gtest.h"

namespace sequitur::enrich {
namespace {

namespace field = event::field;
using event::kSecond;

BaselineOptions Destinations() {
  BaselineOptions options;
  options.name = "service_destination";
  options.fields = {field::kHostName, field::kSequiturLineageService, field::kDestinationIp};
  options.learning_period = 100 * kSecond;
  options.age = 1000 * kSecond;
  options.cap = 10;
  return options;
}

class NoveltyTest : public ::testing::Test {
 protected:
  NoveltyTest() : event_(AllFields()) { Use({Destinations()}); }

  void Use(std::vector<BaselineOptions> baselines) {
    novelty_ = std::make_unique<Novelty>(std::move(baselines));
  }
  std::string See(double at, absl::string_view address, absl::string_view host = "web-1") {
    EventBuilder(event_, "network", "network_flow", at)
        .Text(field::kHostName, host)
        .Text(field::kSequiturLineageService, "nginx")
        .Text(field::kDestinationIp, address);
    novelty_->Enrich(event_);
    return event_.Get(field::kSequiturNovel).ToString();
  }

  static constexpr char kNovel[] = "[service_destination]";
  event::Event event_;
  std::unique_ptr<Novelty> novelty_;
};

TEST_F(NoveltyTest, LearnsInSilenceThenNamesWhatIsNew) {
  EXPECT_EQ(See(0, "1.1.1.1"), "null");
  EXPECT_EQ(See(99, "2.2.2.2"), "null");
  EXPECT_TRUE(novelty_->stats()[0].learning);
  EXPECT_EQ(See(100, "3.3.3.3"), kNovel);
  EXPECT_FALSE(novelty_->stats()[0].learning);
  EXPECT_EQ(See(101, "3.3.3.3"), "null");
  EXPECT_EQ(See(102, "1.1.1.1"), "null");
  EXPECT_EQ(See(103, "1.1.1.1", "web-2"), kNovel);
  EXPECT_EQ(novelty_->stats()[0].learnt, 2u);
  EXPECT_EQ(novelty_->stats()[0].novel, 2u);
}

TEST_F(NoveltyTest, TellsOfATupleWhenItsCountDoublesAndNoOftenerThanThat) {
  std::vector<uint64_t> told;
  for (int i = 0; i < 20; ++i) {
    See(i, "1.1.1.1");
    for (const BaselineState& state : novelty_->TakeChanged()) {
      for (const BaselineTuple& tuple : state.tuples) told.push_back(tuple.seen);
    }
  }
  EXPECT_EQ(told, (std::vector<uint64_t>{1, 2, 4, 8, 16}));
}

TEST_F(NoveltyTest, TellsOfATupleThatIsSeenOnAfterAnHourOrASixteenthOfItsAge) {
  BaselineOptions patient = Destinations();
  patient.age = 100 * Novelty::kRefresh;
  for (const auto& [options, refresh] : {std::pair(patient, 3600), std::pair(Destinations(), 62)}) {
    Use({options});
    for (int i = 0; i < 10; ++i) See(i, "1.1.1.1");
    ASSERT_EQ(novelty_->TakeChanged().size(), 1u);
    See(8 + refresh, "1.1.1.1");
    EXPECT_TRUE(novelty_->TakeChanged().empty());
    See(9.5 + refresh, "1.1.1.1");
    const auto changed = novelty_->TakeChanged();
    ASSERT_EQ(changed.size(), 1u);
    ASSERT_EQ(changed[0].tuples.size(), 1u);
    EXPECT_EQ(changed[0].tuples[0].seen, 12u);

    Novelty another({options});
    another.Import(changed);
    EXPECT_TRUE(another.TakeChanged().empty()) << "what was read back is no news";
  }
}

TEST_F(NoveltyTest, WhatIsReadOnceMoreAfterARestartIsNotCountedTwice) {
  const auto count = [&] { return novelty_->Export()[0].tuples[0].seen; };
  for (int i = 0; i < 4; ++i) See(i, "1.1.1.1");
  const auto kept = novelty_->TakeChanged();
  See(4, "1.1.1.1");  // lost with the process
  Use({Destinations()});
  novelty_->Import(kept);
  EXPECT_EQ(count(), 4u);
  for (int i = 2; i < 6; ++i) See(i, "1.1.1.1");
  EXPECT_EQ(count(), 6u);
}

TEST_F(NoveltyTest, TwoImportsKnowWhatEitherKnows) {
  const BaselineTuple reviewed{{"web-1", "nginx", "1.1.1.1"}, At(10), At(20), true, 7};
  const BaselineTuple kept{{"web-1", "nginx", "1.1.1.1"}, At(15), At(30), false, 9};
  novelty_->Import({{"service_destination", At(10), {reviewed}}});
  novelty_->Import({{"service_destination", At(15), {kept}}});
  const auto states = novelty_->Export();
  ASSERT_EQ(states[0].tuples.size(), 1u);
  EXPECT_EQ(states[0].learning_since, At(10));
  EXPECT_EQ(states[0].tuples[0].first_seen, At(10));
  EXPECT_EQ(states[0].tuples[0].last_seen, At(30));
  EXPECT_EQ(states[0].tuples[0].seen, 9u);
  EXPECT_TRUE(states[0].tuples[0].learnt);
}

TEST_F(NoveltyTest, AnImportBeyondTheCapKeepsWhatWasSeenLast) {
  BaselineState state{"service_destination", At(0), {}};
  for (int i = 0; i < 30; ++i) {
    state.tuples.push_back({{"web-1", "nginx", absl::StrCat(i)}, At(0), At(1000 - i), true, 1});
  }
  novelty_->Import({state});
  EXPECT_EQ(novelty_->stats()[0].tuples, 10u);
  EXPECT_EQ(See(1001, "0"), "null");
  EXPECT_EQ(See(1001, "29"), kNovel);
}

TEST_F(NoveltyTest, TellsWhichTuplesItForgotForOthers) {
  for (int i = 0; i < 10; ++i) See(i, absl::StrCat("1.1.1.", i));
  novelty_->TakeChanged();
  See(20, "2.2.2.2");  // beyond the cap; the first goes
  auto changed = novelty_->TakeChanged();
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].gone,
            (std::vector<std::vector<std::string>>{{"web-1", "nginx", "1.1.1.0"}}));
  See(21, "1.1.1.0");  // 1.1.1.1 goes
  See(22, "1.1.1.1");  // is back before it was told of; 1.1.1.2 goes
  changed = novelty_->TakeChanged();
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].tuples.size(), 2u);
  EXPECT_EQ(changed[0].gone,
            (std::vector<std::vector<std::string>>{{"web-1", "nginx", "1.1.1.2"}}));
}

TEST_F(NoveltyTest, TellsThatATupleIsGoneAlsoIfItCameBackForAMoment) {
  BaselineOptions options = Destinations();
  options.cap = 1;
  Use({options});
  See(0, "1.1.1.1");
  novelty_->TakeChanged();
  See(1, "2.2.2.2");
  See(2, "1.1.1.1");
  See(3, "3.3.3.3");
  const auto changed = novelty_->TakeChanged();
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].tuples.size(), 1u);
  EXPECT_EQ(changed[0].gone,
            (std::vector<std::vector<std::string>>{{"web-1", "nginx", "1.1.1.1"}}));
}

TEST_F(NoveltyTest, ForgetsForGoodWhatWasNotSeenForLongerThanItsAge) {
  const double age = 1000, grace = 3600;
  See(0, "1.1.1.1");
  See(10, "2.2.2.2");
  novelty_->TakeChanged();
  See(age + grace, "3.3.3.3");
  novelty_->TakeChanged();
  EXPECT_EQ(novelty_->stats()[0].tuples, 3u);
  See(age + grace + 1, "3.3.3.3");
  const auto changed = novelty_->TakeChanged();
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].gone,
            (std::vector<std::vector<std::string>>{{"web-1", "nginx", "1.1.1.1"}}));
  EXPECT_EQ(novelty_->stats()[0].tuples, 2u);
  EXPECT_EQ(novelty_->stats()[0].aged, 1u);
}

TEST_F(NoveltyTest, ABacklogOfLongAgoIsNewOnce) {
  BaselineOptions options = Destinations();
  options.learning_until = At(0);
  Use({options});
  See(100'000, "1.1.1.1");
  EXPECT_EQ(See(200, "2.2.2.2", "laptop"), kNovel);
  novelty_->TakeChanged();
  EXPECT_EQ(See(201, "2.2.2.2", "laptop"), "null");
}

TEST_F(NoveltyTest, TellsNothingOfTuplesThatAreGone) {
  for (int i = 0; i < 100; ++i) See(i, absl::StrCat("1.1.1.", i));
  const auto changed = novelty_->TakeChanged();
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].tuples.size(), Destinations().cap);
}

TEST_F(NoveltyTest, TheSameEventAgainIsNovelAgain) {
  See(0, "1.1.1.1");
  EXPECT_EQ(See(200, "3.3.3.3"), kNovel);
  EXPECT_EQ(See(200, "3.3.3.3"), kNovel);
  // And one that happened before it, but came later.
  EXPECT_EQ(See(150, "3.3.3.3"), kNovel);
  EXPECT_EQ(See(151, "3.3.3.3"), "null");
}

TEST_F(NoveltyTest, WhatWasNotSeenForLongIsNewAgain) {
  See(0, "1.1.1.1");
  EXPECT_EQ(See(900, "1.1.1.1"), "null");
  EXPECT_EQ(See(1901, "1.1.1.1"), kNovel);
}

TEST_F(NoveltyTest, LearningUntilIsADate) {
  BaselineOptions options = Destinations();
  options.learning_until = At(50);
  Use({options});
  EXPECT_EQ(See(49, "1.1.1.1"), "null");
  EXPECT_EQ(See(50, "2.2.2.2"), kNovel);
}

TEST_F(NoveltyTest, NeedsTheWholeTuple) {
  EXPECT_EQ(See(0, "1.1.1.1"), "null");
  EXPECT_EQ(See(200, ""), "null");
  EXPECT_EQ(novelty_->stats()[0].incomplete, 1u);
}

TEST_F(NoveltyTest, TakesOnlyEventsOfItsCondition) {
  BaselineOptions options = Destinations();
  options.learning_period = 0;
  options.when = [](const event::Event& event) {
    return event.Text(field::kDestinationIp) != "9.9.9.9";
  };
  Use({options});
  EXPECT_EQ(See(0, "1.1.1.1"), kNovel);
  EXPECT_EQ(See(1, "9.9.9.9"), "null");
}

TEST_F(NoveltyTest, IsBoundedLongestUnseenFirst) {
  See(0, "keep");
  for (int i = 0; i < 1000; ++i) {
    See(200 + i, absl::StrCat("10.0.0.", i));
    See(200 + i, "keep");
  }
  EXPECT_EQ(novelty_->stats()[0].tuples, 10u);
  EXPECT_EQ(novelty_->stats()[0].evicted, 991u);
  EXPECT_EQ(See(1201, "keep"), "null");
}

TEST_F(NoveltyTest, SurvivesExportAndImport) {
  See(0, "1.1.1.1");
  See(200, "3.3.3.3");
  const auto states = novelty_->Export();
  ASSERT_EQ(states.size(), 1u);
  ASSERT_EQ(states[0].tuples.size(), 2u);
  EXPECT_EQ(states[0].tuples[0].values, (std::vector<std::string>{"web-1", "nginx", "1.1.1.1"}));
  Use({Destinations()});
  novelty_->Import(states);
  EXPECT_EQ(See(201, "1.1.1.1"), "null");
  EXPECT_EQ(See(202, "3.3.3.3"), "null");
  EXPECT_EQ(See(203, "4.4.4.4"), kNovel);
}

TEST_F(NoveltyTest, TuplesThatReadAlikeAreApart) {
  BaselineOptions options = Destinations();
  options.learning_period = 0;
  options.fields = {field::kHostName, field::kDestinationIp};
  Use({options});
  EXPECT_EQ(See(0, "bc", "a"), kNovel);
  EXPECT_EQ(See(1, "c", "ab"), kNovel);
}

}  // namespace
}  // namespace sequitur::enrich
