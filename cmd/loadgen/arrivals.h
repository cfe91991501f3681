#pragma once

// Arrivals: the pipe between the hosts and the sink. A record reaches the sink
// later than it was written, by the lag of its shipper, and records of
// different hosts overtake one another on the way; this is the heap that holds
// them until they are due.
//
// Bounds:   holds what is written within the longest lag: rate x disorder.
// Threads:  none.
// Lifetime: borrows the sink.

#include <array>
#include <queue>
#include <string>
#include <vector>

#include "loadgen/sink.h"
#include "loadgen/truth.h"

namespace sequitur::loadgen {

struct Record {
  Stream stream;
  absl::string_view host;  // must outlive the arrivals
  TimeNs arrival;
  std::string line;
  Mark mark;
};

class Arrivals {
 public:
  // Streams outside `wanted` (bits by Stream) are made and thrown away, so that
  // what remains is the same with and without them.
  Arrivals(Sink& sink, uint32_t wanted) : sink_(sink), wanted_(wanted) {}

  // Nothing pushed from now on arrives before `now`.
  void Push(TimeNs now, Record record);
  void DeliverUntil(TimeNs now);
  void DeliverAll() { DeliverUntil(event::kEndOfTime); }

  bool Wants(Stream stream) const { return (wanted_ >> static_cast<int>(stream)) & 1; }
  int64_t Delivered(Stream stream) const { return delivered_[static_cast<size_t>(stream)]; }
  int64_t DeliveredBytes() const { return bytes_; }
  int64_t DeliveredAll() const;

 private:
  struct Pending {
    TimeNs arrival;
    uint64_t order;
    uint32_t slot;
    bool operator<(const Pending& other) const {
      return arrival != other.arrival ? arrival > other.arrival : order > other.order;
    }
  };
  void Deliver(const Record& record);

  Sink& sink_;
  uint32_t wanted_;
  std::priority_queue<Pending> pending_;
  // Records stay put while the heap sorts their numbers; slots are used again.
  std::vector<Record> slots_;
  std::vector<uint32_t> free_;
  uint64_t pushed_ = 0;
  std::array<int64_t, kStreams> delivered_{};
  int64_t bytes_ = 0;
};

}  // namespace sequitur::loadgen
