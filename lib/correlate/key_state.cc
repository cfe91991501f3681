#include "correlate/key_state.h"

#include <algorithm>

#include "correlate/links.h"

namespace sequitur::correlate {

void KeyState::Add(StageHit hit, TimeNs horizon, const Limits& limits, RuleStats& stats,
                   std::vector<Chain>& completed) {
  if (hit.order < horizon) ++stats.late_hits;
  const auto at = std::upper_bound(hits_.begin(), hits_.end(), hit);
  const size_t index = at - hits_.begin();
  if (IsDuplicate(hit, index)) {
    ++stats.duplicate_hits;
    return;
  }
  in_order_ = in_order_ && at == hits_.end();
  hit_bytes_ += hit.event->bytes();
  const uint16_t stage = hit.stage;
  hits_.insert(at, std::move(hit));
  stages_ |= Plan::BitOf(stage);
  if (machine_ != nullptr) machine_->Inserted(plan_, stage, index);
  if (!plan_.waits) {
    if (HasEveryStep()) OpenMachine().Run(plan_, hits_, in_order_, completed);
    // In bulk, so that moving the rest down is paid once for many.
    if (hits_.size() >= kFoldTogether && hits_[hits_.size() / 2].order < horizon) {
      Fold(horizon, stats, completed);
    }
  }
  if (hits_.size() > limits.max_hits) MakeOldHalfFinal(stats, completed);
}

Machine& KeyState::OpenMachine() {
  if (machine_ == nullptr) machine_ = std::make_unique<Machine>(plan_, hits_);
  return *machine_;
}

// A hit is at hand for every state that no sequence of the base has reached.
bool KeyState::HasEveryStep() const {
  const int reached = machine_ == nullptr ? 0 : machine_->base_advanced();
  const uint32_t needed = plan_.stages_from[reached];
  return (stages_ & needed) == needed;
}

// The same record again, or the same fact sent twice (at-least-once shippers):
// looked for among the neighbours of the same instant.
bool KeyState::IsDuplicate(const StageHit& hit, size_t at) const {
  constexpr size_t kNeighbours = 16;
  const auto same = [&](const StageHit& other) {
    if (other.stage != hit.stage) return false;
    if (other.event->position() == hit.event->position()) return true;
    return hit.event->identity() != 0 && other.event->identity() == hit.event->identity();
  };
  for (size_t i = at; i > 0 && at - i < kNeighbours && hits_[i - 1].order == hit.order; --i) {
    if (same(hits_[i - 1])) return true;
  }
  for (size_t i = at; i < hits_.size() && i - at < kNeighbours && hits_[i].order == hit.order;
       ++i) {
    if (same(hits_[i])) return true;
  }
  return false;
}

std::vector<Candidate> KeyState::CandidatesFor(const Chain& sequence, size_t* others) const {
  *others = 0;
  const bool asked = std::any_of(plan_.links.begin(), plan_.links.end(),
                                 [](const Plan::PlannedLink& link) { return link.earlier == 0; });
  if (!asked || sequence.size() < 2) return {};
  Chain second = sequence;
  while (second.size() > 2) second = second.previous();
  const Chain first = second.previous();

  struct Found {
    Candidate candidate;
    TimeNs order;
  };
  std::vector<Found> found;
  const auto consider = [&](const StageHit& hit) {
    const bool in_time = StrictlyBefore(hit.order, *hit.event, second.last_order(), *second.last());
    if (!in_time || (hit.event != first.last() && sequence.Contains(hit.event.get()))) return;
    if (sequence.last()->time() - hit.event->time() > plan_.maxspan) return;
    Rank rank = 0;
    for (const Plan::PlannedLink& link : plan_.links) {
      if (link.earlier != 0) continue;
      rank = AddRank(rank, link.link, *hit.event, sequence.EventAt(link.later.first));
    }
    if (rank != kRefuted) found.push_back({{hit.event, rank}, hit.order});
  };
  for (const Chain& chain : base()) {
    if (chain && chain.size() == 1) consider({chain.last_order(), chain.last(), 0});
  }
  for (const StageHit& hit : hits_) {
    if (hit.stage == first.last_stage()) consider(hit);
  }
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::make_pair(a.candidate.rank, -a.order) < std::make_pair(b.candidate.rank, -b.order);
  });
  const auto same = [](const Found& a, const Found& b) {
    return a.candidate.event == b.candidate.event;
  };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  // What the sequence begins with is never left out.
  const auto chosen = std::find_if(found.begin(), found.end(), [&](const Found& f) {
    return f.candidate.event == first.last();
  });
  if (chosen != found.end() && chosen - found.begin() >= int64_t{kMaxCandidates}) {
    std::rotate(found.begin() + kMaxCandidates - 1, chosen, chosen + 1);
  }
  std::vector<Candidate> candidates;
  for (Found& f : found) {
    if (candidates.size() < kMaxCandidates) candidates.push_back(std::move(f.candidate));
  }
  *others = found.size() - candidates.size();
  return candidates;
}

void KeyState::Advance(TimeNs horizon, RuleStats& stats, std::vector<Chain>& completed) {
  if (EndsAlone(horizon, stats)) return;
  Fold(horizon, stats, completed);
  if (machine_ != nullptr) machine_->Advance(plan_, horizon, hits_, stats, completed);
}

// Most keys see first steps alone: what they began is over with the newest, and no
// machine has to run to tell.
bool KeyState::EndsAlone(TimeNs horizon, RuleStats& stats) {
  if (machine_ != nullptr || plan_.waits || hits_.size() > 1) return false;
  if (hits_.empty() || !IsOver(hits_.front(), horizon)) return false;
  if (plan_.stage_states[hits_.front().stage].first == 0) {
    ++stats.expired;
    ++stats.expired_after[hits_.front().stage];
  }
  Drop(1);
  return true;
}

