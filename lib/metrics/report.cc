#include "metrics/report.h"

#include <algorithm>

namespace sequitur::metrics {
namespace {

void AddEach(std::vector<uint64_t>& totals, const std::vector<uint64_t>& other) {
  totals.resize(std::max(totals.size(), other.size()));
  for (size_t i = 0; i < other.size(); ++i) totals[i] += other[i];
}

void AddEach(std::vector<StepGaps>& totals, const std::vector<StepGaps>& other) {
  totals.resize(std::max(totals.size(), other.size()));
  for (size_t i = 0; i < other.size(); ++i) totals[i].Add(other[i]);
}

template <typename Key>
void AddTotals(std::map<Key, uint64_t>& totals, const std::map<Key, uint64_t>& other) {
  for (const auto& [key, count] : other) totals[key] += count;
}

}  // namespace

double PartitionReport::RecordLag(absl::Time now) const {
  if (behind == 0 || record_time == 0) return 0;
  return std::max(0.0, absl::ToDoubleSeconds(now - absl::UnixEpoch()) - record_time);
}

double PartitionReport::EventLag(absl::Time now) const {
  if (event_time == 0) return 0;
  const double from = behind == 0 ? record_time : absl::ToDoubleSeconds(now - absl::UnixEpoch());
  return std::max(0.0, from - event_time);
}

void RuleReport::Add(const RuleReport& other) {
  if (name.empty()) {
    name = other.name;
    severity = other.severity;
    mode = other.mode;
  }
  AddEach(stage_hits, other.stage_hits);
  AddEach(keyless_hits, other.keyless_hits);
  AddEach(expired_after, other.expired_after);
  if (other.until_hits.has_value()) until_hits = until_hits.value_or(0) + *other.until_hits;
  AddEach(step_gaps, other.step_gaps);
  maxspan_used.Add(other.maxspan_used);
  matches += other.matches;
  alerts += other.alerts;
  suppressed += other.suppressed;
  expired += other.expired;
  late_hits += other.late_hits;
  duplicate_hits += other.duplicate_hits;
  AddTotals(evicted, other.evicted);
  AddTotals(evicted_advanced, other.evicted_advanced);
  held_hits += other.held_hits;
  held_bytes += other.held_bytes;
  for (const auto& [lacks, hosts] : other.hosts_lacking) hosts_lacking[lacks] += hosts;
  for (const auto& [reason, hosts] : other.hosts_degraded) hosts_degraded[reason] += hosts;
  maxspan = std::max(maxspan, other.maxspan);
  last_match = std::max(last_match, other.last_match);
  complete_from = std::max(complete_from, other.complete_from);
}

void RuleReport::EndGauges() {
  held_hits = 0;
  held_bytes = 0;
  hosts_lacking.clear();
  hosts_degraded.clear();
  maxspan = 0;
  complete_from = 0;
}

void EngineReport::Add(const EngineReport& other) {
  AddTotals(events, other.events);
  late_events += other.late_events;
  clock_outliers += other.clock_outliers;
  unknown_host_events += other.unknown_host_events;
  already_published += other.already_published;
  hosts_crowded_out += other.hosts_crowded_out;
  delay_since_arrival.Add(other.delay_since_arrival);
  delay_since_event.Add(other.delay_since_event);
  for (const auto& [id, rule] : other.rules) rules[id].Add(rule);
  for (const auto& [entry, report] : other.allowlist) {
    allowlist[entry].hits += report.hits;
    allowlist[entry].expires = report.expires;
  }
  for (const auto& [name, baseline] : other.baselines) {
    baselines[name].novel += baseline.novel;
    baselines[name].evicted += baseline.evicted;
    baselines[name].aged += baseline.aged;
    baselines[name].tuples += baseline.tuples;
    baselines[name].learning |= baseline.learning;
  }
  hosts += other.hosts;
  hosts_active += other.hosts_active;
  hosts_with_gaps += other.hosts_with_gaps;
  memory += other.memory;
  memory_limit += other.memory_limit;
  process_memory += other.process_memory;
  host_gaps.insert(other.host_gaps.begin(), other.host_gaps.end());
}

void EngineReport::EndGauges() {
  for (auto& [id, rule] : rules) rule.EndGauges();
  for (auto& [name, baseline] : baselines) {
    baseline.tuples = 0;
    baseline.learning = false;
  }
  hosts = 0;
  hosts_active = 0;
  hosts_with_gaps = 0;
  memory = 0;
  memory_limit = 0;
  process_memory = 0;
  host_gaps.clear();
}

void CanariesReport::Add(const CanariesReport& other) {
  for (const auto& [id, rule] : other.rules) {
    CanaryReport& to = rules[id];
    to.injected += rule.injected;
    to.detected += rule.detected;
    AddTotals(to.missed, rule.missed);
    if (rule.last_detected > to.last_detected) {
      to.last_detected = rule.last_detected;
      to.last_delay = rule.last_delay;
    }
    to.missing_on.insert(to.missing_on.end(), rule.missing_on.begin(), rule.missing_on.end());
    std::sort(to.missing_on.begin(), to.missing_on.end());
    if (to.none.empty()) to.none = rule.none;
  }
  delay.Add(other.delay);
  every = std::max(every, other.every);
}

void CanariesReport::EndGauges() {
  for (auto& [id, rule] : rules) {
    rule.missing_on.clear();
    rule.none.clear();
  }
  every = 0;
}

void WorkerReport::Add(const WorkerReport& other) {
  AddTotals(records, other.records);
  partitions.insert(partitions.end(), other.partitions.begin(), other.partitions.end());
  outstanding += other.outstanding;
  stalled |= other.stalled;
  rewinds_cut += other.rewinds_cut;
  records_lost += other.records_lost;
  duplicate_events += other.duplicate_events;
  canaries_passed_over += other.canaries_passed_over;
  misplaced_hosts += other.misplaced_hosts;
  AddTotals(decoded, other.decoded);
  AddTotals(dead_letters, other.dead_letters);
  for (const auto& [topic, time] : other.last_record_time) {
    last_record_time[topic] = std::max(last_record_time[topic], time);
  }
  forwarded += other.forwarded;
  unneeded += other.unneeded;
  clamped += other.clamped;
  sequence_gaps += other.sequence_gaps;
  sequence_missing += other.sequence_missing;
  sequence_unwatched += other.sequence_unwatched;
  engine.Add(other.engine);
  canaries.Add(other.canaries);
}

WorkerReport WorkerReport::TotalsOnly() const {
  WorkerReport totals = *this;
  totals.partitions.clear();
  totals.outstanding = 0;
  totals.stalled = false;
  totals.engine.EndGauges();
  totals.canaries.EndGauges();
  return totals;
}

}  // namespace sequitur::metrics
