#pragma once

// NeededEvents: which events the correlate stage has a use for, told before they are
// handed on. Needed are
//
//  - what may hit a stage of a rule, or count for a baseline, whatever enrichment
//    will find out about the event's process (eql::MayMatch),
//  - what names a process: lineage is made from these,
//  - of every host, source and kind of telemetry, with and without a time zone, one
//    event each kHeartbeat of event time: hosts' clocks and coverage go by them.
//
// Bounds:   some 30 bytes a known host, and 16 for each of kMaxBeats heartbeats.
// Threads:  none; one per worker.
// Lifetime: the Site outlives it.

#include <memory>
#include <utility>
#include <vector>

#include "enrich/direction.h"
#include "enrich/indicators.h"
#include "eql/may_match.h"
#include "eql/program.h"
#include "event/event.h"
#include "pipeline/coverage.h"
#include "pipeline/site.h"

namespace sequitur::pipeline {

class NeededEvents {
 public:
  static constexpr event::TimeNs kHeartbeat = 30 * event::kSecond;
  // Of one host; of more, the one whose last is the oldest gives way.
  static constexpr size_t kMaxBeats = 16;

  explicit NeededEvents(const Site& site);

  // REQUIRES: the event's host is resolved. Leaves the event as it came: what can be
  // said of it by itself (indicators, direction) is for the next stage to say.
  bool Needs(event::Event& event);
  // The host's number ends.
  void ForgetHost(event::HostId host);

 private:
  struct Condition {
    std::string category;  // empty: any
    eql::ConditionId condition;
  };
  struct Beat {
    uint32_t source;
    Coverage::Telemetry kind;
    bool has_zone;
    event::TimeNs last;  // event time of what was handed on
  };

  bool IsHeartbeat(const event::Event& event);
  bool MayHit(const event::Event& event);
  bool MayCount(const event::Event& event);

  enrich::Indicators indicators_;
  enrich::Direction direction_;
  std::vector<Condition> stages_;  // of all rules, each once
  eql::Evaluator rules_;
  eql::MayMatch may_hit_;
  bool counts_all_ = false;  // a baseline without `when`
  std::vector<eql::ConditionId> baselines_;
  eql::Evaluator baseline_conditions_;
  eql::MayMatch may_count_;
  std::vector<std::vector<Beat>> beats_;  // by host
};

}  // namespace sequitur::pipeline