bool KeyState::IsOver(const StageHit& hit, TimeNs horizon) const {
  return plan_.has_maxspan() && hit.order < horizon &&
         hit.event->time() < event::AddSaturating(horizon, -plan_.maxspan);
}

void KeyState::Fold(TimeNs horizon, RuleStats& stats, std::vector<Chain>& completed) {
  const auto end = std::partition_point(hits_.begin(), hits_.end(),
                                        [&](const StageHit& hit) { return hit.order < horizon; });
  FoldFirst(end - hits_.begin(), stats, completed);
}

void KeyState::FoldFirst(size_t count, RuleStats& stats, std::vector<Chain>& completed) {
  if (count == 0) return;
  OpenMachine().Fold(plan_, hits_, count, in_order_, stats, completed);
  Drop(count);
}

void KeyState::Drop(size_t count) {
  for (size_t i = 0; i < count; ++i) hit_bytes_ -= hits_[i].event->bytes();
  hits_.erase(hits_.begin(), hits_.begin() + count);
  if (hits_.empty()) hits_.shrink_to_fit();
  stages_ = 0;
  for (const StageHit& hit : hits_) stages_ |= Plan::BitOf(hit.stage);
}

void KeyState::MakeOldHalfFinal(RuleStats& stats, std::vector<Chain>& completed) {
  const size_t half = hits_.size() / 2;
  stats.evicted[static_cast<size_t>(EvictReason::kKeyCap)] += half;
  FoldFirst(half, stats, completed);
}

absl::Span<const Chain> KeyState::base() const {
  return machine_ == nullptr ? absl::Span<const Chain>() : machine_->base().chains();
}

const Absence* KeyState::absence() const {
  return machine_ == nullptr ? nullptr : machine_->absence();
}

bool KeyState::empty() const {
  return hits_.empty() && (machine_ == nullptr || machine_->base().empty()) &&
         (absence() == nullptr || absence()->empty());
}

TimeNs KeyState::deadline() const {
  TimeNs deadline = event::kEndOfTime;
  if (!hits_.empty()) {
    // One that does not wait has published already: folding can be lazy, until its
    // hits are over altogether.
    TimeNs order = plan_.waits ? hits_.front().order : hits_.back().order;
    if (!plan_.waits && plan_.has_maxspan()) order = event::AddSaturating(order, plan_.maxspan);
    deadline = event::AddSaturating(order, 1);
  }
  if (absence() != nullptr) {
    deadline = std::min(deadline, event::AddSaturating(absence()->deadline(plan_), 1));
  }
  if (deadline != event::kEndOfTime) return deadline;
  if (!plan_.has_maxspan() || machine_ == nullptr) return deadline;
  TimeNs over = event::AddSaturating(machine_->base().latest_start(), plan_.maxspan);
  if (absence() != nullptr) over = std::max(over, absence()->relevant_until(plan_));
  return event::AddSaturating(over, 1);
}

int KeyState::advanced() const {
  const int in_base = machine_ == nullptr ? 0 : machine_->base_advanced();
  if (plan_.waits || hits_.empty()) return in_base;
  // First steps alone, which is all that most have, need no machine to tell.
  const bool first_only = !plan_.has_runs() && (stages_ & plan_.stages_from[1]) == 0;
  if (first_only) return std::max(in_base, 1);
  if (machine_ != nullptr) return machine_->advanced(plan_, hits_, in_order_);
  return Machine(plan_, hits_).advanced(plan_, hits_, in_order_);
}

std::vector<StageHit> KeyState::Hits() const {
  std::vector<StageHit> all;
  for (const Chain& chain : base()) {
    for (Chain c = chain; c; c = c.previous()) {
      all.push_back({c.last_order(), c.last(), c.last_stage()});
    }
  }
  all.insert(all.end(), hits_.begin(), hits_.end());
  std::sort(all.begin(), all.end());
  // Chains with links share their beginnings.
  const auto same = [](const StageHit& a, const StageHit& b) {
    return a.event == b.event && a.stage == b.stage;
  };
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  return all;
}

Held KeyState::held() const {
  Held held{1, hits_.size(), bytes() + hit_bytes_};
  if (machine_ != nullptr) {
    held.hits += machine_->base_weight().hits;
    held.bytes += machine_->base_weight().bytes;
  }
  return held;
}

void KeyState::TakeOver(const KeyState& from, TimeNs horizon, const Limits& limits,
                        RuleStats& stats, std::vector<Chain>& completed) {
  RuleStats again;  // late or duplicate they were counted when they came
  if (from.machine_ != nullptr) {
    if (from.machine_->has_published()) in_order_ = false;  // those have another's numbers
    OpenMachine().TakeOver(plan_, *from.machine_, again, completed);
  }
  for (StageHit& hit : from.Hits()) {
    hit.order = event::AddSaturating(hit.event->time(), plan_.LagOf(hit.stage));
    Add(std::move(hit), horizon, limits, again, completed);
  }
  for (size_t reason = 0; reason < kEvictReasons; ++reason) {
    stats.evicted[reason] += again.evicted[reason];
    stats.evicted_advanced[reason] += again.evicted_advanced[reason];
  }
}

size_t KeyState::bytes() const {
  const auto of_heap = [](size_t capacity, size_t inlined, size_t size) {
    return capacity > inlined ? capacity * size : 0;
  };
  return sizeof(KeyState) + of_heap(key_.capacity(), 16, 1) +
         of_heap(hits_.capacity(), 1, sizeof(StageHit)) +
         (machine_ == nullptr ? 0 : machine_->bytes());
}

}  // namespace sequitur::correlate
