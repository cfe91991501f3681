#pragma once

// Where a record came from: a Kafka (topic, partition, offset) or a file and
// its 1-based line. It names the evidence in an alert, breaks ties between
// events of one instant, and is what makes alert ids a function of the log.

#include <compare>
#include <cstdint>
#include <utility>

namespace sequitur {

struct Position {
  // Partition of a record that came from a file; `offset` is then the line.
  static constexpr int32_t kFile = -1;

  uint32_t source = 0;  // index into the pipeline's table of topics or files
  int32_t partition = kFile;
  int64_t offset = 0;
  uint32_t row = 0;  // which event of a record that holds several

  friend auto operator<=>(const Position&, const Position&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Position& p) {
    return H::combine(std::move(h), p.source, p.partition, p.offset, p.row);
  }
};

}  // namespace sequitur
