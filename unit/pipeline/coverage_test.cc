#include "pipeline/coverage.h"

#include <fstream>
#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pipeline/site.h"
#include "testing/temp_folder.h"

namespace sequitur::pipeline {
namespace {

constexpr event::TimeNs kStart = 1'800'000'000 * event::kSecond;
constexpr event::HostId kWeb = 1, kLaptop = 2;

class CoverageTest : public ::testing::Test {
 protected:
  CoverageTest() {
    std::ofstream(folder_ / "rules.yaml") << R"(
- id: chain
  name: Web, then process, then flow of that process
  query: |
    sequence by host.id with maxspan=1m
      [web where url.path != null] [process where process.name == "sh"]
      [network where process.name == "sh"]
- id: spawn
  name: Web, then a process or a file of PHP
  query: |
    sequence by host.id with maxspan=1m
      [web where url.path != null]
      [any where process.name == "php" and
        (event.category == "process" or (event.category == "file" and file.path != null))]
      [any where event.category == "network" and destination.port == 23]
- id: anything
  name: Whatever it is
  query: any where user.name == "root"
- id: requests
  name: Any request
  query: web where url.path != null
- id: flows
  name: Any flow
  query: network where destination.port == 23
)";
    SiteOptions options;
    options.config_path = folder_ / "sequitur.yaml";
    std::ofstream(options.config_path) << "lateness: 10m\n";
    options.rule_paths = {folder_ / "rules.yaml"};
    site_ = Site::Load(options).site;
    coverage_ = std::make_unique<Coverage>(*site_->rules(), site_->fields(),
                                           CoverageOptions{absl::Minutes(10), absl::Minutes(5)});
  }

  struct Seen {
    int pid = 0;
    absl::string_view flag = "";
    int old = 0;  // minutes, on arrival
    uint32_t source = 0;
  };
  void Sees(event::HostId host, absl::string_view category, int minute, Seen seen) {
    event::Event event(site_->projection());
    event.host = host;
    event.record_time = kStart + minute * 60 * event::kSecond;
    event.time = event.record_time - seen.old * 60 * event::kSecond;
    event.position.source = seen.source;
    event.SetString(event::field::kEventCategory, category);
    if (seen.pid != 0) event.SetInt(event::field::kProcessPid, seen.pid);
    if (!seen.flag.empty()) {
      event.Append(event::field::kSequiturFlags, event::Value::String(seen.flag));
    }
    coverage_->Observe(event);
  }
  void Sees(event::HostId host, absl::string_view category, int minute, int pid = 0) {
    Sees(host, category, minute, {.pid = pid});
  }
  std::vector<std::string> Lacks(absl::string_view rule, event::HostId host) {
    const auto kinds = coverage_->Lacks(static_cast<uint32_t>(site_->rules()->Find(rule)), host);
    std::vector<std::string> names;
    for (size_t kind = 0; kind < Coverage::kKinds; ++kind) {
      if (kinds[kind]) {
        names.emplace_back(Coverage::Name(static_cast<Coverage::Telemetry>(kind)));
      }
    }
    return names;
  }
  std::vector<std::string> Degraded(absl::string_view rule, event::HostId host) {
    const auto reasons =
        coverage_->Degraded(static_cast<uint32_t>(site_->rules()->Find(rule)), host);
    std::vector<std::string> names;
    for (size_t reason = 0; reason < Coverage::kReasons; ++reason) {
      if (reasons[reason]) {
        names.emplace_back(Coverage::Name(static_cast<Coverage::Reason>(reason)));
      }
    }
    return names;
  }

