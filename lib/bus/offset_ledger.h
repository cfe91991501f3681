#pragma once

// OffsetLedger: what a group may commit. Everything produced while an epoch is
// open carries its number; when the epoch has been closed with the offsets read
// by then, and all of its and of earlier epochs' records are acknowledged, those
// offsets are safe: nothing before them is undecided or unwritten.
//
// Bounds:  one entry per epoch that is not settled, and a caller opens one per
//          commit interval.
// Threads: none.

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "bus/record.h"

namespace sequitur::bus {

class OffsetLedger {
 public:
  // Counts a record that is being produced and returns the token it carries.
  uint64_t Produced();
  void Acknowledged(uint64_t token);

  // Ends the open epoch: these are the offsets that reading has come to.
  void Close(std::vector<CommittedOffset> offsets);

  // The offsets of the latest epoch that is settled, once; nullopt when there is
  // nothing new.
  std::optional<std::vector<CommittedOffset>> TakeSettled();

  // These partitions are not ours any more: their offsets are not to be
  // committed. Records that are on their way still count.
  void Forget(absl::Span<const TopicPartition> partitions);

  size_t outstanding() const { return outstanding_; }

 private:
  struct Epoch {
    size_t outstanding = 0;
    bool closed = false;
    std::vector<CommittedOffset> offsets;
  };

  std::deque<Epoch> epochs_ = {Epoch()};
  uint64_t first_ = 0;  // number of epochs_.front()
  size_t outstanding_ = 0;
};

}  // namespace sequitur::bus
