#include "correlate/machine.h"

#include <algorithm>
#include <array>

#include "absl/container/flat_hash_set.h"
#include "correlate/links.h"

namespace sequitur::correlate {
namespace {

// Whether hits are marked by what they lead to: what else would be told by order alone.
bool IsMarked(const Plan& plan) { return plan.is_linked() && !plan.has_runs(); }

// Of a rule without runs, where a stage fills one state.
uint16_t StateOf(const Plan& plan, const StageHit& hit) {
  return plan.stage_states[hit.stage].first;
}

// False when there are not so many left.
bool Afford(size_t& looks, size_t cost) {
  if (looks < cost) return false;
  looks -= cost;
  return true;
}

// Whether no link refutes a hit of `state` followed by one of the next.
bool MayJoin(const Plan& plan, const StageHit& earlier, const StageHit& later, uint16_t state) {
  return std::none_of(plan.links.begin(), plan.links.end(), [&](const Plan::PlannedLink& link) {
    bool refuted = false;
    if (link.earlier == state && link.later.first == state + 1) {
      Decides(link.link, *earlier.event, *later.event, &refuted);
    }
    return refuted;
  });
}

bool IsLast(const Plan& plan, uint16_t stage) {
  return stage != rules::Hit::kUntil && plan.stage_states[stage].last + 1 == plan.states &&
         plan.stage_states[stage].first < plan.states;
}

// What a sequence that ends at hits[at] or behind it can begin with.
size_t FirstInWindow(const Plan& plan, Machine::Hits hits, size_t at) {
  if (!plan.has_maxspan()) return 0;
  const TimeNs limit =
      event::AddSaturating(event::AddSaturating(hits[at].order, -plan.total_lag), -plan.maxspan);
  return std::partition_point(hits.begin(), hits.end(),
                              [&](const StageHit& hit) { return hit.order < limit; }) -
         hits.begin();
}

}  // namespace

Machine::Machine(const Plan& plan, Hits hits) {
  if (!plan.absents.empty()) absence_ = std::make_unique<Absence>(plan);
  for (size_t i = 0; i < hits.size(); ++i) {
    if (IsLast(plan, hits[i].stage)) behind_last_ = i + 1;
  }
}

void Machine::Inserted(const Plan& plan, uint16_t stage, size_t at) {
  for (auto later = checkpoints_.rbegin(); later != checkpoints_.rend(); ++later) {
    if (later->after <= at) break;
    ++later->after;
  }
  if (behind_last_ > at) ++behind_last_;
  if (IsLast(plan, stage)) behind_last_ = std::max(behind_last_, at + 1);
  if (marks_.size() > at) marks_.insert(marks_.begin() + static_cast<int64_t>(at), 0);
  if (tip_at_ <= at) return;
  ++tip_at_;
  if (unseen_.empty()) unseen_ = {at, at};
  unseen_ = {std::min(unseen_.begin, at), std::max(unseen_.end, at) + 1};
}

size_t Machine::FirstUnseen() const { return unseen_.empty() ? tip_at_ : unseen_.begin; }

bool Machine::IsUnseen(size_t at) const {
  return at >= tip_at_ || (unseen_.begin <= at && at < unseen_.end);
}

const Pending& Machine::SavedBefore(size_t at, size_t* after) const {
  if (at == tip_at_ && at > 0) {
    *after = tip_at_;
    return tip_;
  }
  const auto behind = std::partition_point(checkpoints_.begin(), checkpoints_.end(),
                                           [&](const Checkpoint& c) { return c.after <= at; });
  *after = behind == checkpoints_.begin() ? 0 : std::prev(behind)->after;
  return behind == checkpoints_.begin() ? base_ : std::prev(behind)->state;
}

void Machine::Run(const Plan& plan, Hits hits, bool in_order, std::vector<Chain>& completed) {
  if (behind_last_ <= FirstUnseen()) return;
  if (!MayLead(plan, hits)) return;
  if (LooksAreCheaper(plan, hits) && !MayComplete(plan, hits)) return;
  const uint32_t published = sequences_;
  if (!unseen_.empty()) {
    size_t from = 0;
    Pending state = SavedBefore(unseen_.begin, &from);
    const bool proved = StepOver(plan, hits, in_order, from, tip_at_, state, completed);
    if (!proved) tip_ = std::move(state);
    unseen_ = Range();
  }
  if (behind_last_ > tip_at_) {
    Pending state = tip_at_ == 0 ? base_ : std::move(tip_);
    StepOver(plan, hits, in_order, tip_at_, behind_last_, state, completed);
    tip_ = std::move(state);
    tip_at_ = behind_last_;
  }
  if (sequences_ != published) MarkPublished(plan, hits);
}

void Machine::MarkPublished(const Plan& plan, Hits hits) {
  for (size_t i = 0; i < marks_.size(); ++i) {
    if (IsPublished(hits[i], StateOf(plan, hits[i]))) marks_[i] |= kPublished;
  }
}

// Whether a look at the times of all hits that matter takes less than the steps that
// a run will likely take: up to the second saved state behind what is unseen.
bool Machine::LooksAreCheaper(const Plan& plan, Hits hits) const {
  size_t from = 0;
  SavedBefore(FirstUnseen(), &from);
  size_t steps = behind_last_ - from;
  if (!unseen_.empty()) {
    const auto behind =
        std::partition_point(checkpoints_.begin(), checkpoints_.end(),
                             [&](const Checkpoint& c) { return c.after < unseen_.end; });
    if (checkpoints_.end() - behind >= 2) {
      steps = std::next(behind)->after - from + behind_last_ - tip_at_;
    }
  }
  const size_t looks = behind_last_ - FirstInWindow(plan, hits, FirstUnseen());
  return looks < steps * (plan.is_linked() ? kLooksALinkedStep : kLooksAStep);
}

// Applies hits[from] to hits[to - 1] to `state`, which is then saved now and then. True
// when a state that was saved behind all that is unseen has proved right: then what
// was saved behind it is right as well.
bool Machine::StepOver(const Plan& plan, Hits hits, bool in_order, size_t from, size_t to,
                       Pending& state, std::vector<Chain>& completed) {
  auto next = std::partition_point(checkpoints_.begin(), checkpoints_.end(),
                                   [&](const Checkpoint& c) { return c.after <= from; });
  size_t saved = next == checkpoints_.begin() ? 0 : std::prev(next)->after;
  for (size_t after = from + 1; after <= to; ++after) {
    const uint64_t number = folded_ + after - 1;
    Complete(state.Step(plan, hits[after - 1], used_.get(), Now(number, in_order), nullptr), number,
             completed);
    if (next != checkpoints_.end() && next->after == after) {
      if (after >= unseen_.end && next->state == state) return true;
      next->state = state;
      saved = after;
      ++next;
    } else if (after - saved == kCheckpointSpacing &&
               (next == checkpoints_.end() || next->after - saved >= 2 * kCheckpointSpacing)) {
      next = std::next(checkpoints_.insert(next, {after, state}));
      saved = after;
    }
  }
  return false;
}

// Whether, by order and window, an unseen hit may be part of a sequence that is not
// published: for each state the latest beginning that reaches it, at all and with
// something unseen in it. Without links an unseen hit may also free what another took.
bool Machine::MayComplete(const Plan& plan, Hits hits) const {
  constexpr size_t kMaxStates = 16;
  if (plan.states > kMaxStates) return true;
  struct Begun {
    TimeNs any = event::kNoTime;
    TimeNs unseen = event::kNoTime;
  };
  std::array<Begun, kMaxStates> begun;
  for (const Chain& chain : base_.chains()) {
    if (!chain) continue;
    TimeNs& latest = begun[chain.size() - 1].any;
    latest = std::max(latest, chain.first_time());
  }
  const bool is_marked = IsMarked(plan);
  const size_t first = FirstInWindow(plan, hits, FirstUnseen());
  for (size_t i = first; i < behind_last_; ++i) {
    const uint16_t stage = hits[i].stage;
    // What is published is in no other, nor is what leads nowhere.
    if (is_marked && marks_[i] != 0) continue;
    const TimeNs time = event::AddSaturating(hits[i].order, -plan.lag[stage]);
    const auto within = [&](TimeNs begin) {
      return begin != event::kNoTime && time <= event::AddSaturating(begin, plan.maxspan);
    };
    for (int state = plan.stage_states[stage].last; state >= plan.stage_states[stage].first;
         --state) {
      Begun before = state == 0 ? Begun{time, event::kNoTime} : begun[state - 1];
      if (IsUnseen(i)) before.unseen = before.any;
      if (state + 1 < plan.states) {
        if (within(before.any)) begun[state].any = std::max(begun[state].any, before.any);
        if (within(before.unseen))
          begun[state].unseen = std::max(begun[state].unseen, before.unseen);
      } else if (within(plan.is_linked() ? before.unseen : before.any) &&
                 !IsPublished(hits[i], static_cast<uint16_t>(state))) {
        return true;
      }
    }
  }
  return false;
}

// Whether, as far as the links say, an unseen hit leads to a last one through what is
// not published. From the last to the first: what one says of those before it is then
// known.
bool Machine::MayLead(const Plan& plan, Hits hits) {
  if (!IsMarked(plan)) return true;
  marks_.resize(hits.size());
  size_t looks = kMaxLooks;
  for (size_t i = behind_last_; i-- > FirstUnseen();) {
    if (!IsUnseen(i) || !Leads(plan, hits, i, looks)) continue;
    // Those of earlier states may lead to it.
    for (size_t other = 0; other < i; ++other) {
      if (StateOf(plan, hits[other]) < StateOf(plan, hits[i])) marks_[other] &= ~kVain;
    }
    return true;
  }
  return false;
}

// True as well when there are no looks left to tell.
bool Machine::Leads(const Plan& plan, Hits hits, size_t at, size_t& looks) {
  const uint16_t state = StateOf(plan, hits[at]);
  if (marks_[at] != 0) return false;
  if (state + 1 == plan.states) return true;
  const TimeNs limit =
      event::AddSaturating(event::AddSaturating(hits[at].order, plan.total_lag), plan.maxspan);
  for (size_t next = at + 1; next < behind_last_ && hits[next].order <= limit; ++next) {
    const bool follows = StateOf(plan, hits[next]) == state + 1 && marks_[next] == 0;
    if (!Afford(looks, follows ? kLooksAComparison : 1)) return true;
    if (follows && MayJoin(plan, hits[at], hits[next], state) && Leads(plan, hits, next, looks)) {
      return true;
    }
  }
  marks_[at] |= kVain;
  return false;
}

// Publishes a completed sequence unless one of its hits is in a published one:
// then this is that sequence, or another reading of the same facts.
void Machine::Complete(Chain sequence, uint64_t number, std::vector<Chain>& completed) {
  if (sequence && Claim(sequence, number)) completed.push_back(std::move(sequence));
}

bool Machine::Claim(const Chain& sequence, uint64_t number) {
  if (IsPublished(sequence)) return false;
  if (used_ == nullptr) used_ = std::make_unique<Used>();
  for (Chain c = sequence; c; c = c.previous()) {
    used_->emplace(UsedMark{c.last()->position(), c.size()},
                   UsedBy{c.last()->time(), number, sequences_});
  }
  ++sequences_;
  return true;
}

bool Machine::IsPublished(const StageHit& hit, uint16_t state) const {
  return used_ != nullptr &&
         used_->contains({hit.event->position(), static_cast<uint16_t>(state + 1)});
}

bool Machine::IsPublished(const Chain& sequence) const {
  if (used_ == nullptr) return false;
  for (Chain c = sequence; c; c = c.previous()) {
    if (used_->contains({c.last()->position(), c.size()})) return true;
  }
  return false;
}

void Machine::Fold(const Plan& plan, Hits hits, size_t count, bool in_order, RuleStats& stats,
                   std::vector<Chain>& completed) {
  if (count == 0) return;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t number = folded_ + i;
    ApplyFinal(plan, hits[i], Now(number, in_order), number, stats, completed);
  }
  BaseChanged();
  Dropped(count);
}

