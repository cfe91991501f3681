#pragma once

// CorrelateWorker: the second stage. Reads the events topic, one Engine per
// assigned partition, and writes alerts.
//
// Nothing is kept on disk. A partition that is assigned begins as far before the
// committed offset as any rule can look back; until that offset it rebuilds
// without emitting. What the alert topic already says is read back first, and
// no alert is written twice. Offsets are committed when all that was decided
// before them is acknowledged.
//
// An alert that cannot be written is tried for ever; with kMaxOutstanding of
// them reading pauses, and stats say stalled.
//
// Threads: all of it on the thread that calls Run.

#include <functional>
#include <memory>
#include <stop_token>

#include "absl/container/flat_hash_map.h"
#include "alert/published_alerts.h"
#include "base/source_names.h"
#include "bus/consumer.h"
#include "bus/producer.h"
#include "pipeline/engine.h"
#include "pipeline/forwarded_event.h"
#include "pipeline/group_member.h"
#include "pipeline/recent_alerts.h"
#include "pipeline/seen_positions.h"
#include "pipeline/site.h"
#include "pipeline/worker_stats.h"

namespace sequitur::pipeline {

// Alerts written at or after this time (0: all there are), from the alert topics.
using ReadAlertTail =
    std::function<absl::StatusOr<std::shared_ptr<const alert::PublishedAlerts>>(int64_t from_ms)>;

// What the baselines topic holds for these partitions of the events topic; one
// for which it holds nothing may be missing.
using BaselinesByPartition = absl::flat_hash_map<int32_t, std::vector<enrich::BaselineState>>;
using ReadBaselines =
    std::function<absl::StatusOr<BaselinesByPartition>(const std::vector<int32_t>& partitions)>;

class CorrelateWorker final : private bus::AssignmentObserver {
 public:
  static constexpr size_t kMaxOutstanding = 1'000;

  CorrelateWorker(std::shared_ptr<const Site> site, std::unique_ptr<bus::Consumer> consumer,
                  std::unique_ptr<bus::Producer> producer, ReadAlertTail read_alert_tail,
                  ReadBaselines read_baselines, RecentAlerts& recent, WorkerStats& stats);
  ~CorrelateWorker();

  // Until asked to stop, or until going on makes no sense.
  absl::Status Run(std::stop_token stop) { return member_.Run({kafka_.events_topic}, *this, stop); }

 private:
  struct Partition {
    std::unique_ptr<Engine> engine;
    SeenPositions seen;
    int64_t live_from = 0;
    int64_t next = 0;
    int64_t time_ms = bus::Record::kNoTime;  // of the latest record
    int64_t swept_ms = 0;
    event::TimeNs event_time = event::kNoTime;  // of the latest event
    bool begins_cut = false;                    // older records there were, and are gone
    bool live = false;
  };

  absl::Status OnAssigned(absl::Span<bus::Assignment> assigned) override;
  void OnRevoked(absl::Span<const bus::TopicPartition> revoked, bool lost) override;
  void OnJumped(const bus::Jump& jump) override;
  void Consume(const bus::Record& record);
  void GoLiveIfThere(const bus::TopicPartition& at, Partition& partition);
  void Sweep(Partition& partition, int64_t time_ms);
  void SweepWhileQuiet();
  void Publish(const alert::Alert& alert);
  void KeepBaselines(int32_t partition, Engine& engine);
  std::vector<bus::CommittedOffset> Offsets();
  void CountPartitions();
  void Report(metrics::WorkerReport report);

  const std::shared_ptr<const Site> owned_site_;
  const Site& site_;
  const config::Kafka& kafka_;
  const absl::Duration rewind_;
  const absl::Duration suppressed_for_;
  RecentAlerts& recent_;
  WorkerStats& stats_;
  GroupMember member_;
  ReadAlertTail read_alert_tail_;
  ReadBaselines read_baselines_;
  SourceNames sources_;
  EventReader reader_;
  event::Event event_;
  absl::flat_hash_map<bus::TopicPartition, std::unique_ptr<Partition>> partitions_;
  metrics::EngineReport ended_;  // totals of engines that are no more
  uint64_t records_ = 0;
};

}  // namespace sequitur::pipeline
