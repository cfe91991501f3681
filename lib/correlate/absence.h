#pragma once

// Absence: what `![...]` needs to know of one (rule, join key): when events of
// each missing stage were seen, and which completed sequences still wait to
// see whether one comes. Rules from Elasticsearch's TumblingWindow
// (checkMissingEvents): timestamps only, strict inequalities, and a gap of
// exactly maxspan still rejects.
//
// Bounds: kMaxTimes instants per stage, kMaxCandidates sequences; what is
//         dropped is counted by the caller.

#include <cstdint>
#include <vector>

#include "correlate/chain.h"
#include "correlate/plan.h"

namespace sequitur::correlate {

class Absence {
 public:
  static constexpr size_t kMaxTimes = 8192;
  static constexpr size_t kMaxCandidates = 4096;

  explicit Absence(const Plan& plan) : times_(plan.absents.size()) {}

  // An event of missing stage `stage` (index into Rule::stages). Returns how
  // many older instants had to be forgotten for it.
  size_t Note(const Plan& plan, uint16_t stage, TimeNs time);

  enum class Verdict : uint8_t { kAccepted, kRejected, kWaiting };
  // Judges a completed sequence by what has been seen so far; one that has to
  // wait for a trailing stage is kept. `dropped` counts one that found no room.
  Verdict Judge(const Plan& plan, const Chain& sequence, size_t* dropped);

  // Everything up to `horizon` has been seen: moves the kept sequences that are
  // now certain to `accepted`, forgets the rejected ones and instants that no
  // sequence can ask for any more.
  void Advance(const Plan& plan, TimeNs horizon, std::vector<Chain>& accepted);

  // Goes on with what `from` has seen and judges what waits there by this plan,
  // which differs in its window at most. Sequences that are certain go to
  // `accepted`. Returns how many instants and sequences found no room.
  size_t TakeOver(const Plan& plan, const Absence& from, std::vector<Chain>& accepted);

  bool empty() const;
  size_t bytes() const;
  // When Advance can decide next: the earliest deadline; kEndOfTime when none.
  TimeNs deadline(const Plan& plan) const;
  // After this horizon nothing noted here matters any more.
  TimeNs relevant_until(const Plan& plan) const;

 private:
  struct Candidate {
    Chain sequence;
    TimeNs from = 0;  // a trailing event must be more than maxspan after this
    TimeNs last = 0;  // and strictly after this
  };

  TimeNs LatestBefore(const Plan& plan, Plan::Absent::Place place, TimeNs time) const;
  TimeNs EarliestAfter(const Plan& plan, TimeNs time) const;
  bool GapsAreEmpty(const Plan& plan, const Chain& sequence) const;

  std::vector<std::vector<TimeNs>> times_;  // by absent stage, ascending, distinct
  std::vector<Candidate> candidates_;
};

}  // namespace sequitur::correlate
