#pragma once

// SeenPositions: which source records a partition of the events topic has
// brought already. Ingest repeats records after a restart; offsets of one source
// partition only grow, but for records that had to be written again later.
//
// Bounds:  kRemembered positions a source partition; what is older than all of
//          them counts as seen.
// Threads: none.

#include <cstdint>
#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/position.h"

namespace sequitur::pipeline {

class SeenPositions {
 public:
  static constexpr size_t kRemembered = 8192;

  // False when it was there before.
  bool Insert(const Position& position) {
    Source& source = sources_[{position.source, position.partition}];
    const Place place{position.offset, position.row};
    if (place <= source.forgotten || !source.places.insert(place).second) return false;
    source.order.push_back(place);
    if (source.order.size() > kRemembered) {
      source.forgotten = std::max(source.forgotten, source.order.front());
      source.places.erase(source.order.front());
      source.order.pop_front();
    }
    return true;
  }

 private:
  using Place = std::pair<int64_t, uint32_t>;  // offset, row
  struct Source {
    absl::flat_hash_set<Place> places;
    std::deque<Place> order;
    Place forgotten = {-1, 0};
  };

  absl::flat_hash_map<std::pair<uint32_t, int32_t>, Source> sources_;
};

}  // namespace sequitur::pipeline
