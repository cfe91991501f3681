#pragma once

// HostState: everything pending on one host. Time is per host: neither the
// clock nor the backlog of one host touches another's state.
//
// Threads: none. Lifetime: pool, account and stats outlive the HostState.

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "correlate/expiry_queue.h"
#include "correlate/key_table.h"

namespace sequitur::correlate {

class HostState {
 public:
  // What it holds is charged to `account` and counted in Held of `stats`.
  HostState(KeyPool& pool, event::MemoryAccount& account, Stats& stats)
      : pool_(pool), keys_(pool), account_(account), stats_(stats) {}
  ~HostState();
  HostState(const HostState&) = delete;
  HostState& operator=(const HostState&) = delete;

  // The state for (rule, key), made and queued when new.
  KeyState& Open(const Plan& plan, uint32_t rule, absl::string_view key);

  // Takes a state out as it is, for another to put in where it stood in the queue.
  // REQUIRES of Put: none for its rule and key is here.
  KeyPool::Number Take(KeyState& state);
  void Put(KeyPool::Number number);

  // Runs `change` on the state and settles what follows: its bytes, its place
  // in the queue, its end when nothing is left.
  void Change(KeyState& state, absl::FunctionRef<void(KeyState&)> change);
  void Erase(KeyState& state);

  ExpiryQueue& queue() { return queue_; }
  size_t keys() const { return keys_.size(); }

 private:
  Held& HeldBy(const KeyState& state) { return stats_.rules[state.rule()].held; }
  void Charge(const KeyState& state);
  void Discharge(const KeyState& state);

  KeyPool& pool_;
  KeyTable keys_;
  ExpiryQueue queue_;
  event::MemoryAccount& account_;
  Stats& stats_;
};

}  // namespace sequitur::correlate