void Machine::ApplyFinal(const Plan& plan, const StageHit& hit, uint64_t now, uint64_t number,
                         RuleStats& stats, std::vector<Chain>& completed) {
  if (hit.stage == rules::Hit::kUntil) {
    base_.Clear();
    return;
  }
  if (plan.stage_states[hit.stage].first > plan.stage_states[hit.stage].last) {
    stats.evicted[static_cast<size_t>(EvictReason::kKeyCap)] +=
        absence_->Note(plan, hit.stage, hit.event->time());
    return;
  }
  uint64_t given_up = 0;
  Chain sequence = base_.Step(plan, hit, used_.get(), now, &given_up);
  stats.evicted[static_cast<size_t>(EvictReason::kKeyCap)] += given_up;
  // A rule that does not wait has published it when its last piece arrived.
  if (!sequence || !plan.waits) return;
  // With links what has moved on also stays: it must not be found again.
  if (plan.is_linked() && !Claim(sequence, number)) return;
  if (absence_ == nullptr) {
    completed.push_back(std::move(sequence));
    return;
  }
  size_t dropped = 0;
  if (absence_->Judge(plan, sequence, &dropped) == Absence::Verdict::kAccepted) {
    completed.push_back(std::move(sequence));
  }
  stats.evicted_advanced[static_cast<size_t>(EvictReason::kKeyCap)] += dropped;
}

