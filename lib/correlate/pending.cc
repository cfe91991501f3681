#include "correlate/pending.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "correlate/links.h"

namespace sequitur::correlate {
namespace {

// True when the hit would touch nothing that was published before `now`. Where hits
// came in any order, a published one may join what it was published with.
bool KeepsPublishedApart(const Chain& chain, const StageHit& hit, const Used* used, uint64_t now) {
  if (used == nullptr) return true;
  const uint16_t length = chain.size() + 1;
  const auto with = used->find({hit.event->position(), length});
  if (now == Pending::kAnyTime && with != used->end()) {
    const auto last = used->find({chain.last()->position(), chain.size()});
    return last != used->end() && last->second.sequence == with->second.sequence;
  }
  for (Chain c = chain; c; c = c.previous()) {
    const auto mark = used->find({c.last()->position(), c.size()});
    if (mark != used->end() && mark->second.published < now) return false;
  }
  return true;
}

// Whether one event fills the same state in both.
bool Share(const Chain& chain, const Chain& sequence) {
  for (Chain c = chain; c; c = c.previous()) {
    if (&sequence.EventAt(c.size() - 1) == c.last().get()) return true;
  }
  return false;
}

// What the links say of joining the hit to the chain, which ends one state before.
Rank RankOf(const Plan& plan, const Chain& chain, const StageHit& hit) {
  const uint16_t state = chain.size();
  Rank rank = 0;
  for (const Plan::PlannedLink& link : plan.links) {
    if (state < link.later.first || state > link.later.last) continue;
    rank = AddRank(rank, link.link, chain.EventAt(link.earlier), *hit.event);
  }
  return rank;
}

// Whether a chain of that length has the earlier event of the link, and not yet
// the later one.
bool IsOpen(const Plan::PlannedLink& link, size_t length) {
  return link.earlier < length && length <= link.later.last;
}

// A chain and a hit that it may be made longer by.
struct Grown {
  const Chain* before;  // may be empty
  const StageHit* hit;

