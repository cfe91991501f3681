#include "metrics/collector.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "metrics/family.h"
#include "prometheus/text_serializer.h"

namespace sequitur::metrics {
namespace {

double ToDouble(auto count) { return static_cast<double>(count); }

void AddKafka(const Report& report, absl::Time now, FamilyList& list) {
  Family records = list.Counter("sequitur_records_total", "Records read from Kafka.");
  Family behind = list.Gauge("sequitur_consumer_lag_records", "Records not read yet.");
  Family lag = list.Gauge("sequitur_correlation_lag_seconds",
                          "Age of what was read last: by the time of its record, 0 when all is "
                          "read; by that of its event, then its age on arrival.");
  Family assigned = list.Gauge("sequitur_partitions_assigned", "Partitions assigned.");
  Family rebuilding = list.Gauge("sequitur_partitions_rebuilding",
                                 "Partitions that read old records again before they go live.");
  Family stalled = list.Gauge("sequitur_stalled",
                              "1 while the brokers do not take what was produced and reading "
                              "waits for it.");
  Family outstanding =
      list.Gauge("sequitur_outstanding_records", "Records produced and not acknowledged yet.");
  Family connected = list.Gauge("sequitur_broker_connected", "1 while the brokers answer.");
  for (const auto& [stage, worker] : report.stages) {
    for (const auto& [topic, count] : worker.records) {
      records.Add({{"stage", stage}, {"topic", topic}}, ToDouble(count));
    }
    int64_t rebuilt = 0;
    for (const PartitionReport& partition : worker.partitions) {
      const Labels labels = {{"stage", stage},
                             {"topic", partition.topic},
                             {"partition", absl::StrCat(partition.partition)}};
      behind.Add(labels, ToDouble(partition.behind));
      Labels by_record = labels, by_event = labels;
      by_record.push_back({"clock", "record"});
      by_event.push_back({"clock", "event"});
      lag.Add(by_record, partition.RecordLag(now));
      if (partition.event_time != 0) lag.Add(by_event, partition.EventLag(now));
      rebuilt += partition.rebuilding ? 1 : 0;
    }
    assigned.Add({{"stage", stage}}, ToDouble(worker.partitions.size()));
    rebuilding.Add({{"stage", stage}}, ToDouble(rebuilt));
    stalled.Add({{"stage", stage}}, worker.stalled ? 1 : 0);
    outstanding.Add({{"stage", stage}}, ToDouble(worker.outstanding));
    connected.Add({{"stage", stage}}, report.broker_connected ? 1 : 0);
  }
}

void AddDecoding(const WorkerReport& all, FamilyList& list) {
  Family last = list.Gauge("sequitur_source_last_record_timestamp_seconds",
                           "Time of the latest record of a source topic.");
  for (const auto& [topic, time] : all.last_record_time) last.Add({{"topic", topic}}, time);
  Family decoded = list.Counter("sequitur_decoded_records_total",
                                "Records by the source they were recognised as and by what "
                                "became of them.");
  for (const auto& [key, count] : all.decoded) {
    decoded.Add({{"source", key.first}, {"result", key.second}}, ToDouble(count));
  }
  Family letters =
      list.Counter("sequitur_dead_letters_total", "Records sent to the dead-letter topic.");
  for (const auto& [reason, count] : all.dead_letters) {
    letters.Add({{"reason", reason}}, ToDouble(count));
  }
  list.Counter("sequitur_rewinds_cut_total",
               "Partitions whose log did not reach back as far as rules look.")
      .Add({}, ToDouble(all.rewinds_cut));
  list.Counter("sequitur_lost_records_total", "Records deleted before they were read.")
      .Add({}, ToDouble(all.records_lost));
  list.Counter("sequitur_forwarded_events_total", "Events handed to the events topic.")
      .Add({}, ToDouble(all.forwarded));
  list.Counter("sequitur_unneeded_events_total", "Events left out: nothing can use them.")
      .Add({}, ToDouble(all.unneeded));
  list.Counter("sequitur_duplicate_events_total", "Events dropped that had come before.")
      .Add({}, ToDouble(all.duplicate_events));
  list.Counter("sequitur_canaries_passed_over_total",
               "Canaries of another owner of the partition, or from before a restart.")
      .Add({}, ToDouble(all.canaries_passed_over));
  list.Counter("sequitur_misplaced_hosts_total",
               "Keyed placement: hosts whose records are on several partitions.")
      .Add({}, ToDouble(all.misplaced_hosts));
  list.Counter("sequitur_clamped_events_total",
               "Events whose time was too far ahead of their record's and was set to it.")
      .Add({}, ToDouble(all.clamped));
  list.Counter("sequitur_es_sequence_gaps_total", "Gaps in Endpoint Security sequence numbers.")
      .Add({}, ToDouble(all.sequence_gaps));
  list.Counter("sequitur_es_sequence_missing_events_total",
               "Endpoint Security messages that never came.")
      .Add({}, ToDouble(all.sequence_missing));
  list.Counter("sequitur_es_sequence_unwatched_events_total",
               "Endpoint Security messages among which nobody can tell a loss: other workers "
               "read partitions of their topic.")
      .Add({}, ToDouble(all.sequence_unwatched));
}

void AddEngine(const EngineReport& engine, FamilyList& list) {
  Family events = list.Counter("sequitur_events_total", "Events correlated.");
  for (const auto& [category, count] : engine.events) {
    events.Add({{"category", category}}, ToDouble(count));
  }
  list.Counter("sequitur_late_events_total", "Events later than `lateness` allows.")
      .Add({}, ToDouble(engine.late_events));
  list.Counter("sequitur_clock_outliers_total", "Events too far ahead to move their host's clock.")
      .Add({}, ToDouble(engine.clock_outliers));
  list.Counter("sequitur_unknown_host_events_total", "Events that no host could be named for.")
      .Add({}, ToDouble(engine.unknown_host_events));
  list.Counter("sequitur_alerts_already_published_total",
               "Alerts found again after a restart and not written twice.")
      .Add({}, ToDouble(engine.already_published));
  list.Gauge("sequitur_hosts", "Hosts known.").Add({}, ToDouble(engine.hosts));
  list.Gauge("sequitur_hosts_active", "Hosts that sent something within the coverage window.")
      .Add({}, ToDouble(engine.hosts_active));
  list.Gauge("sequitur_correlation_memory_bytes", "Correlation state held.")
      .Add({}, ToDouble(engine.memory));
  list.Gauge("sequitur_correlation_memory_limit_bytes", "Correlation state that may be held.")
      .Add({}, ToDouble(engine.memory_limit));
  list.Gauge("sequitur_process_memory_bytes", "What is known of hosts' processes.")
      .Add({}, ToDouble(engine.process_memory));
  list.Counter("sequitur_hosts_crowded_out_total",
               "Hosts whose processes were forgotten for others' (limits.process_memory).")
      .Add({}, ToDouble(engine.hosts_crowded_out));
  list.HistogramOf("sequitur_detection_delay_seconds",
                   "From an alert's last evidence, its arrival or its event, to the alert.")
      .Add({{"since", "arrival"}}, engine.delay_since_arrival)
      .Add({{"since", "event"}}, engine.delay_since_event);
  Family tuples = list.Gauge("sequitur_baseline_tuples", "Combinations a baseline knows.");
  Family learning = list.Gauge("sequitur_baseline_learning", "1 while a baseline learns.");
  Family novel = list.Counter("sequitur_baseline_novel_total", "Events new to a baseline.");
  Family forgotten = list.Counter("sequitur_baseline_forgotten_total",
                                  "Combinations a baseline does not know any more.");
  for (const auto& [name, baseline] : engine.baselines) {
    forgotten.Add({{"baseline", name}, {"reason", "age"}}, ToDouble(baseline.aged));
    forgotten.Add({{"baseline", name}, {"reason", "cap"}}, ToDouble(baseline.evicted));
    tuples.Add({{"baseline", name}}, ToDouble(baseline.tuples));
    learning.Add({{"baseline", name}}, baseline.learning ? 1 : 0);
    novel.Add({{"baseline", name}}, ToDouble(baseline.novel));
  }
}

void AddAllowlist(const EngineReport& engine, FamilyList& list) {
  Family hits = list.Counter("sequitur_allowlist_hits_total",
                             "Hits of a rule's stages that an allowlist entry took away.");
  Family expires = list.Gauge("sequitur_allowlist_entry_expiry_timestamp_seconds",
                              "When an allowlist entry ends.");
  for (const auto& [key, entry] : engine.allowlist) {
    const Labels labels = {{"rule", key.first}, {"entry", key.second}};
    hits.Add(labels, ToDouble(entry.hits));
    if (entry.expires != 0) expires.Add(labels, entry.expires);
  }
}

void AddRules(const EngineReport& engine, FamilyList& list) {
  Family stages = list.Counter("sequitur_rule_stage_hits_total",
                               "Events that hit a stage of a rule, allowlisted ones excepted.");
  Family matches = list.Counter("sequitur_rule_matches_total", "Chains completed.");
  Family alerts = list.Counter("sequitur_alerts_total", "Alerts written.");
  Family suppressed =
      list.Counter("sequitur_alerts_suppressed_total", "Alerts held back by `suppress`.");
  Family expired =
      list.Counter("sequitur_rule_expired_sequences_total", "Sequences begun that maxspan ended.");
  Family keyless = list.Counter("sequitur_rule_keyless_hits_total",
                                "Hits that a missing join key keeps out of every chain.");
  Family reached = list.Counter("sequitur_rule_expired_after_stage_total",
                                "Sequences that maxspan ended, by the last stage they reached.");
  Family late = list.Counter("sequitur_rule_late_hits_total", "Hits later than lateness allows.");
  Family duplicate =
      list.Counter("sequitur_rule_duplicate_hits_total", "Hits of a record that had hit before.");
  Family evicted = list.Counter("sequitur_rule_evicted_hits_total", "Hits given up at a limit.");
  Family advanced = list.Counter("sequitur_rule_evicted_advanced_sequences_total",
                                 "Sequences past their first step given up at a limit.");
  Family hits = list.Gauge("sequitur_rule_held_hits", "Hits held.");
  Family bytes = list.Gauge("sequitur_rule_held_bytes", "Bytes of hits held.");
  Family last = list.Gauge("sequitur_rule_last_match_timestamp_seconds", "Latest match.");
  Family complete = list.Gauge("sequitur_rule_complete_timestamp_seconds",
                               "Chains that began after this are seen whole.");
  Family lacking = list.Gauge("sequitur_rule_hosts_lacking_telemetry",
                              "Active hosts that lack telemetry the rule needs.");
  Family degraded = list.Gauge("sequitur_rule_hosts_degraded_telemetry",
                               "Active hosts that send what the rule needs, but so that chains "
                               "may be missed.");
  Family maxspan = list.Gauge("sequitur_rule_maxspan_seconds", "The rule's window.");
  Family gaps = list.HistogramOf("sequitur_rule_step_gap_seconds",
                                 "Of published chains: from the step before to this one.");
  Family used = list.HistogramOf("sequitur_rule_maxspan_used_ratio",
                                 "Of published chains: the part of maxspan they took.");
  for (const auto& [id, rule] : engine.rules) {
    const Labels labels = {{"rule", id}};
    for (size_t i = 0; i < rule.stage_hits.size(); ++i) {
      stages.Add({{"rule", id}, {"stage", absl::StrCat(i + 1)}}, ToDouble(rule.stage_hits[i]));
    }
    if (rule.until_hits.has_value()) {
      stages.Add({{"rule", id}, {"stage", "until"}}, ToDouble(*rule.until_hits));
    }
    for (size_t i = 0; i < rule.keyless_hits.size(); ++i) {
      keyless.Add({{"rule", id}, {"stage", absl::StrCat(i + 1)}}, ToDouble(rule.keyless_hits[i]));
    }
    for (size_t i = 0; i < rule.expired_after.size(); ++i) {
      reached.Add({{"rule", id}, {"stage", absl::StrCat(i + 1)}}, ToDouble(rule.expired_after[i]));
    }
    matches.Add(labels, ToDouble(rule.matches));
    alerts.Add({{"rule", id}, {"severity", rule.severity}, {"mode", rule.mode}},
               ToDouble(rule.alerts));
    suppressed.Add(labels, ToDouble(rule.suppressed));
    expired.Add(labels, ToDouble(rule.expired));
    late.Add(labels, ToDouble(rule.late_hits));
    duplicate.Add(labels, ToDouble(rule.duplicate_hits));
    for (const auto& [reason, count] : rule.evicted) {
      evicted.Add({{"rule", id}, {"reason", reason}}, ToDouble(count));
    }
    for (const auto& [reason, count] : rule.evicted_advanced) {
      advanced.Add({{"rule", id}, {"reason", reason}}, ToDouble(count));
    }
    hits.Add(labels, ToDouble(rule.held_hits));
    bytes.Add(labels, ToDouble(rule.held_bytes));
    if (rule.last_match != 0) last.Add(labels, rule.last_match);
    if (rule.complete_from != 0) complete.Add(labels, rule.complete_from);
    for (const auto& [lacks, hosts] : rule.hosts_lacking) {
      lacking.Add({{"rule", id}, {"lacks", lacks}}, ToDouble(hosts));
    }
    for (const auto& [reason, hosts] : rule.hosts_degraded) {
      degraded.Add({{"rule", id}, {"reason", reason}}, ToDouble(hosts));
    }
    for (size_t i = 1; i < rule.step_gaps.size(); ++i) {
      gaps.Add({{"rule", id}, {"stage", absl::StrCat(i + 1)}}, rule.step_gaps[i]);
    }
    if (rule.maxspan == 0) continue;
    maxspan.Add(labels, rule.maxspan);
    used.Add(labels, rule.maxspan_used);
  }
}

void AddCanaries(const CanariesReport& canaries, FamilyList& list) {
  if (canaries.every == 0) return;
  list.Gauge("sequitur_canary_interval_seconds", "How often each rule has a canary (`every`).")
      .Add({}, canaries.every);
  Family injected = list.Counter("sequitur_canary_injected_total", "Canaries sent on their way.");
  Family detected = list.Counter("sequitur_canary_detected_total",
                                 "Canaries that came out as an alert of their rule.");
  Family missed = list.Counter("sequitur_canary_missed_total",
                               "Canaries that had not come out when the next was due, by where "
                               "they got stuck.");
  Family last = list.Gauge("sequitur_canary_last_detected_timestamp_seconds",
                           "When the rule was last proved alive.");
  Family missing = list.Gauge("sequitur_canary_missing_partitions",
                              "Partitions where the rule's latest canary was missed.");
  for (const auto& [id, rule] : canaries.rules) {
    if (!rule.none.empty()) continue;
    missing.Add({{"rule", id}}, ToDouble(rule.missing_on.size()));
    injected.Add({{"rule", id}}, ToDouble(rule.injected));
    detected.Add({{"rule", id}}, ToDouble(rule.detected));
    for (const auto& [reason, count] : rule.missed) {
      missed.Add({{"rule", id}, {"reason", reason}}, ToDouble(count));
    }
    if (rule.last_detected != 0) last.Add({{"rule", id}}, rule.last_detected);
  }
  list.HistogramOf("sequitur_canary_detection_delay_seconds",
                   "From a canary's injection to the acknowledgement of its alert.")
      .Add({}, canaries.delay);
}

void AddConfig(const ConfigReport& config, FamilyList& list) {
  list.Counter("sequitur_config_reloads_total", "Configurations read again.")
      .Add({{"result", "success"}}, ToDouble(config.reloads))
      .Add({{"result", "failure"}}, ToDouble(config.reload_failures));
  list.Gauge("sequitur_config_last_reload_successful", "1 unless the last reload failed.")
      .Add({}, config.last_reload_ok ? 1 : 0);
  list.Gauge("sequitur_config_last_reload_success_timestamp_seconds",
             "When the configuration in use was read.")
      .Add({}, config.last_success);
  Family rules = list.Gauge("sequitur_rules", "Rules loaded.");
  for (const auto& [mode, count] : config.rules) rules.Add({{"mode", mode}}, ToDouble(count));
}

}  // namespace

std::vector<prometheus::MetricFamily> Families(const Report& report, const Build& build,
                                               absl::Time now) {
  FamilyList list;
  list.Gauge("sequitur_build_info", "What runs here; always 1.")
      .Add({{"version", build.version}, {"librdkafka", build.librdkafka}}, 1);
  list.Gauge("sequitur_ready", "1 while /readyz says so.").Add({}, report.ready ? 1 : 0);
  list.Gauge("sequitur_healthy", "1 while /healthz says so.").Add({}, report.healthy ? 1 : 0);
  AddKafka(report, now, list);
  WorkerReport all;
  for (const auto& [stage, worker] : report.stages) all.Add(worker);
  AddDecoding(all, list);
  AddEngine(all.engine, list);
  AddAllowlist(all.engine, list);
  AddRules(all.engine, list);
  AddCanaries(all.canaries, list);
  AddConfig(report.config, list);
  return list.Take();
}

std::string ToText(const std::vector<prometheus::MetricFamily>& families) {
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace sequitur::metrics
