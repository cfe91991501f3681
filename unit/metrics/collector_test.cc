#include "metrics/collector.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::Time Now() { return absl::FromUnixSeconds(1'000'100); }

Report OneStage(WorkerReport worker) {
  Report report;
  report.stages["correlate"] = std::move(worker);
  return report;
}

std::string Text(const Report& report) {
  return ToText(Families(report, {"1.2.3", "2.0.2"}, Now()));
}

TEST(CollectorTest, LagIsTheAgeOfWhatWasReadLastWhileSomethingWaits) {
  WorkerReport worker;
  worker.partitions.push_back({"events", 3, 7, 1'000'040, 1'000'000, false});
  const std::string text = Text(OneStage(worker));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(sequitur_consumer_lag_records{stage="correlate",topic="events",partition="3"} 7)"));
  EXPECT_THAT(text, HasSubstr(R"(partition="3",clock="record"} 60)"));
  EXPECT_THAT(text, HasSubstr(R"(partition="3",clock="event"} 100)"));
}

TEST(CollectorTest, LagIsNothingWhenAllIsRead) {
  WorkerReport worker;
  worker.partitions.push_back({"events", 3, 0, 1'000'040, 1'000'000, false});
  EXPECT_THAT(Text(OneStage(worker)), HasSubstr(R"(partition="3",clock="record"} 0)"));
}

TEST(CollectorTest, WhenAllIsReadTheLagByEventIsItsAgeOnArrival) {
  WorkerReport worker;
  worker.partitions.push_back({"nginx", 3, 0, 1'000'040, 1'000'000, false});
  EXPECT_THAT(Text(OneStage(worker)), HasSubstr(R"(partition="3",clock="event"} 40)"));
}

TEST(CollectorTest, StepsAndTheUseOfTheWindowAreHistograms) {
  WorkerReport worker;
  RuleReport& rule = worker.engine.rules["chain"];
  rule.maxspan = 120;
  rule.step_gaps.resize(2);
  rule.step_gaps[1].Observe(100);
  rule.maxspan_used.Observe(100.0 / 120);
  WorkerReport twice = worker;
  twice.Add(worker);
  const std::string text = Text(OneStage(twice));
  const char* gap = R"(sequitur_rule_step_gap_seconds_bucket{rule="chain",stage=)";
  EXPECT_THAT(text, HasSubstr(absl::StrCat(gap, R"("2",le="60"} 0)")));
  EXPECT_THAT(text, HasSubstr(absl::StrCat(gap, R"("2",le="120"} 2)")));
  EXPECT_THAT(text, Not(HasSubstr(absl::StrCat(gap, R"("1")"))));
  const char* used = R"(sequitur_rule_maxspan_used_ratio_bucket{rule="chain",le=)";
  EXPECT_THAT(text, HasSubstr(absl::StrCat(used, R"("0.8"} 0)")));
  EXPECT_THAT(text, HasSubstr(absl::StrCat(used, R"("0.9"} 2)")));
  EXPECT_THAT(text, HasSubstr(R"(sequitur_rule_maxspan_seconds{rule="chain"} 120)"));
}

TEST(CollectorTest, DegradedTelemetryIsToldByReason) {
  WorkerReport worker;
  worker.engine.rules["chain"].hosts_degraded["late_process"] = 2;
  EXPECT_THAT(Text(OneStage(worker)),
              HasSubstr("sequitur_rule_hosts_degraded_telemetry{rule=\"chain\","
                        "reason=\"late_process\"} 2"));
  EXPECT_THAT(Text(OneStage(worker.TotalsOnly())), Not(HasSubstr("late_process")));
}