  testing::TempFolder folder_;
  std::unique_ptr<const Site> site_;
  std::unique_ptr<Coverage> coverage_;
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(CoverageTest, NothingIsLackingBeforeAWindowHasPassed) {
  Sees(kWeb, "web", 0);
  Sees(kWeb, "web", 9);
  EXPECT_THAT(Lacks("chain", kWeb), IsEmpty());
  Sees(kWeb, "web", 11);
  EXPECT_THAT(Lacks("chain", kWeb), ElementsAre("process", "network"));
}

TEST_F(CoverageTest, WhatStopsIsLackingAndWhatComesBackIsNot) {
  Sees(kWeb, "process", 0);
  Sees(kWeb, "network", 0, 17);
  Sees(kWeb, "web", 10);
  EXPECT_THAT(Lacks("chain", kWeb), IsEmpty());
  Sees(kWeb, "web", 11);
  EXPECT_THAT(Lacks("chain", kWeb), ElementsAre("process", "network"));
  Sees(kWeb, "process", 12);
  EXPECT_THAT(Lacks("chain", kWeb), ElementsAre("network"));
}

TEST_F(CoverageTest, FlowsWithoutAPidAreNotEnoughWhereTheProcessIsRead) {
  Sees(kWeb, "web", 0);
  Sees(kWeb, "web", 20);
  Sees(kWeb, "process", 20);
  Sees(kWeb, "network", 20);
  EXPECT_THAT(Lacks("chain", kWeb), ElementsAre("network_pid"));
  EXPECT_THAT(Lacks("flows", kWeb), IsEmpty());
  Sees(kWeb, "network", 20, 17);
  EXPECT_THAT(Lacks("chain", kWeb), IsEmpty());
}

TEST_F(CoverageTest, OneOfTheKindsThatAnAnyStageCanBeTrueOfIsEnough) {
  Sees(kWeb, "web", 0);
  Sees(kWeb, "web", 20);
  EXPECT_THAT(Lacks("spawn", kWeb), ElementsAre("process", "file", "network"));
  Sees(kWeb, "file", 20);
  Sees(kWeb, "network", 20);
  EXPECT_THAT(Lacks("spawn", kWeb), IsEmpty());
  EXPECT_THAT(Lacks("anything", kWeb), IsEmpty());
  for (int i = 0; i < 3; ++i) Sees(kWeb, "process", 20, {.old = 60, .source = 1});
  EXPECT_THAT(Degraded("spawn", kWeb), ElementsAre("late_process"));
  EXPECT_THAT(Degraded("anything", kWeb), ElementsAre("late_process"));
}

TEST_F(CoverageTest, ARuleDoesNotConcernHostsThatNeverSentItsFirstStep) {
  Sees(kLaptop, "process", 0);
  Sees(kLaptop, "process", 20);
  EXPECT_THAT(Lacks("chain", kLaptop), IsEmpty());
}

TEST_F(CoverageTest, SummaryCountsActiveHostsByRule) {
  Sees(kWeb, "web", 0);
  Sees(kLaptop, "process", 0);
  Sees(kWeb, "web", 20);
  const Coverage::Summary summary = coverage_->Summarise();
  EXPECT_EQ(summary.active_hosts, 1);  // the laptop is silent
  EXPECT_EQ(summary.hosts_with_gaps, 1);
  const auto& chain = summary.rules[static_cast<size_t>(site_->rules()->Find("chain"))];
  EXPECT_EQ(chain.lacking[Coverage::kProcess], 1);
  EXPECT_EQ(chain.lacking[Coverage::kFile], 0);
  EXPECT_EQ(chain.degraded[Coverage::kTimeZoneAssumed], 0);
  ASSERT_EQ(coverage_->Gaps(10).size(), 1);
  EXPECT_EQ(coverage_->Gaps(10)[0].host, kWeb);
  EXPECT_EQ(coverage_->Gaps(10)[0].seen[Coverage::kProcess], event::kNoTime);
}

TEST_F(CoverageTest, AMergedHostHasWhatBothSent) {
  Sees(kWeb, "web", 0);
  Sees(kLaptop, "process", 15);
  Sees(kLaptop, "network", 15, 17);
  Sees(kWeb, "web", 20);
  coverage_->MergeHosts(kLaptop, kWeb);
  EXPECT_THAT(Lacks("chain", kWeb), IsEmpty());
  EXPECT_EQ(coverage_->Summarise().active_hosts, 1);
}

TEST_F(CoverageTest, ALossIsRememberedForAWindowByRulesThatNeedTheSensor) {
  Sees(kWeb, "web", 0, {.flag = Coverage::kLossFlag});
  Sees(kWeb, "web", 10);
  EXPECT_THAT(Degraded("chain", kWeb), ElementsAre("es_sequence_gap"));
  EXPECT_THAT(Degraded("requests", kWeb), IsEmpty());
  Sees(kWeb, "web", 11);
  EXPECT_THAT(Degraded("chain", kWeb), IsEmpty());
}

TEST_F(CoverageTest, TimesWithoutAZoneConcernRulesOfTheirKind) {
  Sees(kWeb, "web", 0);
  Sees(kWeb, "process", 0, {.flag = Coverage::kZoneFlag});
  EXPECT_THAT(Degraded("chain", kWeb), ElementsAre("time_zone_assumed"));
  EXPECT_THAT(Degraded("requests", kWeb), IsEmpty());
  Sees(kWeb, "web", 0, {.flag = Coverage::kZoneFlag});
  EXPECT_THAT(Degraded("requests", kWeb), ElementsAre("time_zone_assumed"));
  const auto& rules = coverage_->Summarise().rules;
  EXPECT_EQ(rules[static_cast<size_t>(site_->rules()->Find("chain"))]
                .degraded[Coverage::kTimeZoneAssumed],
            1);
}

TEST_F(CoverageTest, ASourceThatFellBehindIsLateUntilAWindowAfterItHasCaughtUp) {
  constexpr uint32_t kAccess = 1, kSensor = 2;
  for (int i = 0; i < 3; ++i) {
    Sees(kWeb, "web", 0, {.source = kAccess});
    Sees(kWeb, "process", 0, {.old = 6, .source = kSensor});
  }
  EXPECT_THAT(Degraded("chain", kWeb), ElementsAre("late_process"));
  EXPECT_THAT(Degraded("requests", kWeb), IsEmpty());
  EXPECT_EQ(coverage_->Gaps(10).size(), 1);
  for (int i = 0; i < 40; ++i) Sees(kWeb, "process", 10, {.source = kSensor});
  EXPECT_THAT(Degraded("chain", kWeb), ElementsAre("late_process"));
  Sees(kWeb, "process", 11, {.source = kSensor});
  EXPECT_THAT(Degraded("chain", kWeb), IsEmpty());
}

TEST_F(CoverageTest, OneLateSourceOfAKindIsNotHiddenByAnotherInTime) {
  constexpr uint32_t kAccess = 1, kErrors = 2;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 100; ++j) Sees(kWeb, "web", 0, {.source = kAccess});
    Sees(kWeb, "web", 0, {.old = 120, .source = kErrors});
  }
  EXPECT_THAT(Degraded("requests", kWeb), ElementsAre("late_web"));
}

