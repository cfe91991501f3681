#pragma once

// What the parts of the running daemon tell of themselves: plain values that
// workers hand out about once a second and that /metrics, /api/status and the
// status page are made from.
//
// Totals only grow, over rebalances and reloads too; the rest is as of now.
//
// Bounds:  names are rules, allowlist entries, topics, partitions and words of our
//          own: what an operator chose, never what an event says; but for some
//          hosts in host_gaps, which no metric shows.
// Threads: values; whoever shares one shares it const.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "metrics/histogram.h"

namespace sequitur::metrics {

using Totals = std::map<std::string, uint64_t>;

// One rule on one or more engines.
struct RuleReport {
  std::string name;
  std::string severity;
  std::string mode;
  // By stage of the query; of `until` when the rule has one.
  std::vector<uint64_t> stage_hits;
  std::optional<uint64_t> until_hits;
  std::vector<uint64_t> keyless_hits;   // by stage: hits without a join key
  std::vector<uint64_t> expired_after;  // by stage: of `expired`, those that had come that far
  uint64_t matches = 0;
  uint64_t alerts = 0;
  uint64_t suppressed = 0;
  uint64_t expired = 0;  // sequences whose maxspan ran out
  uint64_t late_hits = 0;
  uint64_t duplicate_hits = 0;
  // Of published chains: from the step before, by stage, whose first has none; and
  // the part of maxspan they took.
  std::vector<StepGaps> step_gaps;
  WindowUse maxspan_used;
  Totals evicted;           // hits, by reason
  Totals evicted_advanced;  // sequences past their first step, by reason
  // As of now.
  int64_t held_hits = 0;
  int64_t held_bytes = 0;
  std::map<std::string, int64_t> hosts_lacking;   // by what they lack
  std::map<std::string, int64_t> hosts_degraded;  // by why what they send is not to be relied on
  double maxspan = 0;                             // seconds; 0: none
  double last_match = 0;                          // Unix seconds; 0: none yet
  double complete_from = 0;                       // chains that began later are seen whole; 0: all

  void Add(const RuleReport& other);
  void EndGauges();
};

struct AllowlistReport {
  uint64_t hits = 0;
  double expires = 0;  // Unix seconds; 0: never
};

struct BaselineReport {
  uint64_t novel = 0;
  uint64_t evicted = 0;  // tuples forgotten beyond its `cap`
  uint64_t aged = 0;     // unseen for its `age`
  int64_t tuples = 0;
  bool learning = false;
};

// The canaries of one rule.
struct CanaryReport {
  uint64_t injected = 0;
  uint64_t detected = 0;
  Totals missed;             // by where they got stuck
  double last_detected = 0;  // Unix seconds; 0: none yet
  double last_delay = 0;     // of that one
  // As of now.
  std::vector<int32_t> missing_on;  // partitions whose latest was missed
  std::string none;                 // why the rule has none; empty: it has one
};

// The canaries of one or more workers.
struct CanariesReport {
  std::map<std::string, CanaryReport> rules;  // by id
  Delays delay;
  double every = 0;  // seconds; 0: canaries are off

  void Add(const CanariesReport& other);
  void EndGauges();
};

// What one host does not send, with when it last did (Unix seconds; 0: never), and
// why what it sends is not to be relied on.
struct HostGap {
  std::map<std::string, double> lacks;
  std::vector<std::string> degraded;
};

// One or more engines.
struct EngineReport {
  Totals events;  // by category
  uint64_t late_events = 0;
  uint64_t clock_outliers = 0;
  uint64_t unknown_host_events = 0;
  uint64_t already_published = 0;
  uint64_t hosts_crowded_out = 0;  // their processes forgotten for others'
  Delays delay_since_arrival;      // of alerts, from their last evidence
  Delays delay_since_event;
  std::map<std::string, RuleReport> rules;                                   // by id
  std::map<std::pair<std::string, std::string>, AllowlistReport> allowlist;  // by rule, entry
  std::map<std::string, BaselineReport> baselines;                           // by name
  // As of now.
  int64_t hosts = 0;
  int64_t hosts_active = 0;
  int64_t hosts_with_gaps = 0;  // of the active ones
  int64_t memory = 0;
  int64_t memory_limit = 0;
  int64_t process_memory = 0;
  // Some of the hosts with gaps, for people.
  std::map<std::string, HostGap> host_gaps;

  void Add(const EngineReport& other);
  // The engines are no more: what remains are totals.
  void EndGauges();
};

struct PartitionReport {
  std::string topic;
  int32_t partition = 0;
  int64_t behind = 0;  // records not read yet
  // Of the latest record and event read, Unix seconds; 0: none yet.
  double record_time = 0;
  double event_time = 0;
  bool rebuilding = false;

  // How long ago what was read last had been written; 0 once all is read: then
  // nothing waits.
  double RecordLag(absl::Time now) const;
  // How long ago it had happened; once all is read, how old it came.
  double EventLag(absl::Time now) const;
};

// One worker, or all of one stage.
struct WorkerReport {
  Totals records;  // by topic
  std::vector<PartitionReport> partitions;
  int64_t outstanding = 0;  // records produced, not acknowledged
  bool stalled = false;
  uint64_t rewinds_cut = 0;
  uint64_t records_lost = 0;  // deleted before they were read
  uint64_t duplicate_events = 0;
  uint64_t canaries_passed_over = 0;
  uint64_t misplaced_hosts = 0;  // keyed placement: hosts on several partitions
  // Reading sources.
  std::map<std::pair<std::string, std::string>, uint64_t> decoded;  // by source, result
  Totals dead_letters;                                              // by reason
  std::map<std::string, double> last_record_time;                   // by topic, Unix seconds
  uint64_t forwarded = 0;
  uint64_t unneeded = 0;
  uint64_t clamped = 0;
  uint64_t sequence_gaps = 0;
  uint64_t sequence_missing = 0;
  uint64_t sequence_unwatched = 0;  // messages whose numbers nobody can follow
  // Correlating.
  EngineReport engine;
  CanariesReport canaries;

  void Add(const WorkerReport& other);
  // What remains of a worker that is no more.
  WorkerReport TotalsOnly() const;
};

// What only the process as a whole knows.
struct ConfigReport {
  uint64_t reloads = 0;
  uint64_t reload_failures = 0;
  bool last_reload_ok = true;
  double last_success = 0;               // Unix seconds
  std::string last_problem;              // of the last reload, if it failed
  std::map<std::string, int64_t> rules;  // loaded, by mode
};

struct Report {
  std::map<std::string, WorkerReport> stages;  // ingest, correlate
  ConfigReport config;
  bool ready = false;
  bool healthy = false;
  bool broker_connected = false;
};

}  // namespace sequitur::metrics
