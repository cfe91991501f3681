#include "pipeline/canaries.h"

#include <deque>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pipeline/canary_record.h"
#include "pipeline/forwarded_input.h"
#include "testing/temp_folder.h"

namespace sequitur::pipeline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr char kChain[] = R"(
- id: chain
  name: Two steps
  suppress: {by: [host.id], for: 1h}
  query: |
    sequence by host.id with maxspan=1m
      [process where process.name == "a"]
      [process where process.name == "b"] | head 1
  tests:
    - name: quiet on one
      events: [{event.category: process, process.name: a}]
      expect: 0
    - name: fires on both
      events:
        - {event.category: process, process.name: a}
        - {event.category: process, process.name: b}
      expect: 1
)";
constexpr char kNamed[] = R"(
- id: named
  name: On one host only
  query: process where process.name == "c" and host.name == "web-1"
  tests:
    - {name: fires, events: [{event.category: process, process.name: c, host: web-1}], expect: 1}
)";
constexpr char kDead[] = R"(
- id: dead
  name: Finds nothing
  query: process where process.name == "d"
  tests:
    - {name: fires, events: [{event.category: process, process.name: x}], expect: 1}
)";
constexpr char kUntested[] = R"(
- {id: untested, name: Untested, query: any where true}
)";

// Keeps what is written until somebody acknowledges it.
class FakeProducer final : public bus::Producer {
 public:
  struct Written {
    std::string topic, key, value;
    int32_t partition;
    uint64_t token;
  };

  void OnAcknowledged(Acknowledged acknowledged) override {
    acknowledged_ = std::move(acknowledged);
  }
  absl::Status Produce(const bus::OutgoingRecord& record, uint64_t token) override {
    if (!failure.ok()) return failure;
    written.push_back({std::string(record.topic), std::string(record.key),
                       std::string(record.value), record.partition, token});
    waiting_.push_back(token);
    return absl::OkStatus();
  }
  absl::Status Poll(absl::Duration) override {
    for (; takes && !waiting_.empty(); waiting_.pop_front()) acknowledged_(waiting_.front());
    return failure;
  }
  absl::Status Flush(absl::Duration timeout) override { return Poll(timeout); }
  size_t outstanding() const override { return waiting_.size(); }
  uint64_t refusals() const override { return 0; }
  std::string last_refusal() const override { return ""; }

  std::vector<Written> written;
  bool takes = true;
  absl::Status failure;

 private:
  Acknowledged acknowledged_;
  std::deque<uint64_t> waiting_;
};

class CanariesTest : public ::testing::Test {
 protected:
  static constexpr absl::Duration kEvery = absl::Seconds(10);

  std::shared_ptr<const Site> Load(absl::string_view rules, absl::string_view placement) {
    std::ofstream(folder_ / "rules.yaml") << rules;
    std::ofstream(folder_ / "sequitur.yaml")
        << "canaries: {enabled: true, every: 10s}\n"
        << "kafka: {events_topic: events, canary_topic: canaries, placement: " << placement
        << "}\n";
    SiteOptions options;
    options.config_path = folder_ / "sequitur.yaml";
    options.rule_paths = {folder_ / "rules.yaml"};
    auto loaded = Site::Load(options);
    EXPECT_NE(loaded.site, nullptr);
    return std::move(loaded.site);
  }
  void Start(absl::string_view rules, absl::string_view placement = "shuffle") {
    site_ = Load(rules, placement);
    canaries_ = NewWorker();
  }
  // And has partition 0 given its first canaries.
  void StartAndInject(absl::string_view rules) {
    Start(rules);
    canaries_->Begin(0, now_);
    Pass(absl::Milliseconds(50));
  }
  std::unique_ptr<Canaries> NewWorker() {
    auto producer = std::make_unique<FakeProducer>();
    producer_ = producer.get();
    return std::make_unique<Canaries>(site_, std::move(producer));
  }

