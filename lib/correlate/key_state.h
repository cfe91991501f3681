#pragma once

// KeyState: everything held for one (host, rule, join key).
//
// Hits are kept sorted. In front of them stands `base_`: the state machine as
// it was when everything older had been applied. Behind them stands `tip_`:
// the machine after the last hit. A hit that arrives in order is one step of
// the tip. A hit that arrives late is inserted, and the machine runs again from
// the nearest saved state before it until it agrees with a saved state after
// it. Hits that nothing can precede any more ("final") are folded into base_.
//
// A rule that waits (until, missing events) has no tip: its machine runs over
// final hits only, in order, which makes its result exact.
//
// Invariants: (1) hits_ is sorted; (2) checkpoints_ are by rising `after`, each
// the state after that many of hits_; (3) a (event, state) pair is in at most
// one published sequence: used_.
//
// Bounds:   options.max_hits hits; beyond it the older half is made final
//           early, which costs tolerance to disorder and not detection.
// Threads:  none.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "correlate/absence.h"
#include "correlate/match.h"
#include "correlate/pending.h"
#include "correlate/plan.h"
#include "correlate/stats.h"

namespace sequitur::correlate {

class KeyState {
 public:
  struct Limits {
    size_t max_hits = 8192;
  };

  static constexpr size_t kMaxCandidates = 5;

  KeyState(const Plan& plan, uint32_t rule, std::string key);
  KeyState(const KeyState&) = delete;
  KeyState& operator=(const KeyState&) = delete;

  // Adds a hit; sequences that it completes (and that are certain) go to
  // `completed`. Hits with an effective time before `horizon` are final.
  void Add(StageHit hit, TimeNs horizon, const Limits& limits, RuleStats& stats,
           std::vector<Chain>& completed);

  // Event time has passed `horizon`: folds what is final, decides what waited,
  // forgets what is over.
  void Advance(TimeNs horizon, RuleStats& stats, std::vector<Chain>& completed);

  // Events held that could have begun `sequence` instead of the one that did, as
  // far as window and links say, likeliest first and of equals the latest; the one
  // that did is among them. At most kMaxCandidates, `*others` counts the rest.
  std::vector<Candidate> CandidatesFor(const Chain& sequence, size_t* others) const;

  // Nothing held: may be destroyed.
  bool empty() const;
  // The horizon at which Advance is next of use; kEndOfTime when never.
  TimeNs deadline() const;
  // Length of the longest pending sequence: above 1, one has advanced.
  int advanced() const;
  // Pending sequences and hits that are not final. Cheap.
  Held held() const;

  // Goes on with what `from` holds: the state of another host that proved to be
  // this one, or of the same key before the rule's window changed. What has
  // been published stays so; what does not fit this plan falls away.
  void TakeOver(const KeyState& from, TimeNs horizon, const Limits& limits, RuleStats& stats,
                std::vector<Chain>& completed);

  uint32_t rule() const { return rule_; }
  // REQUIRES: in no HostState, which finds it by this number.
  void set_rule(uint32_t rule) { rule_ = rule; }
  const std::string& key() const { return key_; }
  // Without the events and chains, which charge themselves.
  size_t bytes() const;

  // Place in the host's expiry queue (expiry_queue.h).
  KeyState* queue_previous = nullptr;
  KeyState* queue_next = nullptr;
  int64_t queue_bucket = 0;

 private:
  static constexpr size_t kCheckpointSpacing = 64;

  struct Checkpoint {
    size_t after = 0;
    Pending state;
  };
  // Every (event, stage) still held, final ones included, once each.
  std::vector<StageHit> Hits() const;
  bool IsDuplicate(const StageHit& hit, size_t at) const;
  void RunFrom(size_t inserted, std::vector<Chain>& completed);
  void Append(std::vector<Chain>& completed);
  void Complete(Chain sequence, uint64_t number, std::vector<Chain>& completed);
  // Marks the sequence's hits as published, unless one is.
  bool Claim(const Chain& sequence, uint64_t number);
  bool IsPublished(const Chain& sequence) const;
  void Fold(TimeNs horizon, RuleStats& stats, std::vector<Chain>& completed);
  void ApplyFinal(const StageHit& hit, uint64_t number, RuleStats& stats,
                  std::vector<Chain>& completed);
  // While hits came in order a machine that runs again must do as it did, and see
  // only what was published by then; once one came late, what is published is taken.
  uint64_t Now(uint64_t number) const { return in_order_ ? number : Pending::kAnyTime; }
  void DropFolded(size_t count);
  void MakeOldHalfFinal(RuleStats& stats, std::vector<Chain>& completed);
  void PruneUsed(TimeNs horizon);

  const Plan& plan_;
  uint32_t rule_;
  bool in_order_ = true;  // so far
  const std::string key_;
  absl::InlinedVector<StageHit, 1> hits_;
  uint32_t sequences_ = 0;  // published so far
  uint64_t folded_ = 0;     // hits in base_: the number of hits_[0]
  size_t hit_bytes_ = 0;    // of the events in hits_
  Pending base_;
  Pending tip_;  // unused by a rule that waits
  std::vector<Checkpoint> checkpoints_;
  std::unique_ptr<Used> used_;
  std::unique_ptr<Absence> absence_;
};

}  // namespace sequitur::correlate
