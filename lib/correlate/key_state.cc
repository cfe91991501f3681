#include "correlate/key_state.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "correlate/links.h"

namespace sequitur::correlate {

KeyState::KeyState(const Plan& plan, uint32_t rule, std::string key)
    : plan_(plan), rule_(rule), key_(std::move(key)) {
  if (!plan.absents.empty()) absence_ = std::make_unique<Absence>(plan);
}

void KeyState::Add(StageHit hit, TimeNs horizon, const Limits& limits, RuleStats& stats,
                   std::vector<Chain>& completed) {
  if (hit.order < horizon) ++stats.late_hits;
  const auto at = std::upper_bound(hits_.begin(), hits_.end(), hit);
  const size_t index = at - hits_.begin();
  if (IsDuplicate(hit, index)) {
    ++stats.duplicate_hits;
    return;
  }
  const bool in_order = at == hits_.end();
  in_order_ = in_order_ && in_order;
  hit_bytes_ += hit.event->bytes();
  hits_.insert(at, std::move(hit));
  if (!plan_.waits) {
    in_order ? Append(completed) : RunFrom(index, completed);
    // Fold in bulk, so that moving the rest down is paid once for many.
    if (hits_.size() >= kCheckpointSpacing && hits_[hits_.size() / 2].order < horizon) {
      Fold(horizon, stats, completed);
    }
  }
  if (hits_.size() > limits.max_hits) MakeOldHalfFinal(stats, completed);
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

void KeyState::Append(std::vector<Chain>& completed) {
  const uint64_t number = folded_ + hits_.size() - 1;
  Complete(tip_.Step(plan_, hits_.back(), used_.get(), Now(number), nullptr), number, completed);
  const size_t saved = checkpoints_.empty() ? 0 : checkpoints_.back().after;
  if (hits_.size() - saved >= kCheckpointSpacing) checkpoints_.push_back({hits_.size(), tip_});
}

// hits_[inserted] is new. Later checkpoints now stand one hit further on and
// may be wrong; the first that proves right ends the run.
void KeyState::RunFrom(size_t inserted, std::vector<Chain>& completed) {
  for (Checkpoint& checkpoint : checkpoints_) {
    if (checkpoint.after > inserted) ++checkpoint.after;
  }
  auto checkpoint = std::partition_point(checkpoints_.begin(), checkpoints_.end(),
                                         [&](const Checkpoint& c) { return c.after <= inserted; });
  size_t from = 0;
  Pending state = base_;
  if (checkpoint != checkpoints_.begin()) {
    from = std::prev(checkpoint)->after;
    state = std::prev(checkpoint)->state;
  }
  size_t saved = from;
  for (size_t i = from; i < hits_.size(); ++i) {
    const uint64_t number = folded_ + i;
    Complete(state.Step(plan_, hits_[i], used_.get(), Now(number), nullptr), number, completed);
    if (checkpoint != checkpoints_.end() && checkpoint->after == i + 1) {
      if (checkpoint->state == state) return;
      checkpoint->state = state;
      ++checkpoint;
      saved = i + 1;
    } else if (i + 1 - saved == 2 * kCheckpointSpacing) {
      // Late hits alone make a gap; without a state in it each would run over all of it.
      checkpoint = std::next(checkpoints_.insert(checkpoint, {i + 1, state}));
      saved = i + 1;
    }
  }
  tip_ = std::move(state);
}

// Publishes a completed sequence unless one of its hits is in a published one:
// then this is that sequence, or another reading of the same facts.
void KeyState::Complete(Chain sequence, uint64_t number, std::vector<Chain>& completed) {
  if (sequence && Claim(sequence, number)) completed.push_back(std::move(sequence));
}

bool KeyState::Claim(const Chain& sequence, uint64_t number) {
  if (IsPublished(sequence)) return false;
  if (used_ == nullptr) used_ = std::make_unique<Used>();
  for (Chain c = sequence; c; c = c.previous()) {
    used_->emplace(UsedMark{c.last()->position(), c.size()},
                   UsedBy{c.last()->time(), number, sequences_});
  }
  ++sequences_;
  return true;
}

bool KeyState::IsPublished(const Chain& sequence) const {
  if (used_ == nullptr) return false;
  for (Chain c = sequence; c; c = c.previous()) {
    if (used_->contains({c.last()->position(), c.size()})) return true;
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
  for (const Chain& chain : base_.chains()) {
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
  Fold(horizon, stats, completed);
  if (absence_ != nullptr) absence_->Advance(plan_, horizon, completed);
  if (plan_.has_maxspan()) {
    const TimeNs limit = event::AddSaturating(horizon, -plan_.maxspan);
    base_.Expire(plan_, limit, [&](const Chain& chain) {
      if (plan_.is_linked() && IsPublished(chain)) return;
      ++stats.expired;
      ++stats.expired_after[chain.last_stage()];
    });
    tip_.Expire(plan_, limit, [](const Chain&) {});
  }
  if (hits_.empty() && !plan_.waits) tip_ = base_;
  if (used_ != nullptr) PruneUsed(horizon);
}

void KeyState::Fold(TimeNs horizon, RuleStats& stats, std::vector<Chain>& completed) {
  const auto end = std::partition_point(hits_.begin(), hits_.end(),
                                        [&](const StageHit& hit) { return hit.order < horizon; });
  const size_t count = end - hits_.begin();
  for (size_t i = 0; i < count; ++i) ApplyFinal(hits_[i], folded_ + i, stats, completed);
  DropFolded(count);
}

void KeyState::ApplyFinal(const StageHit& hit, uint64_t number, RuleStats& stats,
                          std::vector<Chain>& completed) {
  if (hit.stage == rules::Hit::kUntil) {
    base_.Clear();
    return;
  }
  if (plan_.stage_states[hit.stage].first > plan_.stage_states[hit.stage].last) {
    stats.evicted[static_cast<size_t>(EvictReason::kKeyCap)] +=
        absence_->Note(plan_, hit.stage, hit.event->time());
    return;
  }
  uint64_t given_up = 0;
  Chain sequence = base_.Step(plan_, hit, used_.get(), Now(number), &given_up);
  stats.evicted[static_cast<size_t>(EvictReason::kKeyCap)] += given_up;
  // A rule that does not wait has published it when its last piece arrived.
  if (!sequence || !plan_.waits) return;
  // With links what has moved on also stays: it must not be found again.
  if (plan_.is_linked() && !Claim(sequence, number)) return;
  if (absence_ == nullptr) {
    completed.push_back(std::move(sequence));
    return;
  }
  size_t dropped = 0;
  if (absence_->Judge(plan_, sequence, &dropped) == Absence::Verdict::kAccepted) {
    completed.push_back(std::move(sequence));
  }
  stats.evicted_advanced[static_cast<size_t>(EvictReason::kKeyCap)] += dropped;
}

void KeyState::DropFolded(size_t count) {
  if (count == 0) return;
  folded_ += count;
  for (size_t i = 0; i < count; ++i) hit_bytes_ -= hits_[i].event->bytes();
  hits_.erase(hits_.begin(), hits_.begin() + count);
  const auto kept = std::partition_point(checkpoints_.begin(), checkpoints_.end(),
                                         [&](const Checkpoint& c) { return c.after <= count; });
  checkpoints_.erase(checkpoints_.begin(), kept);
  for (Checkpoint& checkpoint : checkpoints_) checkpoint.after -= count;
  if (hits_.empty()) hits_.shrink_to_fit();
  if (checkpoints_.empty()) std::vector<Checkpoint>().swap(checkpoints_);
}

void KeyState::MakeOldHalfFinal(RuleStats& stats, std::vector<Chain>& completed) {
  const size_t half = hits_.size() / 2;
  stats.evicted[static_cast<size_t>(EvictReason::kKeyCap)] += half;
  for (size_t i = 0; i < half; ++i) ApplyFinal(hits_[i], folded_ + i, stats, completed);
  DropFolded(half);
}

// Forgets marks of events that no sequence can hold any more.
void KeyState::PruneUsed(TimeNs horizon) {
  if (plan_.has_maxspan()) {
    const TimeNs limit =
        event::AddSaturating(event::AddSaturating(horizon, -plan_.maxspan), -plan_.total_lag);
    absl::erase_if(*used_, [&](const auto& mark) { return mark.second.time < limit; });
  } else {
    absl::flat_hash_set<Position> held;
    for (const StageHit& hit : Hits()) held.insert(hit.event->position());
    absl::erase_if(*used_, [&](const auto& mark) { return !held.contains(mark.first.first); });
  }
  if (used_->empty()) used_.reset();
}

bool KeyState::empty() const {
  return hits_.empty() && base_.empty() && (absence_ == nullptr || absence_->empty());
}

TimeNs KeyState::deadline() const {
  TimeNs deadline = event::kEndOfTime;
  if (!hits_.empty()) {
    // One that does not wait has published already: folding can be lazy.
    const TimeNs order = plan_.waits ? hits_.front().order : hits_.back().order;
    deadline = event::AddSaturating(order, 1);
  }
  if (absence_ != nullptr) {
    deadline = std::min(deadline, event::AddSaturating(absence_->deadline(plan_), 1));
  }
  if (deadline != event::kEndOfTime) return deadline;
  if (!plan_.has_maxspan()) return deadline;
  TimeNs over = event::AddSaturating(base_.latest_start(), plan_.maxspan);
  if (absence_ != nullptr) over = std::max(over, absence_->relevant_until(plan_));
  return event::AddSaturating(over, 1);
}

int KeyState::advanced() const { return std::max(base_.advanced(), tip_.advanced()); }

std::vector<StageHit> KeyState::Hits() const {
  std::vector<StageHit> all;
  for (const Chain& chain : base_.chains()) {
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
  for (const Chain& chain : base_.chains()) {
    if (!chain) continue;
    held.hits += chain.size();
    held.bytes += chain.bytes();
  }
  return held;
}

void KeyState::TakeOver(const KeyState& from, TimeNs horizon, const Limits& limits,
                        RuleStats& stats, std::vector<Chain>& completed) {
  if (from.used_ != nullptr) {
    if (used_ == nullptr) used_ = std::make_unique<Used>();
    for (auto [mark, by] : *from.used_) {
      by.sequence += sequences_;
      used_->emplace(mark, by);
    }
    sequences_ += from.sequences_;
    in_order_ = false;  // their numbers are another's
  }
  RuleStats again;  // late or duplicate they were counted when they came
  if (absence_ != nullptr) {
    again.evicted[static_cast<size_t>(EvictReason::kKeyCap)] +=
        absence_->TakeOver(plan_, *from.absence_, completed);
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
  // Not by the plan, which may be gone before the last is counted as lost.
  const size_t per_machine = tip_.bytes() + base_.bytes();
  return sizeof(KeyState) + per_machine * (1 + checkpoints_.size()) + key_.capacity() +
         hits_.capacity() * sizeof(StageHit) + checkpoints_.capacity() * sizeof(Checkpoint) +
         (absence_ == nullptr ? 0 : absence_->bytes()) +
         (used_ == nullptr ? 0 : used_->capacity() * sizeof(Used::value_type));
}

}  // namespace sequitur::correlate
