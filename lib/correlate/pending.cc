#include "correlate/pending.h"

#include <algorithm>

namespace sequitur::correlate {

Chain Pending::Step(const Plan& plan, const StageHit& hit, const Used* used) {
  const Plan::States range = plan.stage_states[hit.stage];
  Chain completed;
  // Last to first: an event moves a sequence one state on, never two.
  for (int state = range.last; state >= range.first; --state) {
    Chain before;
    if (state > 0) {
      before = Take(plan, state - 1, hit, used);
      if (!before) continue;
      // Too long: the sequence is gone, and older ones are not tried.
      if (plan.has_maxspan() && hit.event->time() - before.first_time() > plan.maxspan) continue;
    }
    Chain grown = before.Append(hit);
    if (state == plan.states - 1) {
      completed = std::move(grown);
    } else {
      Enter(plan, state, std::move(grown));
    }
  }
  return completed;
}

Chain Pending::Take(const Plan& plan, int state, const StageHit& hit, const Used* used) {
  if (slots_.empty()) return Chain();
  const bool published =
      used != nullptr && used->contains({hit.event->position(), static_cast<uint16_t>(state + 2)});
  const auto begin = slots_.begin() + state * plan.alternatives;
  const auto end = begin + plan.alternatives;
  const auto found = std::find_if(begin, end, [&](const Chain& chain) {
    return chain && chain.EndsBefore(hit) &&
           (!published || used->contains({chain.last()->position(), chain.size()})) &&
           (plan.alternatives == 1 || !chain.Contains(hit.event.get()));
  });
  if (found == end) return Chain();
  Chain taken = std::move(*found);
  std::fill(found, end, Chain());
  return taken;
}

void Pending::Enter(const Plan& plan, int state, Chain chain) {
  if (slots_.empty()) slots_.resize((plan.states - 1) * plan.alternatives);
  const auto begin = slots_.begin() + state * plan.alternatives;
  const auto end = begin + plan.alternatives;
  // In order the newcomer ends last and goes in front; a late one behind those
  // that ended after it.
  const auto at = std::find_if(begin, end, [&](const Chain& held) {
    return !held ||
           !StrictlyBefore(chain.last_order(), *chain.last(), held.last_order(), *held.last());
  });
  if (at == end) return;
  std::move_backward(at, end - 1, end);
  *at = std::move(chain);
}

void Pending::Expire(const Plan& plan, TimeNs first_time_limit,
                     absl::FunctionRef<void(const Chain&)> expired) {
  for (auto begin = slots_.begin(); begin != slots_.end(); begin += plan.alternatives) {
    const auto end = begin + plan.alternatives;
    const auto kept = std::remove_if(begin, end, [&](const Chain& chain) {
      if (!chain) return true;
      if (chain.first_time() >= first_time_limit) return false;
      expired(chain);
      return true;
    });
    std::fill(kept, end, Chain());
  }
  if (empty()) slots_.clear();
}

bool Pending::empty() const {
  return std::none_of(slots_.begin(), slots_.end(), [](const Chain& c) { return bool(c); });
}

int Pending::advanced() const {
  int longest = 0;
  for (const Chain& chain : slots_) {
    if (chain) longest = std::max<int>(longest, chain.size());
  }
  return longest;
}

TimeNs Pending::latest_start() const {
  TimeNs latest = event::kNoTime;
  for (const Chain& chain : slots_) {
    if (chain) latest = std::max(latest, chain.first_time());
  }
  return latest;
}

bool operator==(const Pending& a, const Pending& b) {
  if (a.slots_.size() != b.slots_.size()) return a.empty() && b.empty();
  return std::equal(a.slots_.begin(), a.slots_.end(), b.slots_.begin());
}

}  // namespace sequitur::correlate
