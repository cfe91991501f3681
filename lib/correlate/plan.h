#pragma once

// Plan: a rule as the state machine runs it. `with runs=N` is expanded into N
// states; missing-event stages are no states but conditions on the gaps
// between them.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "event/time.h"
#include "rules/rule.h"
#include "rules/rule_set.h"

namespace sequitur::correlate {

struct Plan {
  static Plan Of(const rules::Rule& rule);

  // A `![...]` stage: where it stands among the states.
  struct Absent {
    enum class Place : uint8_t { kLeading, kMiddle, kTrailing };
    uint16_t stage = 0;  // index into Rule::stages
    Place place = Place::kMiddle;
    uint16_t after_state = 0;  // kMiddle: between this state and the next
  };

  // One entry of the evidence an alert shows, in the order of the query.
  struct Shown {
    bool absent = false;
    uint16_t state = 0;  // the state that fills it, unless absent
  };

  // First and last state of a positive stage; for a missing one first > last.
  struct States {
    uint16_t first = 1;
    uint16_t last = 0;
  };

  bool is_sequence = false;
  uint16_t states = 0;
  std::vector<States> stage_states;  // by stage
  std::vector<event::TimeNs> lag;    // by stage: what order_slack adds to the event's time
  // By state: the stages of it and of all states behind it, as BitOf has them.
  std::vector<uint32_t> stages_from;
  std::vector<Absent> absents;
  std::vector<Shown> shown;
  event::TimeNs maxspan = event::kEndOfTime;  // kEndOfTime: none
  event::TimeNs total_lag = 0;                // the last stage's
  // Has `until` or `![...]`: what comes later can still forbid a sequence, so
  // it is decided only when no earlier event can arrive any more.
  bool waits = false;
  // Pending sequences kept per state: with order_slack the newest one may hold
  // the very event that would advance it, and the one before must stand in.
  uint16_t alternatives = 1;

  // The rule's links, with the states they speak of: the last of the earlier
  // stage, and any of the later one.
  struct PlannedLink {
    rules::Link link;
    uint16_t earlier = 0;
    States later;
  };
  std::vector<PlannedLink> links;

  // What order_slack adds to the time of a hit of this stage, or of `until`.
  event::TimeNs LagOf(uint16_t stage) const {
    return stage == rules::Hit::kUntil ? total_lag : lag[stage];
  }
  // Sets of stages; those beyond the 31st share a bit, `until` has none.
  static uint32_t BitOf(uint16_t stage) {
    return stage == rules::Hit::kUntil ? 0 : uint32_t{1} << std::min<uint16_t>(stage, 31);
  }
  bool has_runs() const { return states + absents.size() != stage_states.size(); }
  bool is_linked() const { return !links.empty(); }
  bool has_maxspan() const { return maxspan != event::kEndOfTime; }
};

}  // namespace sequitur::correlate
