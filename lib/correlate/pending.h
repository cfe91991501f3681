#pragma once

// Pending: the state machine of one (rule, join key): for each state but the
// last the newest sequence that has reached it. Exactly Elastic EQL's
// SequenceMatcher when hits come in order; a hit that comes late advances only
// what ended before it.
//
// A rule with links keeps more. Chains that later steps could tell apart by what
// they link to stand beside each other; a hit moves on each of them that it may,
// since which of them is the right one only a later hit may tell; and what moves on
// also stays, since who takes it need not be who belongs to it. The last hit takes
// the likeliest chain, of equals the newest. An event still is in at most one
// published sequence.
//
// Bounds: (states - 1) * alternatives chains; with links (states - 1) * kMaxLinked.

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "correlate/chain.h"
#include "correlate/plan.h"

namespace sequitur::correlate {

// What has been published: (event, length of the chain that ends with it).
using UsedMark = std::pair<Position, uint16_t>;
struct UsedBy {
  TimeNs time = 0;         // of the event, for pruning
  uint64_t published = 0;  // number of the hit that completed its sequence
  uint32_t sequence = 0;   // the same for all hits of one sequence
};
using Used = absl::flat_hash_map<UsedMark, UsedBy>;

class Pending {
 public:
  // Chains of one state that differ in what they link to.
  static constexpr size_t kMaxLinked = 256;

  // Applies one hit of a positive stage. Returns the sequence it completes, or
  // an empty chain. A published hit (`used` may be null) moves on only what was
  // published with it: other sequences wait for a hit that is still free.
  // With links a chain in which something is used is left alone, if it was before
  // hit number `now` (which machine and marks count alike; kAnyTime: whenever).
  // Chains beyond kMaxLinked are given up, the oldest first, and counted (`given_up`
  // may be null).
  static constexpr uint64_t kAnyTime = UINT64_MAX;
  Chain Step(const Plan& plan, const StageHit& hit, const Used* used, uint64_t now,
             uint64_t* given_up);

  // `until`: nothing pending survives.
  void Clear() { slots_.clear(); }

  // Drops sequences that began before `first_time_limit`, each shown to `expired`;
  // the beginning of another one that is dropped is not.
  void Expire(const Plan& plan, TimeNs first_time_limit,
              absl::FunctionRef<void(const Chain&)> expired);

  bool empty() const;
  // Beside its own size.
  size_t bytes() const { return slots_.capacity() > 1 ? slots_.capacity() * sizeof(Chain) : 0; }
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
  // A hit of a rule with links: moves on every chain that it may, or completes the
  // likeliest, and not what has an event in common with what it has just completed.
  void StepLinked(const Plan& plan, int state, const StageHit& hit, const Used* used, uint64_t now,
                  Chain& completed, uint64_t* given_up);
  void Enter(const Plan& plan, int state, Chain chain);
  // Of a rule with links.
  absl::Span<const Chain> OfLength(uint16_t length) const;
  void ExpireLinked(TimeNs first_time_limit, absl::FunctionRef<void(const Chain&)> expired);
  void EnterLinked(const Plan& plan, Chain chain, uint64_t* given_up);
  // REQUIRES: `chain` is one of slots_.
  bool IsSpent(const Plan& plan, const Chain& chain, const StageHit& hit, const Used& used,
               uint64_t now) const;

  // alternatives per state, newest first; empty while nothing is pending. Of a
  // rule with links: all chains by length, those of one length newest first.
  absl::InlinedVector<Chain, 1> slots_;
};

}  // namespace sequitur::correlate
