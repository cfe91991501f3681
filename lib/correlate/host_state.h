#pragma once

// HostState: everything pending on one host. Time is per host: neither the
// clock nor the backlog of one host touches another's state.
//
// Threads: none. Lifetime: account and stats outlive the HostState.

#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "correlate/expiry_queue.h"
#include "correlate/key_state.h"

namespace sequitur::correlate {

class HostState {
 public:
  // What it holds is charged to `account` and counted in Held of `stats`.
  HostState(event::MemoryAccount& account, Stats& stats) : account_(account), stats_(stats) {}
  ~HostState();
  HostState(const HostState&) = delete;
  HostState& operator=(const HostState&) = delete;

  // The state for (rule, key), made and queued when new.
  KeyState& Open(const Plan& plan, uint32_t rule, const std::string& key);

  // Takes a state out as it is, and puts one in where it stood in the queue.
  // REQUIRES: none for its rule and key is here.
  std::unique_ptr<KeyState> Take(KeyState& state);
  void Put(std::unique_ptr<KeyState> state);

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

  struct KeyView {
    uint32_t rule;
    absl::string_view key;
  };
  // The hash stands beside the pointer: a table that grows must not visit every
  // state, which would be a pause with a million of them.
  struct Entry {
    explicit Entry(std::unique_ptr<KeyState> s)
        : hash(Hash()(KeyView{s->rule(), s->key()})), state(std::move(s)) {}
    size_t hash;
    std::unique_ptr<KeyState> state;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const KeyView& v) const {
      return absl::Hash<std::pair<uint32_t, absl::string_view>>()({v.rule, v.key});
    }
    size_t operator()(const Entry& e) const { return e.hash; }
  };
  struct Equal {
    using is_transparent = void;
    static KeyView View(const KeyView& v) { return v; }
    static KeyView View(const Entry& e) { return {e.state->rule(), e.state->key()}; }
    bool operator()(const auto& a, const auto& b) const {
      const KeyView x = View(a), y = View(b);
      return x.rule == y.rule && x.key == y.key;
    }
  };

  absl::flat_hash_set<Entry, Hash, Equal> keys_;
  ExpiryQueue queue_;
  event::MemoryAccount& account_;
  Stats& stats_;
};

}  // namespace sequitur::correlate
