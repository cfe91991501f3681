#pragma once

// What one worker tells of itself while it runs.
// Threads: written by the worker, read by anyone; each number stands alone, and
//          a report is handed out whole.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "metrics/report.h"

namespace sequitur::pipeline {

// The latest report of a worker.
class ReportSlot {
 public:
  void Set(metrics::WorkerReport report) {
    auto next = std::make_shared<const metrics::WorkerReport>(std::move(report));
    const std::lock_guard lock(mutex_);
    latest_.swap(next);
  }
  // Null: there was none yet.
  std::shared_ptr<const metrics::WorkerReport> Get() const {
    const std::lock_guard lock(mutex_);
    return latest_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const metrics::WorkerReport> latest_;
};

struct WorkerStats {
  std::atomic<uint64_t> undecodable{0};      // sent to the dead-letter topic
  std::atomic<uint64_t> forwarded{0};        // ingest: events handed on
  std::atomic<uint64_t> unneeded{0};         // ingest: events left out, of use to nobody
  std::atomic<uint64_t> duplicates{0};       // correlate: events seen before
  std::atomic<uint64_t> passed_over{0};      // correlate: canaries of others, or of before
  std::atomic<uint64_t> misplaced_hosts{0};  // keyed: hosts on several partitions
  std::atomic<uint64_t> rewinds_cut{0};      // retention was shorter than the rewind
  std::atomic<uint64_t> records_lost{0};     // deleted before they were read
  std::atomic<int64_t> rebuilding{0};        // partitions not live yet
  std::atomic<bool> stalled{false};          // what was produced is not taken
  std::atomic<bool> joined{false};           // partitions were assigned, were it none
  std::atomic<int64_t> turned_ms{0};  // when the worker last went round, Unix time; 0: not yet
  ReportSlot report;
};

// Whether the n-th (from 0) of many alike deserves a line in the log: the first
// few, then ever fewer.
constexpr bool IsSampled(uint64_t n) { return n < 5 || (n & (n - 1)) == 0; }

}  // namespace sequitur::pipeline