TEST_F(CoverageTest, AnOldEventNowAndThenMakesNoSourceLate) {
  for (int i = 0; i < 10; ++i) {
    for (int j = 0; j < 30; ++j) Sees(kWeb, "web", i);
    Sees(kWeb, "web", i, {.old = 60});
    EXPECT_THAT(Degraded("requests", kWeb), IsEmpty());
  }
}

TEST_F(CoverageTest, WhatIsMerelySilentIsNotLate) {
  Sees(kWeb, "process", 0);
  for (int minute = 0; minute < 10; ++minute) Sees(kWeb, "web", minute);
  EXPECT_THAT(Degraded("chain", kWeb), IsEmpty());
  Sees(kWeb, "web", 11);
  EXPECT_THAT(Lacks("chain", kWeb), ElementsAre("process", "network"));
}

TEST_F(CoverageTest, OfManySourcesTheOneLongestSilentIsForgotten) {
  Sees(kWeb, "web", 0, {.source = 1});
  for (int i = 0; i < 3; ++i) Sees(kWeb, "web", 0, {.old = 60, .source = 0});
  for (uint32_t source = 1; source < Coverage::kMaxSources; ++source) {
    Sees(kWeb, "web", 1, {.source = source});
  }
  EXPECT_THAT(Degraded("requests", kWeb), ElementsAre("late_web"));
  Sees(kWeb, "web", 1, {.source = Coverage::kMaxSources});
  EXPECT_THAT(Degraded("requests", kWeb), IsEmpty());
}

}  // namespace
}  // namespace sequitur::pipeline