void Machine::BaseChanged() {
  base_advanced_ = base_.advanced();
  base_weight_ = Weight();
  for (const Chain& chain : base_.chains()) {
    if (!chain) continue;
    base_weight_.hits += chain.size();
    base_weight_.bytes += chain.bytes();
  }
}

void Machine::Dropped(size_t count) {
  const auto moved = [count](size_t index) { return index < count ? 0 : index - count; };
  folded_ += count;
  behind_last_ = moved(behind_last_);
  unseen_ = {moved(unseen_.begin), moved(unseen_.end)};
  marks_.erase(marks_.begin(),
               marks_.begin() + static_cast<int64_t>(std::min(count, marks_.size())));
  tip_at_ = moved(tip_at_);
  if (tip_at_ == 0) tip_.Clear();
  const auto kept = std::partition_point(checkpoints_.begin(), checkpoints_.end(),
                                         [&](const Checkpoint& c) { return c.after <= count; });
  checkpoints_.erase(checkpoints_.begin(), kept);
  for (Checkpoint& checkpoint : checkpoints_) checkpoint.after -= count;
  if (checkpoints_.empty()) std::vector<Checkpoint>().swap(checkpoints_);
}

void Machine::Advance(const Plan& plan, TimeNs horizon, Hits hits, RuleStats& stats,
                      std::vector<Chain>& completed) {
  if (absence_ != nullptr) absence_->Advance(plan, horizon, completed);
  if (plan.has_maxspan()) {
    const TimeNs limit = event::AddSaturating(horizon, -plan.maxspan);
    base_.Expire(plan, limit, [&](const Chain& chain) {
      if (plan.is_linked() && IsPublished(chain)) return;
      ++stats.expired;
      ++stats.expired_after[chain.last_stage()];
    });
    BaseChanged();
    tip_.Expire(plan, limit, [](const Chain&) {});
  }
  if (used_ != nullptr) PruneUsed(plan, horizon, hits);
}

