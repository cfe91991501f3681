#include "loadgen/arrivals.h"

#include <numeric>
#include <utility>

namespace sequitur::loadgen {

void Arrivals::Push(TimeNs now, Record record) {
  DeliverUntil(now);
  if (!Wants(record.stream)) return;
  uint32_t slot = static_cast<uint32_t>(slots_.size());
  if (free_.empty()) {
    slots_.push_back(std::move(record));
  } else {
    slot = free_.back();
    free_.pop_back();
    slots_[slot] = std::move(record);
  }
  pending_.push({slots_[slot].arrival, pushed_++, slot});
}

void Arrivals::DeliverUntil(TimeNs now) {
  while (!pending_.empty() && pending_.top().arrival <= now) {
    const uint32_t slot = pending_.top().slot;
    pending_.pop();
    Deliver(slots_[slot]);
    slots_[slot].line = std::string();
    free_.push_back(slot);
  }
}

void Arrivals::Deliver(const Record& record) {
  ++delivered_[static_cast<size_t>(record.stream)];
  bytes_ += static_cast<int64_t>(record.line.size());
  record.mark.Resolve(sink_.Write(record.stream, record.host, record.arrival, record.line));
}

int64_t Arrivals::DeliveredAll() const {
  return std::accumulate(delivered_.begin(), delivered_.end(), int64_t{0});
}

}  // namespace sequitur::loadgen
