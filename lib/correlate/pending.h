#pragma once

// Pending: the state machine of one (rule, join key): for each state but the
// last the newest sequence that has reached it. Exactly Elastic EQL's
// SequenceMatcher when hits come in order; a hit that comes late advances only
// what ended before it.
//
// Bounds: (states - 1) * alternatives chains.

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "correlate/chain.h"
#include "correlate/plan.h"

namespace sequitur::correlate {

// What has been published: (event, length of the chain that ends with it) ->
// the event's time, for pruning.
using UsedMark = std::pair<Position, uint16_t>;
using Used = absl::flat_hash_map<UsedMark, TimeNs>;

class Pending {
 public:
  // Applies one hit of a positive stage. Returns the sequence it completes, or
  // an empty chain. A published hit (`used` may be null) moves on only what was
  // published with it: other sequences wait for a hit that is still free.
  Chain Step(const Plan& plan, const StageHit& hit, const Used* used);

  // `until`: nothing pending survives.
  void Clear() { slots_.clear(); }

  // Drops sequences that began before `first_time_limit`, each shown to `expired`.
  void Expire(const Plan& plan, TimeNs first_time_limit,
              absl::FunctionRef<void(const Chain&)> expired);

  bool empty() const;
  // Length of the longest pending sequence; 0 when empty.
  int advanced() const;
  // When the youngest of the pending sequences began; kNoTime when empty.
  TimeNs latest_start() const;
  // Pending sequences, empty slots included.
  absl::Span<const Chain> chains() const { return slots_; }

  friend bool operator==(const Pending& a, const Pending& b);

 private:
  // Takes, from the state before the hit's, the newest chain that ended before
  // the hit and does not hold its event; older ones go with it.
  Chain Take(const Plan& plan, int state, const StageHit& hit, const Used* used);
  void Enter(const Plan& plan, int state, Chain chain);

  // alternatives per state, newest first; empty while nothing is pending.
  absl::InlinedVector<Chain, 1> slots_;
};

}  // namespace sequitur::correlate