// Forgets marks of events that no sequence can hold any more.
void Machine::PruneUsed(const Plan& plan, TimeNs horizon, Hits hits) {
  if (plan.has_maxspan()) {
    const TimeNs limit =
        event::AddSaturating(event::AddSaturating(horizon, -plan.maxspan), -plan.total_lag);
    absl::erase_if(*used_, [&](const auto& mark) { return mark.second.time < limit; });
  } else {
    absl::flat_hash_set<Position> held;
    for (const StageHit& hit : hits) held.insert(hit.event->position());
    for (const Chain& chain : base_.chains()) {
      for (Chain c = chain; c; c = c.previous()) held.insert(c.last()->position());
    }
    absl::erase_if(*used_, [&](const auto& mark) { return !held.contains(mark.first.first); });
  }
  if (used_->empty()) used_.reset();
}

int Machine::advanced(const Plan& plan, Hits hits, bool in_order) const {
  if (plan.waits || hits.empty()) return base_advanced_;
  size_t after = 0;
  Pending state = SavedBefore(FirstUnseen(), &after);
  for (size_t i = after; i < hits.size(); ++i) {
    state.Step(plan, hits[i], used_.get(), Now(folded_ + i, in_order), nullptr);
  }
  return std::max(base_advanced_, state.advanced());
}

void Machine::TakeOver(const Plan& plan, const Machine& from, RuleStats& stats,
                       std::vector<Chain>& completed) {
  if (from.used_ != nullptr) {
    if (used_ == nullptr) used_ = std::make_unique<Used>();
    for (auto [mark, by] : *from.used_) {
      by.sequence += sequences_;
      used_->emplace(mark, by);
    }
    sequences_ += from.sequences_;
  }
  if (absence_ != nullptr) {
    stats.evicted[static_cast<size_t>(EvictReason::kKeyCap)] +=
        absence_->TakeOver(plan, *from.absence_, completed);
  }
}

size_t Machine::bytes() const {
  const size_t per_state = tip_.bytes() + base_.bytes();
  return sizeof(Machine) + per_state * (1 + checkpoints_.size()) +
         checkpoints_.capacity() * sizeof(Checkpoint) + marks_.capacity() +
         (absence_ == nullptr ? 0 : absence_->bytes()) +
         (used_ == nullptr ? 0 : used_->capacity() * sizeof(Used::value_type));
}

}  // namespace sequitur::correlate
