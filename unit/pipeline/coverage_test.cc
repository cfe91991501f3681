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
- id: flows
  name: Any flow
  query: network where destination.port == 23
)";
    SiteOptions options;
    options.config_path = folder_ / "sequitur.yaml";
    std::ofstream(options.config_path) << "lateness: 10m\n";
    options.rule_paths = {folder_ / "rules.yaml"};
    site_ = Site::Load(options).site;
    coverage_ = std::make_unique<Coverage>(*site_->rules(), site_->fields(), absl::Minutes(10));
  }

  void Sees(event::HostId host, absl::string_view category, int minute, int pid = 0,
            absl::string_view flag = "") {
    event::Event event(site_->projection());
    event.host = host;
    event.time = event.record_time = kStart + minute * 60 * event::kSecond;
    event.SetString(event::field::kEventCategory, category);
    if (pid != 0) event.SetInt(event::field::kProcessPid, pid);
    if (!flag.empty()) {
      event.Append(event::field::kSequiturFlags, event::Value::String(flag));
    }
    coverage_->Observe(event);
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
  const auto& lacking = summary.lacking[static_cast<size_t>(site_->rules()->Find("chain"))];
  EXPECT_EQ(lacking[Coverage::kProcess], 1);
  EXPECT_EQ(lacking[Coverage::kFile], 0);
  ASSERT_EQ(coverage_->Gaps(10).size(), 1);
  EXPECT_EQ(coverage_->Gaps(10)[0].host, kWeb);
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

TEST_F(CoverageTest, ALossIsRememberedForAWindow) {
  Sees(kWeb, "web", 0, 0, Coverage::kLossFlag);
  Sees(kWeb, "web", 10);
  EXPECT_TRUE(coverage_->HasLost(kWeb));
  Sees(kWeb, "web", 11);
  EXPECT_FALSE(coverage_->HasLost(kWeb));
}

}  // namespace
}  // namespace sequitur::pipeline
