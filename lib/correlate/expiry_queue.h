#pragma once

// ExpiryQueue: the KeyStates of one host by when they next need attention.
// Buckets of about two seconds; within one, oldest first. Linked through the
// KeyStates themselves, so moving one costs no allocation.

#include <cstdint>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "correlate/key_state.h"

namespace sequitur::correlate {

class ExpiryQueue {
 public:
  // REQUIRES: not queued.
  void Insert(KeyState& state, TimeNs deadline);
  void Remove(KeyState& state);
  // Queues a state that was removed where it stood, behind its bucket's others.
  // REQUIRES: not queued.
  void InsertAgain(KeyState& state);
  // Moves the state to an earlier place when its deadline has come forward; a
  // deadline that has gone back is found out when the old one is reached.
  void Hasten(KeyState& state, TimeNs deadline);

  // The earliest state whose deadline is not after `horizon`, taken out of the
  // queue; nullptr when there is none.
  KeyState* PopDue(TimeNs horizon);
  // In order of deadline, until `visit` returns false. `visit` may Remove the
  // state it is given.
  void ForEach(absl::FunctionRef<bool(KeyState&)> visit);

  bool empty() const { return buckets_.empty(); }

 private:
  struct Bucket {
    KeyState* first = nullptr;
    KeyState* last = nullptr;
  };
  absl::btree_map<int32_t, Bucket> buckets_;
};

}  // namespace sequitur::correlate