  uint16_t size() const { return *before ? before->size() + 1 : 1; }
  TimeNs first_time() const { return *before ? before->first_time() : hit->event->time(); }
  const event::Snapshot& EventAt(uint16_t state) const {
    return state + 1 == size() ? *hit->event : before->EventAt(state);
  }
};

// Equal for chains that are alike.
uint32_t SignatureOf(const Plan& plan, const Grown& grown) {
  size_t signature = 0;
  for (const Plan::PlannedLink& link : plan.links) {
    if (!IsOpen(link, grown.size())) continue;
    signature = absl::HashOf(signature, HashAsEarlier(link.link, grown.EventAt(link.earlier)));
  }
  return static_cast<uint32_t>(signature);
}

// Whether every link to a later step says the same of both, which have one
// signature; they end in one state.
bool Alike(const Plan& plan, const Chain& a, const auto& b) {
  return std::all_of(plan.links.begin(), plan.links.end(), [&](const Plan::PlannedLink& link) {
    if (!IsOpen(link, a.size())) return true;
    const event::Snapshot& x = a.EventAt(link.earlier);
    const event::Snapshot& y = b.EventAt(link.earlier);
    return &x == &y || AlikeAsEarlier(link.link, x, y);
  });
}

// Whether `a` serves wherever `b` does, whose signature this is.
bool Covers(const Plan& plan, const Chain& a, const auto& b, uint32_t signature) {
  return a.signature() == signature && a.first_time() >= b.first_time() && Alike(plan, a, b);
}

bool Covers(const Plan& plan, const Chain& a, const Chain& b) {
  return Covers(plan, a, b, b.signature());
}

}  // namespace

Chain Pending::Step(const Plan& plan, const StageHit& hit, const Used* used, uint64_t now,
                    uint64_t* given_up) {
  const Plan::States range = plan.stage_states[hit.stage];
  Chain completed;
  // Last to first: an event moves a sequence one state on, never two.
  for (int state = range.last; state >= range.first; --state) {
    if (plan.is_linked()) {
      StepLinked(plan, state, hit, used, now, completed, given_up);
      continue;
    }
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

// Whether a newer chain that is alike was published: the older ones went with it, as
// they do without links.
bool Pending::IsSpent(const Plan& plan, const Chain& chain, const StageHit& hit, const Used& used,
                      uint64_t now) const {
  if (used.contains({hit.event->position(), static_cast<uint16_t>(chain.size() + 1)})) return false;
  for (const Chain& newer : OfLength(chain.size())) {
    if (&newer == &chain) return false;
    if (newer.signature() != chain.signature() || !Alike(plan, newer, chain)) continue;
    const auto mark = used.find({newer.last()->position(), newer.size()});
    if (mark != used.end() && mark->second.published < now) return true;
  }
  return false;
}

void Pending::StepLinked(const Plan& plan, int state, const StageHit& hit, const Used* used,
                         uint64_t now, Chain& completed, uint64_t* given_up) {
  struct Candidate {
    Rank rank;
    const Chain* chain;
  };
  absl::InlinedVector<Candidate, 16> before;
  const Chain none;
  if (state == 0) before.push_back({0, &none});
  for (const Chain& chain : OfLength(static_cast<uint16_t>(state))) {
    if (!chain.EndsBefore(hit)) continue;
    if (plan.has_maxspan() && hit.event->time() - chain.first_time() > plan.maxspan) continue;
    if (chain.Contains(hit.event.get()) || !KeepsPublishedApart(chain, hit, used, now)) continue;
    if (completed && Share(chain, completed)) continue;
    if (plan.alternatives > 1 && used != nullptr && IsSpent(plan, chain, hit, *used, now)) continue;
    const Rank rank = RankOf(plan, chain, hit);
    if (rank != kRefuted) before.push_back({rank, &chain});
  }
  std::stable_sort(before.begin(), before.end(),
                   [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; });
  if (state == plan.states - 1) {
    if (!before.empty()) completed = before.front().chain->Append(hit);
    return;
  }
  // One that a likelier one covers does not go on. The likeliest of all enters last,
  // and so stands in front.
  absl::InlinedVector<Chain, 4> grown;
  for (const Candidate& candidate : before) {
    const Grown next = {candidate.chain, &hit};
    const uint32_t signature = SignatureOf(plan, next);
    const bool covered = std::any_of(grown.begin(), grown.end(), [&](const Chain& other) {
      return Covers(plan, other, next, signature);
    });
    if (!covered) grown.push_back(candidate.chain->Append(hit, signature));
  }
  for (auto next = grown.rbegin(); next != grown.rend(); ++next) {
    EnterLinked(plan, std::move(*next), given_up);
  }
}

absl::Span<const Chain> Pending::OfLength(uint16_t length) const {
  const auto begin = std::partition_point(slots_.begin(), slots_.end(),
                                          [&](const Chain& c) { return c.size() < length; });
  const auto end =
      std::partition_point(begin, slots_.end(), [&](const Chain& c) { return c.size() == length; });
  return absl::MakeSpan(slots_).subspan(begin - slots_.begin(), end - begin);
}

void Pending::EnterLinked(const Plan& plan, Chain chain, uint64_t* given_up) {
  const auto of_state = OfLength(chain.size());
  auto begin = slots_.begin() + (of_state.data() - slots_.data());
  auto end = begin + static_cast<int64_t>(of_state.size());
  // Enough chains in front of `place`, of different last events, serve in its stead.
  const auto stood_in_for = [&](const Chain& held, auto place) {
    int covering = 0;
    const event::Snapshot* last = nullptr;
    for (auto other = begin; other != place && covering < plan.alternatives; ++other) {
      if (other->last().get() == last || !Covers(plan, *other, held)) continue;
      last = other->last().get();
      ++covering;
    }
    return covering == plan.alternatives;
  };
  auto at = std::find_if(begin, end, [&](const Chain& held) {
    return !StrictlyBefore(chain.last_order(), *chain.last(), held.last_order(), *held.last());
  });
  if (stood_in_for(chain, at)) return;
  const auto before_state = begin - slots_.begin();
  const auto behind_state = end - slots_.begin() + 1;
  at = slots_.insert(at, std::move(chain));
  begin = slots_.begin() + before_state;
  end = slots_.begin() + behind_state;
  const Chain& entered = *at;
  auto kept = std::next(at);
  for (auto held = kept; held != end; ++held) {
    bool drop = Covers(plan, entered, *held) && stood_in_for(*held, kept);
    if (!drop && kept - begin >= int64_t{kMaxLinked}) {
      drop = true;
      if (given_up != nullptr) ++*given_up;
    }
    if (drop) continue;
    if (kept != held) *kept = std::move(*held);
    ++kept;
  }
  slots_.erase(kept, end);
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
  if (plan.is_linked()) return ExpireLinked(first_time_limit, expired);
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

void Pending::ExpireLinked(TimeNs first_time_limit, absl::FunctionRef<void(const Chain&)> expired) {
  const auto over = std::stable_partition(slots_.begin(), slots_.end(), [&](const Chain& chain) {
    return chain.first_time() >= first_time_limit;
  });
  for (auto chain = over; chain != slots_.end(); ++chain) {
    const bool went_on = std::any_of(over, slots_.end(), [&](const Chain& other) {
      return other.size() == chain->size() + 1 && other.previous() == *chain;
    });
    if (!went_on) expired(*chain);
  }
  slots_.erase(over, slots_.end());
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