  // Lets time pass, as the worker does between two polls.
  void Pass(absl::Duration duration) {
    for (const absl::Time until = now_ + duration; now_ < until; now_ += absl::Milliseconds(50)) {
      canaries_->Tick(now_);
    }
  }
  // What was written to a topic since the last look at it.
  std::vector<FakeProducer::Written> Take(absl::string_view topic) {
    std::vector<FakeProducer::Written> taken, rest;
    for (auto& one : producer_->written) (one.topic == topic ? taken : rest).push_back(one);
    producer_->written = rest;
    return taken;
  }
  void GiveBack(const FakeProducer::Written& written, int32_t partition) {
    const bus::TopicPartition at = {"events", partition};
    bus::Record record;
    record.at = &at;
    record.offset = 42;
    record.value = written.value;
    canaries_->Read(record, now_);
  }
  void GiveBackAll() {
    for (const auto& one : Take("events")) GiveBack(one, one.partition);
  }
  metrics::CanaryReport Of(const std::string& rule) { return canaries_->Report().rules.at(rule); }

  sequitur::testing::TempFolder folder_;
  std::shared_ptr<const Site> site_;
  FakeProducer* producer_ = nullptr;
  std::unique_ptr<Canaries> canaries_;
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
};

TEST_F(CanariesTest, PutsEachRulesChainOnEachPartition) {
  Start(absl::StrCat(kChain, kNamed));
  canaries_->Begin(3, now_);
  canaries_->Begin(5, now_);
  Pass(kEvery);
  std::vector<int32_t> partitions;
  for (const auto& one : Take("events")) {
    EXPECT_TRUE(IsCanary(one.value));
    EXPECT_EQ(one.key, "");
    partitions.push_back(one.partition);
  }
  EXPECT_THAT(partitions, ::testing::UnorderedElementsAre(3, 3, 5, 5));
  EXPECT_EQ(Of("chain").injected, 2);
  EXPECT_EQ(Of("named").injected, 2);
}

TEST_F(CanariesTest, WhatComesBackIsAnAlertOfItsOwnTopicAndMode) {
  Start(kChain);
  canaries_->Begin(3, now_);
  Pass(absl::Seconds(1));
  GiveBackAll();
  const auto alerts = Take("canaries");
  ASSERT_THAT(alerts, SizeIs(1));
  EXPECT_EQ(alerts[0].key, "sequitur-canary-3");
  EXPECT_THAT(alerts[0].value,
              AllOf(HasSubstr(R"("mode":"canary")"), HasSubstr(R"("name":"sequitur-canary-3")"),
                    HasSubstr(R"("id":"chain")"), HasSubstr(R"("host.id":"sequitur-canary-3")"),
                    HasSubstr(R"("topic":"events","partition":3,"offset":42)")));
  EXPECT_FALSE(absl::StrContains(alerts[0].value, "test-host"));
  // It ends now.
  EXPECT_THAT(alerts[0].value, HasSubstr("\"@timestamp\":\"2027-01-15T08:00:01"));
}

TEST_F(CanariesTest, IsDetectedWhenItsAlertIsAcknowledged) {
  StartAndInject(kChain);
  Pass(absl::Seconds(2));
  producer_->takes = false;
  GiveBackAll();
  Pass(absl::Seconds(1));
  EXPECT_EQ(Of("chain").detected, 0);
  producer_->takes = true;
  Pass(absl::Milliseconds(50));
  const metrics::CanaryReport report = Of("chain");
  EXPECT_EQ(report.detected, 1);
  EXPECT_NEAR(report.last_delay, 3.0, 0.2);
  EXPECT_NEAR(report.last_detected, absl::ToDoubleSeconds(now_ - absl::UnixEpoch()), 0.2);
  EXPECT_NEAR(canaries_->Report().delay.sum, 3.0, 0.2);
}

// Suppression and `| head` are of an engine, and each chain has its own.
TEST_F(CanariesTest, EveryRoundIsDetected) {
  Start(kChain);
  canaries_->Begin(0, now_);
  for (int round = 0; round < 3; ++round) {
    Pass(absl::Milliseconds(50));
    GiveBackAll();
    Pass(kEvery - absl::Milliseconds(50));
  }
  EXPECT_EQ(Of("chain").injected, 3);
  EXPECT_EQ(Of("chain").detected, 3);
  EXPECT_THAT(Of("chain").missing_on, IsEmpty());
}

