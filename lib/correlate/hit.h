#pragma once

// StageHit: one event in one stage of one rule under one join key, as a
// KeyState holds it.
//
// Order: hits are ordered by their effective time (event time, later stages
// moved back by the rule's order_slack), then event.sequence, then position.
// Hits of one event come last stage first, `until` at the end, so that one
// event can finish a sequence, advance another and start a third, and never
// fills two stages of one (Elastic EQL, SequenceMatcher.match).

#include <cstdint>
#include <tuple>

#include "event/snapshot.h"
#include "event/time.h"
#include "rules/rule_set.h"

namespace sequitur::correlate {

using event::SnapshotRef;
using event::TimeNs;

struct StageHit {
  TimeNs order = 0;
  SnapshotRef event;
  uint16_t stage = 0;  // index into Rule::stages, or rules::Hit::kUntil
};

// True when `a` is the earlier event: never for two hits of one event at the
// same effective time.
inline bool StrictlyBefore(TimeNs a_order, const event::Snapshot& a, TimeNs b_order,
                           const event::Snapshot& b) {
  if (a_order != b_order) return a_order < b_order;  // mostly, and without a look at them
  return std::make_tuple(a.sequence(), a.position()) < std::make_tuple(b.sequence(), b.position());
}

inline bool operator<(const StageHit& a, const StageHit& b) {
  if (a.order != b.order) return a.order < b.order;
  // Later stages first; kUntil is the largest number and yet comes last.
  const auto rank = [](uint16_t stage) {
    return stage == rules::Hit::kUntil ? UINT16_MAX : UINT16_MAX - 1 - stage;
  };
  return std::make_tuple(a.event->sequence(), a.event->position(), rank(a.stage)) <
         std::make_tuple(b.event->sequence(), b.event->position(), rank(b.stage));
}

}  // namespace sequitur::correlate
