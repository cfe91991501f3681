#pragma once

// SeenPositions: which source records a partition of the events topic has
// brought already. Ingest repeats records after a restart; offsets of one source
// partition only grow, but for records that had to be written again later, and
// but for a topic that is made anew: what is newer than all that was seen has not
// been seen, wherever it stands.
//
// Bounds:  kRemembered positions a source partition; what is older than all of
//          them counts as seen.
// Threads: none.

#include <cstdint>
#include <deque>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/position.h"

namespace sequitur::pipeline {

class SeenPositions {
 public:
  static constexpr size_t kRemembered = 8192;

  // False when it was there before. `time` is when the source record was written.
  bool Insert(const Position& position, int64_t time) {
    Source& source = sources_[{position.source, position.partition}];
    const Place place{position.offset, position.row};
    if (place <= source.forgotten && time <= source.forgotten_time) return false;
    if (!source.seen.insert({place, time}).second) return false;
    source.order.push_back({place, time});
    if (source.order.size() > kRemembered) Forget(source);
    return true;
  }

 private:
  using Place = std::pair<int64_t, uint32_t>;  // offset, row
  using Sight = std::pair<Place, int64_t>;     // and its time
  struct Source {
    absl::flat_hash_set<Sight> seen;
    std::deque<Sight> order;
    Place forgotten = {-1, 0};
    int64_t forgotten_time = std::numeric_limits<int64_t>::min();
  };

  static void Forget(Source& source) {
    const auto [place, time] = source.order.front();
    source.forgotten = std::max(source.forgotten, place);
    source.forgotten_time = std::max(source.forgotten_time, time);
    source.seen.erase(source.order.front());
    source.order.pop_front();
  }

  absl::flat_hash_map<std::pair<uint32_t, int32_t>, Source> sources_;
};

}  // namespace sequitur::pipeline