TEST(CollectorTest, TheFunnelHasAStageForEachStepAndUntil) {
  WorkerReport worker;
  RuleReport& rule = worker.engine.rules["chain"];
  rule.severity = "high";
  rule.mode = "live";
  rule.stage_hits = {9, 4};
  rule.until_hits = 2;
  rule.keyless_hits = {0, 3};
  rule.expired_after = {5, 0};
  rule.matches = 1;
  rule.alerts = 1;
  const std::string text = Text(OneStage(worker));
  EXPECT_THAT(text, HasSubstr(R"(sequitur_rule_stage_hits_total{rule="chain",stage="1"} 9)"));
  EXPECT_THAT(text, HasSubstr(R"(sequitur_rule_stage_hits_total{rule="chain",stage="2"} 4)"));
  EXPECT_THAT(text, HasSubstr(R"(sequitur_rule_stage_hits_total{rule="chain",stage="until"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(sequitur_rule_keyless_hits_total{rule="chain",stage="2"} 3)"));
  EXPECT_THAT(text,
              HasSubstr(R"(sequitur_rule_expired_after_stage_total{rule="chain",stage="1"} 5)"));
  EXPECT_THAT(text,
              HasSubstr(R"(sequitur_alerts_total{rule="chain",severity="high",mode="live"} 1)"));
}

TEST(CollectorTest, ABaselineSaysWhyItForgot) {
  WorkerReport worker;
  BaselineReport& baseline = worker.engine.baselines["peer"];
  baseline.aged = 3;
  baseline.evicted = 5;
  const std::string text = Text(OneStage(worker));
  EXPECT_THAT(text,
              HasSubstr(R"(sequitur_baseline_forgotten_total{baseline="peer",reason="age"} 3)"));
  EXPECT_THAT(text,
              HasSubstr(R"(sequitur_baseline_forgotten_total{baseline="peer",reason="cap"} 5)"));
}

TEST(CollectorTest, DelaysAreAHistogram) {
  WorkerReport worker;
  worker.engine.delay_since_arrival.Observe(0.02);
  worker.engine.delay_since_arrival.Observe(7200);
  const std::string text = Text(OneStage(worker));
  EXPECT_THAT(text,
              HasSubstr(R"(sequitur_detection_delay_seconds_bucket{since="arrival",le="0.01"} 0)"));
  EXPECT_THAT(
      text, HasSubstr(R"(sequitur_detection_delay_seconds_bucket{since="arrival",le="0.025"} 1)"));
  EXPECT_THAT(text,
              HasSubstr(R"(sequitur_detection_delay_seconds_bucket{since="arrival",le="+Inf"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(sequitur_detection_delay_seconds_count{since="arrival"} 2)"));
}

TEST(CollectorTest, HostsAreInNoLabel) {
  WorkerReport worker;
  worker.engine.host_gaps["web-03"].lacks["process"] = 0;
  worker.engine.rules["chain"].hosts_lacking["process"] = 1;
  const std::string text = Text(OneStage(worker));
  EXPECT_THAT(
      text, HasSubstr(R"(sequitur_rule_hosts_lacking_telemetry{rule="chain",lacks="process"} 1)"));
  EXPECT_THAT(text, Not(HasSubstr("web-03")));
}

TEST(CollectorTest, AnAllowlistEntryThatNeverEndsHasNoExpiry) {
  WorkerReport worker;
  worker.engine.allowlist[{"chain", "site.yaml:3"}] = {5, 0};
  worker.engine.allowlist[{"chain", "site.yaml:9"}] = {0, 2'000'000};
  const std::string text = Text(OneStage(worker));
  EXPECT_THAT(text,
              HasSubstr(R"(sequitur_allowlist_hits_total{rule="chain",entry="site.yaml:3"} 5)"));
  EXPECT_THAT(text, HasSubstr(R"(entry="site.yaml:9"} 2000000)"));
  EXPECT_THAT(text,
              Not(HasSubstr(R"(expiry_timestamp_seconds{rule="chain",entry="site.yaml:3"})")));
}

