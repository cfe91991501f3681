#include "pipeline/needed_events.h"

#include <fstream>
#include <memory>
#include <random>

#include "eql/may_match.h"
#include "gtest/gtest.h"
#include "testing/temp_folder.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;

constexpr event::TimeNs kStart = 1'800'000'000 * event::kSecond;

class NeededEventsTest : public ::testing::Test {
 protected:
  NeededEventsTest() {
    std::ofstream(folder_ / "rules.yaml") << R"(
- id: chain
  name: Chain
  query: |
    sequence by host.id with maxspan=1m
      [web where sequitur.indicators != null and event.type == "access"]
      [any where http.response.status_code >= 500 or sequitur.lineage.service == "php-fpm"]
      [network where network.direction == "egress" and not sequitur.service.expected_egress == true]
)";
    std::ofstream(folder_ / "indicators.yaml")
        << "indicators: [{name: traversal, description: d, target: ['[.][.]/']}]";
    std::ofstream(folder_ / "sequitur.yaml") << "indicators: indicators.yaml\n";
    SiteOptions options;
    options.config_path = folder_ / "sequitur.yaml";
    options.rule_paths = {folder_ / "rules.yaml"};
    auto loaded = Site::Load(options);
    for (const Diagnostic& problem : loaded.diagnostics) ADD_FAILURE() << problem.ToString();
    site_ = std::move(loaded.site);
    needed_ = std::make_unique<NeededEvents>(*site_);
    event_ = std::make_unique<event::Event>(site_->projection());
    // What a host sends first of each kind goes on.
    for (const char* category : {"web", "process", "file", "network", "other"}) {
      New(category, 0);
      EXPECT_TRUE(needed_->Needs(*event_));
    }
  }

  void New(const char* category, int second) {
    event_->Reset();
    event_->host = 1;
    event_->time = kStart + second * event::kSecond;
    event_->SetString(field::kEventCategory, category);
  }
  void NewRequest(const char* target, int status, int second = 1) {
    New("web", second);
    event_->SetString(field::kEventType, "access");
    event_->SetString(field::kUrlOriginal, target);
    event_->SetInt(field::kHttpResponseStatusCode, status);
  }

  testing::TempFolder folder_;
  std::unique_ptr<const Site> site_;
  std::unique_ptr<NeededEvents> needed_;
  std::unique_ptr<event::Event> event_;
};

TEST_F(NeededEventsTest, OrdinaryRequestsAreNotNeeded) {
  NewRequest("/index.html", 200);
  EXPECT_FALSE(needed_->Needs(*event_));
  NewRequest("/a/../../etc/passwd", 404);
  EXPECT_TRUE(needed_->Needs(*event_));
  NewRequest("/index.html", 502);
  EXPECT_TRUE(needed_->Needs(*event_));
}

TEST_F(NeededEventsTest, WhatNamesAProcessIsNeeded) {
  New("file", 1);
  event_->SetInt(field::kProcessPid, 12);
  EXPECT_TRUE(needed_->Needs(*event_));
  New("process", 1);
  EXPECT_TRUE(needed_->Needs(*event_));
}

TEST_F(NeededEventsTest, FlowsAreNeededWhereTheyGoOut) {
  for (const auto& [destination, needed] :
       {std::pair("10.1.2.3", false), std::pair("45.33.32.156", true)}) {
    New("network", 1);
    event_->SetString(field::kSourceIp, "10.0.0.8");
    event_->SetString(field::kDestinationIp, destination);
    EXPECT_EQ(needed_->Needs(*event_), needed) << destination;
  }
}

TEST_F(NeededEventsTest, TheEventStaysAsItCame) {
  NewRequest("/a/../../etc/passwd", 404);
  ASSERT_TRUE(needed_->Needs(*event_));
  EXPECT_FALSE(event_->Has(field::kSequiturIndicators));
  New("network", 1);
  event_->SetString(field::kNetworkDirection, "outbound");
  event_->SetString(field::kSourceIp, "10.1.2.3");
  event_->SetString(field::kDestinationIp, "169.254.169.254");
  event_->Append(field::kSequiturFlags, event::Value::String("time_zone_assumed"));
  needed_->Needs(*event_);
  EXPECT_EQ(event_->Text(field::kNetworkDirection), "outbound");
  ASSERT_EQ(event_->Get(field::kSequiturFlags).elements().size(), 1u);
  EXPECT_EQ(event_->Get(field::kSequiturFlags).elements()[0].text(), "time_zone_assumed");
}

