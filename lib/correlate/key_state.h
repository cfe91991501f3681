#pragma once

// KeyState: everything held for one (host, rule, join key).
//
// Hits are kept sorted; one that arrives late is inserted. The state machine
// (machine.h) runs over them when they may complete something, and not before: most
// keys see first steps alone and never need one. Hits that nothing can precede any
// more ("final") are folded into it, all together and late.
//
// Bounds:   options.max_hits hits; beyond it the older half is made final
//           early, which costs tolerance to disorder and not detection.
// Threads:  none.

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "correlate/machine.h"
#include "correlate/match.h"
#include "correlate/plan.h"
#include "correlate/stats.h"

namespace sequitur::correlate {

class KeyState {
 public:
  struct Limits {
    size_t max_hits = 8192;
  };

  static constexpr size_t kMaxCandidates = 5;

  KeyState(const Plan& plan, uint32_t rule, absl::string_view key)
      : rule_(rule), plan_(plan), key_(key.begin(), key.end()) {}
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
  absl::string_view key() const { return {key_.data(), key_.size()}; }
  // Without the events and chains, which charge themselves.
  size_t bytes() const;

  // Of what is far from any cache since it came.
  void Prefetch() const {
    __builtin_prefetch(this);
    __builtin_prefetch(reinterpret_cast<const char*>(this) + 64);
  }
  void PrefetchEvent() const {
    if (!hits_.empty()) __builtin_prefetch(hits_.front().event.get());
  }

  // Place in the host's expiry queue (expiry_queue.h).
  KeyState* queue_previous = nullptr;
  KeyState* queue_next = nullptr;
  int32_t queue_bucket = 0;

 private:
  static constexpr size_t kFoldTogether = 64;

  // Every (event, stage) still held, final ones included, once each.
  std::vector<StageHit> Hits() const;
  bool IsDuplicate(const StageHit& hit, size_t at) const;
  bool HasEveryStep() const;
  Machine& OpenMachine();
  bool EndsAlone(TimeNs horizon, RuleStats& stats);
  // Nothing that comes after `horizon` can be joined to it.
  bool IsOver(const StageHit& hit, TimeNs horizon) const;
  void Fold(TimeNs horizon, RuleStats& stats, std::vector<Chain>& completed);
  void FoldFirst(size_t count, RuleStats& stats, std::vector<Chain>& completed);
  void Drop(size_t count);
  void MakeOldHalfFinal(RuleStats& stats, std::vector<Chain>& completed);
  absl::Span<const Chain> base() const;
  const Absence* absence() const;

  // There may be millions: in an order that leaves no gaps.
  uint32_t rule_;
  uint32_t stages_ = 0;   // of hits_, as Plan::BitOf has them
  bool in_order_ = true;  // so far
  const Plan& plan_;
  std::unique_ptr<Machine> machine_;  // null until one has to run
  absl::InlinedVector<StageHit, 1> hits_;
  size_t hit_bytes_ = 0;  // of the events in hits_
  const absl::InlinedVector<char, 16> key_;
};

}  // namespace sequitur::correlate
