#pragma once

// What one worker tells of itself while it runs.
// Threads: written by the worker, read by anyone; each number stands alone.

#include <atomic>
#include <cstdint>

namespace sequitur::pipeline {

struct WorkerStats {
  std::atomic<uint64_t> records{0};
  std::atomic<uint64_t> undecodable{0};  // sent to the dead-letter topic
  std::atomic<uint64_t> forwarded{0};    // ingest: events handed on
  std::atomic<uint64_t> duplicates{0};   // correlate: events seen before
  std::atomic<uint64_t> alerts{0};
  std::atomic<uint64_t> rewinds_cut{0};   // retention was shorter than the rewind
  std::atomic<uint64_t> records_lost{0};  // deleted before they were read
  std::atomic<int64_t> partitions{0};     // assigned now
  std::atomic<int64_t> rebuilding{0};     // of them, not live yet
  std::atomic<int64_t> lag{0};            // records not read yet
  std::atomic<bool> stalled{false};       // what was produced is not taken
};

// Whether the n-th (from 0) of many alike deserves a line in the log: the first
// few, then ever fewer.
constexpr bool IsSampled(uint64_t n) { return n < 5 || (n & (n - 1)) == 0; }

}  // namespace sequitur::pipeline
