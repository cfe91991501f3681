#pragma once

// CorrelateWorker: the second stage, and with keyed placement the only one. Reads
// the events topic, or source topics that are keyed by host; has one Engine for
// each number of an assigned partition, and writes alerts.
//
// Nothing is kept on disk. A partition that is assigned begins as far before the
// committed offset as any rule can look back; until that offset it rebuilds
// without emitting. What the alert topic already says is read back first, and
// no alert is written twice. Offsets are committed when all that was decided
// before them is acknowledged.
//
// Another site is gone over to between two polls where it has the same
// environment; where it has not, the Daemon starts another worker.
//
// An alert that cannot be written is tried for ever; with kMaxOutstanding of
// them reading pauses, and stats say stalled.
//
// Threads: all of it on the thread that calls Run.

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "absl/container/flat_hash_map.h"
#include "alert/published_alerts.h"
#include "base/source_names.h"
#include "bus/consumer.h"
#include "bus/producer.h"
#include "pipeline/aligned_inputs.h"
#include "pipeline/baselines_topic.h"
#include "pipeline/canaries.h"
#include "pipeline/engine.h"
#include "pipeline/event_input.h"
#include "pipeline/group_member.h"
#include "pipeline/recent_alerts.h"
#include "pipeline/site_slot.h"
#include "pipeline/worker_stats.h"

namespace sequitur::pipeline {

// Alerts written at or after this time (0: all there are), from the alert topics.
using ReadAlertTail =
    std::function<absl::StatusOr<std::shared_ptr<const alert::PublishedAlerts>>(int64_t from_ms)>;

// What the baselines topic holds for these partition numbers; one
// for which it holds nothing may be missing.
using ReadBaselines =
    std::function<absl::StatusOr<BaselinesByPartition>(const std::vector<int32_t>& partitions)>;

class CorrelateWorker final : private bus::AssignmentObserver {
 public:
  static constexpr size_t kMaxOutstanding = 1'000;

  // `canary_producer` is null where there are no canaries.
  CorrelateWorker(const SiteSlot& sites, std::unique_ptr<bus::Consumer> consumer,
                  std::unique_ptr<bus::Producer> producer, ReadAlertTail read_alert_tail,
                  ReadBaselines read_baselines, std::unique_ptr<bus::Producer> canary_producer,
                  RecentAlerts& recent, WorkerStats& stats);
  ~CorrelateWorker();

  // Until asked to stop, or until going on makes no sense.
  absl::Status Run(std::stop_token stop) { return member_.Run(input_->topics(), *this, stop); }

 private:
  // Everything with one partition number.
  struct Partition {
    explicit Partition(absl::Duration apart) : inputs(apart) {}

    AlignedInputs inputs;
    std::unique_ptr<Engine> engine;
    int64_t swept_ms = 0;
    event::TimeNs event_time = event::kNoTime;  // of the latest event
    bool begins_cut = false;                    // older records there were, and are gone
    bool live = false;
  };

  absl::Status OnAssigned(absl::Span<bus::Assignment> assigned) override;
  void OnRevoked(absl::Span<const bus::TopicPartition> revoked, bool lost) override;
  void OnJumped(const bus::Jump& jump) override;
  absl::Status Take(absl::Span<bus::Assignment> assigned);
  absl::Status AddInput(bus::Assignment& assigned, int64_t* tail_from_ms);
  void Consume(const bus::Record& record);
  void Work(const bus::Record& record, bool live, Partition& partition);
  void GoLiveIfThere(int32_t number, Partition& partition);
  void Align(Partition& partition);
  void Sweep(Partition& partition, int64_t time_ms);
  void TickWhileQuiet();
  void Publish(const alert::Alert& alert);
  void KeepBaselines(int32_t partition, Engine& engine);
  std::vector<bus::CommittedOffset> Offsets();
  void CountPartitions();
  void Report(metrics::WorkerReport report);

  void Turn();
  void TakeSite();

  const SiteSlot& sites_;
  uint64_t site_version_;
  std::shared_ptr<const Site> site_;
  const config::Kafka kafka_;
  absl::Duration rewind_;
  absl::Duration suppressed_for_;
  RecentAlerts& recent_;
  WorkerStats& stats_;
  GroupMember member_;
  ReadAlertTail read_alert_tail_;
  ReadBaselines read_baselines_;
  std::unique_ptr<Canaries> canaries_;  // null: none
  SourceNames sources_;
  std::unique_ptr<EventInput> input_;
  std::optional<event::Event> event_;
  absl::flat_hash_map<int32_t, std::unique_ptr<Partition>> partitions_;  // by number
  metrics::EngineReport ended_;  // totals of engines that are no more
  metrics::Totals records_;      // by topic
};

}  // namespace sequitur::pipeline