TEST_F(NeededEventsTest, OneOfAKindGoesOnEveryHeartbeat) {
  NewRequest("/index.html", 200, 29);
  EXPECT_FALSE(needed_->Needs(*event_));
  NewRequest("/index.html", 200, 30);
  EXPECT_TRUE(needed_->Needs(*event_));
  NewRequest("/index.html", 200, 31);
  EXPECT_FALSE(needed_->Needs(*event_));
  event_->host = 2;
  EXPECT_TRUE(needed_->Needs(*event_));
  needed_->ForgetHost(1);
  NewRequest("/index.html", 200, 32);
  EXPECT_TRUE(needed_->Needs(*event_));
}

TEST_F(NeededEventsTest, EachSourceHasItsHeartbeatWithAndWithoutAZone) {
  const auto needs = [&](uint32_t source, bool has_zone, int second) {
    New("web", second);
    event_->position.source = source;
    if (!has_zone) {
      event_->Append(field::kSequiturFlags, event::Value::String(Coverage::kZoneFlag));
    }
    return needed_->Needs(*event_);
  };
  EXPECT_TRUE(needs(7, true, 0));
  EXPECT_TRUE(needs(7, false, 0));
  EXPECT_FALSE(needs(7, true, 1));
  EXPECT_FALSE(needs(7, false, 1));
  // A source that is an hour behind is not held against one that is not.
  EXPECT_TRUE(needs(8, true, -3600));
  EXPECT_FALSE(needs(8, true, -3590));
  EXPECT_TRUE(needs(8, true, -3570));
}

TEST_F(NeededEventsTest, ALossIsAlwaysTold) {
  NewRequest("/index.html", 200);
  event_->Append(field::kSequiturFlags, event::Value::String(Coverage::kLossFlag));
  EXPECT_TRUE(needed_->Needs(*event_));
}

// Random conditions over fields that are known and fields that are set later: what
// matches in the end was never ruled out before.
TEST(MayMatchTest, NeverRulesOutWhatMatches) {
  std::mt19937 random(5);
  const auto pick = [&](size_t n) { return static_cast<size_t>(random() % n); };
  const char* const known[] = {"a.k", "b.k"};
  const char* const open[] = {"a.o", "b.o"};
  std::function<std::string(int)> condition = [&](int depth) -> std::string {
    if (depth == 0 || pick(4) == 0) {
      const std::string name = pick(2) == 0 ? known[pick(2)] : open[pick(2)];
      switch (pick(4)) {
        case 0:
          return name + " == " + std::to_string(pick(3));
        case 1:
          return name + " != null";
        case 2:
          return name + " in (0, 1)";
        default:
          return name + " > " + (pick(2) == 0 ? known[pick(2)] : open[pick(2)]);
      }
    }
    switch (pick(3)) {
      case 0:
        return "(" + condition(depth - 1) + " and " + condition(depth - 1) + ")";
      case 1:
        return "(" + condition(depth - 1) + " or " + condition(depth - 1) + ")";
      default:
        return "not (" + condition(depth - 1) + ")";
    }
  };
  const auto no_lists = [](absl::string_view) -> const std::vector<std::string>* {
    return nullptr;
  };
  int ruled_out = 0;
  for (int round = 0; round < 3000; ++round) {
    event::FieldTable fields;
    eql::Program program(fields);
    const std::string text = condition(4);
    const auto compiled = program.CompileCondition(text, no_lists);
    ASSERT_TRUE(compiled.condition.has_value()) << text;
    event::Projection all(fields), later(fields);
    for (event::FieldId id = field::kKnownFields; id < fields.size(); ++id) {
      all.Add(id);
      if (fields.path(id).back() == 'o') later.Add(id);
    }
    const eql::MayMatch may_match(program, later);
    eql::Evaluator before(program), after(program);
    event::Event early(all), late(all);
    for (event::FieldId id = field::kKnownFields; id < fields.size(); ++id) {
      const int64_t value = static_cast<int64_t>(pick(4)) - 1;  // -1: not there
      if (value >= 0) late.SetInt(id, value);
      if (value >= 0 && !later.Has(id)) early.SetInt(id, value);
    }
    before.Begin(early);
    after.Begin(late);
    const bool may = may_match(*compiled.condition, before);
    ruled_out += may ? 0 : 1;
    if (after.Matches(*compiled.condition)) {
      ASSERT_TRUE(may) << text;
    }
  }
  EXPECT_GT(ruled_out, 300);
}

}  // namespace
}  // namespace sequitur::pipeline
