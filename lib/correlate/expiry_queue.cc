#include "correlate/expiry_queue.h"

#include <algorithm>
#include <limits>

namespace sequitur::correlate {
namespace {

// Of 2.15 s; what is beyond the 146 years around 1970 is in the first or the last.
int32_t BucketOf(TimeNs deadline) {
  constexpr TimeNs kFirst = std::numeric_limits<int32_t>::min();
  constexpr TimeNs kLast = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(std::clamp(deadline >> 31, kFirst, kLast));
}

}  // namespace

void ExpiryQueue::Insert(KeyState& state, TimeNs deadline) {
  state.queue_bucket = BucketOf(deadline);
  InsertAgain(state);
}

void ExpiryQueue::InsertAgain(KeyState& state) {
  Bucket& bucket = buckets_[state.queue_bucket];
  state.queue_next = nullptr;
  state.queue_previous = bucket.last;
  (bucket.last == nullptr ? bucket.first : bucket.last->queue_next) = &state;
  bucket.last = &state;
}

void ExpiryQueue::Remove(KeyState& state) {
  const auto it = buckets_.find(state.queue_bucket);
  Bucket& bucket = it->second;
  (state.queue_previous == nullptr ? bucket.first : state.queue_previous->queue_next) =
      state.queue_next;
  (state.queue_next == nullptr ? bucket.last : state.queue_next->queue_previous) =
      state.queue_previous;
  if (bucket.first == nullptr) buckets_.erase(it);
}

void ExpiryQueue::Hasten(KeyState& state, TimeNs deadline) {
  if (BucketOf(deadline) >= state.queue_bucket) return;
  Remove(state);
  Insert(state, deadline);
}

KeyState* ExpiryQueue::PopDue(TimeNs horizon) {
  if (buckets_.empty() || buckets_.begin()->first >= BucketOf(horizon)) return nullptr;
  KeyState* state = buckets_.begin()->second.first;
  // The next one is asked for soon, and the one behind it next.
  if (const KeyState* next = state->queue_next) {
    next->PrefetchEvent();
    if (next->queue_next != nullptr) next->queue_next->Prefetch();
  }
  Remove(*state);
  return state;
}

void ExpiryQueue::ForEach(absl::FunctionRef<bool(KeyState&)> visit) {
  for (auto it = buckets_.begin(); it != buckets_.end();) {
    // The bucket may go away with its last state: step on first.
    KeyState* state = it->second.first;
    ++it;
    while (state != nullptr) {
      KeyState* next = state->queue_next;
      const int32_t bucket = state->queue_bucket;
      if (!visit(*state)) return;
      state = next;
      it = buckets_.upper_bound(bucket);
    }
  }
}

}  // namespace sequitur::correlate