TEST_F(CanariesTest, ATestThatNamesAHostKeepsIt) {
  StartAndInject(kNamed);
  GiveBackAll();
  EXPECT_THAT(Take("canaries"),
              ElementsAre(::testing::Field(&FakeProducer::Written::key, "sequitur-canary-0")));
}

TEST_F(CanariesTest, IsMissedWhenTheNextIsDueAndSaysWhereItGotStuck) {
  Start(absl::StrCat(kChain, kDead));
  canaries_->Begin(0, now_);
  canaries_->Begin(1, now_);
  Pass(kEvery - absl::Milliseconds(50));
  EXPECT_THAT(Of("chain").missed,
              ElementsAre(Pair("no_alert", 0), Pair("not_read", 0), Pair("not_written", 0)));
  for (const auto& one : Take("events")) {
    if (one.partition == 1) GiveBack(one, 1);
  }
  Pass(kEvery);
  EXPECT_THAT(Of("chain").missed,
              ElementsAre(Pair("no_alert", 0), Pair("not_read", 1), Pair("not_written", 0)));
  EXPECT_THAT(Of("chain").missing_on, ElementsAre(0));
  EXPECT_THAT(Of("dead").missed,
              ElementsAre(Pair("no_alert", 1), Pair("not_read", 1), Pair("not_written", 0)));
  EXPECT_THAT(Of("dead").missing_on, ElementsAre(0, 1));
  GiveBackAll();
  Pass(kEvery);
  EXPECT_THAT(Of("chain").missing_on, IsEmpty());
}

TEST_F(CanariesTest, WithBrokersThatTakeNothingNothingPilesUp) {
  Start(kChain);
  canaries_->Begin(0, now_);
  producer_->takes = false;
  Pass(absl::Milliseconds(50));
  GiveBackAll();
  Pass(200 * kEvery);
  EXPECT_LE(producer_->outstanding(), Canaries::kMaxOutstanding + 1);
  EXPECT_EQ(Of("chain").detected, 0);
  EXPECT_EQ(Of("chain").missed.at("not_written"), 1);
  EXPECT_GT(Of("chain").missed.at("not_read"), 150);
}

TEST_F(CanariesTest, AProducerThatFailedForGoodEndsCanariesAndNothingElse) {
  StartAndInject(kChain);
  producer_->failure = absl::InternalError("fenced");
  Pass(2 * kEvery);
  EXPECT_EQ(Of("chain").injected, 1);
  EXPECT_EQ(Of("chain").missed.at("not_read"), 2);
}

TEST_F(CanariesTest, OneOfAnotherOwnerOrAnEarlierRunIsPassedOver) {
  StartAndInject(kChain);
  const auto before = Take("events");
  const auto earlier = std::move(canaries_);
  canaries_ = NewWorker();
  canaries_->Begin(0, now_);
  Pass(absl::Milliseconds(50));
  const auto own = Take("events");
  for (const auto& one : before) GiveBack(one, 0);
  EXPECT_THAT(Take("canaries"), IsEmpty());
  ASSERT_THAT(own, SizeIs(1));
  GiveBack(own[0], 1);  // not where it was put
  EXPECT_THAT(Take("canaries"), IsEmpty());
  GiveBack(own[0], 0);
  EXPECT_THAT(Take("canaries"), SizeIs(1));
  Pass(absl::Milliseconds(50));
  GiveBack(own[0], 0);  // read again
  EXPECT_THAT(Take("canaries"), IsEmpty());
  EXPECT_EQ(Of("chain").detected, 1);
}

TEST_F(CanariesTest, APartitionThatIsGivenAwayMissesNothing) {
  StartAndInject(kChain);
  canaries_->End(0);
  GiveBackAll();
  Pass(2 * kEvery);
  EXPECT_THAT(producer_->written, IsEmpty());
  EXPECT_EQ(Of("chain").injected, 1);
  EXPECT_EQ(Of("chain").missed.at("not_read"), 0);
}

TEST_F(CanariesTest, OtherRulesHaveOtherCanaries) {
  StartAndInject(kChain);
  canaries_->Adopt(Load(absl::StrCat(kChain, kNamed, kUntested), "shuffle"), now_);
  GiveBackAll();  // of the rules before
  Pass(kEvery - absl::Milliseconds(100));
  GiveBackAll();
  Pass(absl::Milliseconds(50));
  EXPECT_EQ(Of("chain").injected, 2);
  EXPECT_EQ(Of("chain").detected, 1);
  EXPECT_EQ(Of("chain").missed.at("not_read"), 0);
  EXPECT_EQ(Of("named").detected, 1);
  EXPECT_EQ(Of("untested").none, "no test with `events` expects an alert");
}

