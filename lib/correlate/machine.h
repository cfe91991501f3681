#pragma once

// Machine: a rule's state machine over the sorted hits of one join key
// (key_state.h, which owns them), run no further than it has to be.
//
// `base_` is the machine as it was when everything older had been applied, `tip_`
// as it is after the first `tip_at_` hits, which are those up to the last that could
// complete something; checkpoints stand in between. Hits within `unseen_` came since,
// and what stands behind them does not know of them. They are applied, from the
// nearest saved state before them until a saved state behind all of them proves
// right, once they may be part of something complete: till then nobody can tell.
//
// A rule that waits (until, missing events) has no tip: its machine runs over final
// hits only, in order, which makes its result exact.
//
// Invariants: (1) checkpoints_ are by rising `after`, at most tip_at_, each the state
// after that many hits, but for what is unseen; (2) an (event, state) pair is in at most one
// published sequence: used_.
//
// Threads:  none.

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "correlate/absence.h"
#include "correlate/pending.h"
#include "correlate/plan.h"
#include "correlate/stats.h"

namespace sequitur::correlate {

class Machine {
 public:
  using Hits = absl::Span<const StageHit>;

  // Nothing of `hits` has been seen.
  Machine(const Plan& plan, Hits hits);

  // A hit now stands at `at`: all behind it stand one further on.
  void Inserted(const Plan& plan, uint16_t stage, size_t at);
  // Sequences that unseen hits complete go to `completed`. `in_order`: so all hits
  // have come so far.
  void Run(const Plan& plan, Hits hits, bool in_order, std::vector<Chain>& completed);
  // The first `count` hits become final: applied to the base, to be dropped by the
  // caller. What they complete for a rule that waits goes to `completed`.
  // REQUIRES: for other rules, that Run would complete nothing.
  void Fold(const Plan& plan, Hits hits, size_t count, bool in_order, RuleStats& stats,
            std::vector<Chain>& completed);
  // Nothing older than `horizon` comes any more: decides what waited, drops what is
  // too old. `hits` are left.
  void Advance(const Plan& plan, TimeNs horizon, Hits hits, RuleStats& stats,
               std::vector<Chain>& completed);
  // Goes on with what `from` has published and seen to be missing.
  void TakeOver(const Plan& plan, const Machine& from, RuleStats& stats,
                std::vector<Chain>& completed);

  const Pending& base() const { return base_; }
  // Length of the longest sequence in the base, and what all of them hold.
  struct Weight {
    uint64_t hits = 0;
    uint64_t bytes = 0;
  };
  int base_advanced() const { return base_advanced_; }
  const Weight& base_weight() const { return base_weight_; }
  // Of the longest one at all.
  int advanced(const Plan& plan, Hits hits, bool in_order) const;
  bool has_published() const { return used_ != nullptr; }
  const Absence* absence() const { return absence_.get(); }
  size_t bytes() const;

 private:
  static constexpr size_t kCheckpointSpacing = 16;
  // What a step of the machine costs, in looks at a hit's time.
  static constexpr size_t kLooksAStep = 8;
  static constexpr size_t kLooksALinkedStep = 100;
  // What comparing two events by links costs, and how much is spent to spare a run.
  static constexpr size_t kLooksAComparison = 16;
  static constexpr size_t kMaxLooks = 8192;

  // Of a rule with links and without runs.
  enum Mark : uint8_t {
    kVain = 1,       // leads to no last hit, by all that is known
    kPublished = 2,  // in a published sequence
  };
  struct Checkpoint {
    size_t after = 0;
    Pending state;
  };
  // The first and the last of them are, and what is between perhaps.
  struct Range {
    size_t begin = 0;
    size_t end = 0;
    bool empty() const { return begin >= end; }
  };

  bool LooksAreCheaper(const Plan& plan, Hits hits) const;
  bool MayComplete(const Plan& plan, Hits hits) const;
  bool MayLead(const Plan& plan, Hits hits);
  void MarkPublished(const Plan& plan, Hits hits);
  bool Leads(const Plan& plan, Hits hits, size_t at, size_t& looks);
  // The last state that was saved before hit number `at`: `*after` hits are in it.
  const Pending& SavedBefore(size_t at, size_t* after) const;
  size_t FirstUnseen() const;
  bool IsUnseen(size_t at) const;
  bool StepOver(const Plan& plan, Hits hits, bool in_order, size_t from, size_t to, Pending& state,
                std::vector<Chain>& completed);
  void Complete(Chain sequence, uint64_t number, std::vector<Chain>& completed);
  // Marks the sequence's hits as published, unless one is.
  bool Claim(const Chain& sequence, uint64_t number);
  bool IsPublished(const Chain& sequence) const;
  // Whether the hit is in a published one in that state.
  bool IsPublished(const StageHit& hit, uint16_t state) const;
  void ApplyFinal(const Plan& plan, const StageHit& hit, uint64_t now, uint64_t number,
                  RuleStats& stats, std::vector<Chain>& completed);
  void BaseChanged();
  void Dropped(size_t count);
  void PruneUsed(const Plan& plan, TimeNs horizon, Hits hits);
  // While hits came in order a machine that runs again must do as it did, and see
  // only what was published by then; once one came late, what is published is taken.
  static uint64_t Now(uint64_t number, bool in_order) {
    return in_order ? number : Pending::kAnyTime;
  }

  Pending base_;
  Pending tip_;
  size_t tip_at_ = 0;
  Range unseen_;
  size_t behind_last_ = 0;  // index behind the last hit of the last state
  int base_advanced_ = 0;
  Weight base_weight_;
  std::vector<Checkpoint> checkpoints_;
  std::vector<uint8_t> marks_;  // of hits, by Mark; those behind its end have none
  uint32_t sequences_ = 0;      // published so far
  uint64_t folded_ = 0;         // hits in base_: the number of the first of hits
  std::unique_ptr<Used> used_;
  std::unique_ptr<Absence> absence_;
};

}  // namespace sequitur::correlate