TEST(CollectorTest, CanariesAreCountedByRuleWhereTheyAreOn) {
  WorkerReport worker;
  CanaryReport& rule = worker.canaries.rules["chain"];
  rule.injected = 5;
  rule.detected = 3;
  rule.missed = {{"no_alert", 2}, {"not_read", 0}};
  rule.last_detected = 1'000'000;
  rule.missing_on = {1, 4};
  worker.canaries.rules["untested"].none = "no test";
  worker.canaries.delay.Observe(0.02);
  EXPECT_THAT(Text(OneStage(worker)), Not(HasSubstr("canary")));  // off
  worker.canaries.every = 300;
  const std::string text = Text(OneStage(worker));
  EXPECT_THAT(text, HasSubstr("sequitur_canary_interval_seconds 300"));
  EXPECT_THAT(text, HasSubstr(R"(sequitur_canary_injected_total{rule="chain"} 5)"));
  EXPECT_THAT(text, HasSubstr(R"(sequitur_canary_detected_total{rule="chain"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"(canary_missed_total{rule="chain",reason="no_alert"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(canary_missed_total{rule="chain",reason="not_read"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(sequitur_canary_missing_partitions{rule="chain"} 2)"));
  EXPECT_THAT(
      text, HasSubstr(R"(sequitur_canary_last_detected_timestamp_seconds{rule="chain"} 1000000)"));
  EXPECT_THAT(text, HasSubstr(R"(sequitur_canary_detection_delay_seconds_bucket{le="0.025"} 1)"));
  EXPECT_THAT(text, Not(HasSubstr("untested")));
}

TEST(ReportTest, CanariesOfSeveralWorkersAreAddedUp) {
  WorkerReport first, second;
  first.canaries.every = second.canaries.every = 300;
  first.canaries.rules["chain"] = {2, 1, {{"no_alert", 1}}, 100, 0.5, {3}, ""};
  second.canaries.rules["chain"] = {2, 2, {{"no_alert", 0}}, 90, 0.1, {1}, ""};
  WorkerReport ended = first;
  ended.Add(second);
  const CanaryReport& rule = ended.canaries.rules["chain"];
  EXPECT_EQ(rule.injected, 4);
  EXPECT_EQ(rule.detected, 3);
  EXPECT_EQ(rule.missed.at("no_alert"), 1);
  EXPECT_EQ(rule.last_detected, 100);
  EXPECT_EQ(rule.last_delay, 0.5);
  EXPECT_EQ(rule.missing_on, (std::vector<int32_t>{1, 3}));
  EXPECT_EQ(ended.canaries.every, 300);
  const CanariesReport totals = ended.TotalsOnly().canaries;
  EXPECT_EQ(totals.every, 0);
  EXPECT_EQ(totals.rules.at("chain").injected, 4);
  EXPECT_TRUE(totals.rules.at("chain").missing_on.empty());
}

TEST(ReportTest, WhatRemainsOfAnEndedWorkerAreTotals) {
  WorkerReport worker;
  worker.records["events"] = 10;
  worker.partitions.push_back({"events", 0, 7, 0, 0, true});
  worker.outstanding = 4;
  worker.stalled = true;
  worker.engine.memory = 100;
  worker.engine.rules["chain"].matches = 3;
  worker.engine.rules["chain"].held_hits = 8;
  WorkerReport totals = worker.TotalsOnly();
  totals.Add(worker);
  EXPECT_EQ(totals.records["events"], 20);
  EXPECT_EQ(totals.partitions.size(), 1);
  EXPECT_EQ(totals.outstanding, 4);
  EXPECT_EQ(totals.engine.memory, 100);
  EXPECT_EQ(totals.engine.rules["chain"].matches, 6);
  EXPECT_EQ(totals.engine.rules["chain"].held_hits, 8);
  EXPECT_FALSE(worker.TotalsOnly().stalled);
}

TEST(ProcessTest, SaysWhatTheProcessUses) {
  const std::string text = ToText(ProcessFamilies());
  EXPECT_THAT(text, HasSubstr("process_cpu_seconds_total "));
  for (const char* name :
       {"process_resident_memory_bytes", "process_start_time_seconds", "process_open_fds"}) {
    EXPECT_THAT(text, HasSubstr(name));
    EXPECT_THAT(text, Not(HasSubstr(absl::StrCat("\n", name, " 0\n"))));
  }
}

}  // namespace
}  // namespace sequitur::metrics