TEST_F(CanariesTest, WithKeyedTopicsNothingIsWrittenButTheAlert) {
  Start(kChain, "keyed");
  canaries_->Begin(2, now_);
  Pass(absl::Milliseconds(100));
  EXPECT_THAT(producer_->written,
              ElementsAre(::testing::Field(&FakeProducer::Written::topic, "canaries")));
  EXPECT_EQ(Of("chain").detected, 1);
}

TEST_F(CanariesTest, AnEngineNeverSeesOne) {
  StartAndInject(kChain);
  SourceNames sources;
  WorkerStats stats;
  const auto records = Take("events");
  ASSERT_THAT(records, SizeIs(1));
  const bus::TopicPartition at = {"events", 0};
  bus::Record record;
  record.at = &at;
  record.value = records[0].value;
  event::Event event(site_->projection());
  int seen = 0;
  const auto read = [&](Canaries* canaries, bool live) {
    ForwardedInput input(*site_, sources, canaries, stats);
    input.Read(record, live, event, [&](event::Event&) { ++seen; });
  };
  read(nullptr, /*live=*/true);  // canaries were switched off meanwhile
  read(canaries_.get(), /*live=*/false);
  EXPECT_THAT(Take("canaries"), IsEmpty());
  read(canaries_.get(), /*live=*/true);
  EXPECT_THAT(Take("canaries"), SizeIs(1));
  EXPECT_EQ(seen, 0);
  EXPECT_EQ(stats.passed_over, 2);
  EXPECT_EQ(stats.undecodable, 0);
}

// A site without nginx proves with httpd's test that the rule is alive.
TEST_F(CanariesTest, AChainIsTheFirstTestThatFindsSomethingHere) {
  const auto site = Load(absl::StrCat(kDead, R"(
- id: second
  name: By its second test
  query: process where process.name == "e"
  tests:
    - {name: not here, events: [{event.category: process, process.name: x}], expect: 1}
    - {name: here, events: [{event.category: process, process.name: e, repeat: 2}], expect: 2}
    - {name: also, events: [{event.category: process, process.name: e, repeat: 3}], expect: 3}
)"),
                         "shuffle");
  const CanaryPlan plan = PlanCanaries(*site);
  ASSERT_THAT(plan.chains, SizeIs(2));
  EXPECT_THAT(plan.chains[0].events, SizeIs(1));
  EXPECT_THAT(plan.chains[1].events, SizeIs(2));
  EXPECT_THAT(plan.dead, ElementsAre("dead"));
  EXPECT_THAT(plan.without, IsEmpty());
}

TEST_F(CanariesTest, AChainIsTheFirstTestThatFits) {
  const auto site = Load(R"(
- id: long
  name: Many
  query: process where process.name == "d"
  tests:
    - {name: many, events: [{event.category: process, process.name: d, repeat: 2000}], expect: 2000}
    - {name: one, events: [{event.category: process, process.name: d}], expect: 1}
- id: only-long
  name: Only many
  query: process where process.name == "d"
  tests:
    - {name: many, events: [{event.category: process, process.name: d, repeat: 2000}], expect: 2000}
- id: unreadable
  name: A line that is none
  query: any where true
  tests:
    - {name: odd, events: [{source: nginx-access, line: "no request"}], expect: 1}
)",
                         "shuffle");
  const CanaryPlan plan = PlanCanaries(*site);
  ASSERT_THAT(plan.chains, SizeIs(1));
  EXPECT_EQ(plan.chains[0].rule, "long");
  EXPECT_THAT(plan.chains[0].events, SizeIs(1));
  EXPECT_THAT(plan.without.at("only-long"), "test 'many' has more than 1000 events or 256 KiB");
  EXPECT_THAT(plan.without.at("unreadable"), HasSubstr("event 1: "));
}

}  // namespace
}  // namespace sequitur::pipeline
