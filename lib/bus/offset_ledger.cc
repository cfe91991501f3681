#include "bus/offset_ledger.h"

#include <algorithm>

namespace sequitur::bus {

uint64_t OffsetLedger::Produced() {
  ++epochs_.back().outstanding;
  ++outstanding_;
  return first_ + epochs_.size() - 1;
}

void OffsetLedger::Acknowledged(uint64_t token) {
  if (token < first_ || token - first_ >= epochs_.size()) return;
  Epoch& epoch = epochs_[token - first_];
  if (epoch.outstanding == 0) return;
  --epoch.outstanding;
  --outstanding_;
}

void OffsetLedger::Close(std::vector<CommittedOffset> offsets) {
  epochs_.back().offsets = std::move(offsets);
  epochs_.back().closed = true;
  epochs_.emplace_back();
}

std::optional<std::vector<CommittedOffset>> OffsetLedger::TakeSettled() {
  std::optional<std::vector<CommittedOffset>> settled;
  while (epochs_.front().closed && epochs_.front().outstanding == 0) {
    settled = std::move(epochs_.front().offsets);
    epochs_.pop_front();
    ++first_;
  }
  return settled;
}

void OffsetLedger::Forget(absl::Span<const TopicPartition> partitions) {
  for (Epoch& epoch : epochs_) {
    std::erase_if(epoch.offsets, [&](const CommittedOffset& offset) {
      return std::find(partitions.begin(), partitions.end(), offset.at) != partitions.end();
    });
  }
}

}  // namespace sequitur::bus
