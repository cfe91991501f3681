#pragma once

// WaitingRoom: events of one host whose lineage broke at a process that was not
// known yet, each waiting for a record of that process. What comes is told to
// Wake(); what would now say more is handed out to be looked at again.
//
// Bounds:   kMaxWaiting events, kMaxPerPid of one pid; one leaves when it has
//           waited `patience` of event time. A pid that never came in that time
//           is not waited for again, so a host whose daemons started before us
//           does not pay for it for ever; kMaxPids of those.
// Threads:  none; one per host and worker.

#include <cstdint>
#include <deque>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "event/snapshot.h"

namespace sequitur::enrich {

class WaitingRoom {
 public:
  static constexpr size_t kMaxWaiting = 256;
  static constexpr size_t kMaxPerPid = 32;
  static constexpr size_t kMaxPids = 4096;

  struct Waiter {
    event::SnapshotRef event;
    int64_t pid = -1;       // whose record it waits for
    size_t known = 0;       // images its chain had
    bool complete = false;  // it reached the first process, by way of a gap
    event::TimeNs since = event::kNoTime;
  };
  struct Stats {
    uint64_t admitted = 0;
    uint64_t refused = 0;  // no room
    uint64_t expired = 0;
  };

  explicit WaitingRoom(event::TimeNs patience) : patience_(patience) {}

  // True when an event may wait for `pid`: ask before making a snapshot.
  bool Admits(int64_t pid, event::TimeNs now);
  void Add(Waiter waiter);

  // A record of `pid` came. `judge` says what became of a waiter: handed out
  // when it knows more, else kept, maybe for another pid it has changed to.
  enum class Verdict { kKeep, kHandOut };
  void Wake(int64_t pid, absl::FunctionRef<Verdict(Waiter&)> judge,
            std::vector<event::SnapshotRef>& out);

  size_t size() const { return waiting_.size() - gone_; }
  const Stats& stats() const { return stats_; }

 private:
  struct Pid {
    uint32_t waiting = 0;
    event::TimeNs asked = event::kNoTime;  // first
  };

  void Expire(event::TimeNs now);
  void DropGone();
  void Forget(int64_t pid);

  event::TimeNs patience_;
  std::deque<Waiter> waiting_;  // by `since`; without an event: handed out
  size_t gone_ = 0;             // of these, handed out
  absl::flat_hash_map<int64_t, Pid> pids_;
  Stats stats_;
};

}  // namespace sequitur::enrich
