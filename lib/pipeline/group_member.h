#pragma once

// GroupMember: a stage's hold on Kafka, the same for every stage: reads records,
// writes what the stage makes of them, and commits what has been read once all
// that was written for it is acknowledged.
//
// With more than `most_outstanding` records on their way reading pauses; the
// stats say stalled, as they do when the brokers refuse what is written.
//
// Threads: all of it, the hooks too, on the thread that calls Run.

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "bus/consumer.h"
#include "bus/offset_ledger.h"
#include "bus/producer.h"
#include "config/config.h"
#include "pipeline/worker_stats.h"

namespace sequitur::pipeline {

class GroupMember {
 public:
  // What the stage does.
  struct Hooks {
    // Its time is one that can be believed (believed_time.h).
    std::function<void(const bus::Record&)> consume;
    // The offsets that reading has come to and that may be committed; what has to
    // be written with them may still be produced here.
    std::function<std::vector<bus::CommittedOffset>()> offsets;
    std::function<void()> quiet = [] {};  // nothing to read just now
    // Before every record, and between two polls: polling waits, and what has come
    // meanwhile is for the site that has, too.
    std::function<void()> turn = [] {};
    // Once a commit interval: time to tell of itself. The report comes with what
    // this class knows; `partitions` have their place and how far they are behind.
    std::function<void(metrics::WorkerReport)> report = [](metrics::WorkerReport) {};
  };

  // `name` is for the log. A record time further ahead than `max_future` is none.
  GroupMember(std::string name, const config::Kafka& kafka, absl::Duration max_future,
              size_t most_outstanding, std::unique_ptr<bus::Consumer> consumer,
              std::unique_ptr<bus::Producer> producer, Hooks hooks, WorkerStats& stats);

  // Until asked to stop, or until going on makes no sense.
  absl::Status Run(const std::vector<std::string>& topics, bus::AssignmentObserver& observer,
                   std::stop_token stop);

  // Waits while the producer's queue is full.
  void Produce(const bus::OutgoingRecord& record);
  // Ends Run.
  void Fail(absl::Status failure) { failure_.Update(std::move(failure)); }
  // These partitions go to somebody else: commits for them what can be, unless
  // they are lost already. To be called before their state is gone.
  void HandOver(absl::Span<const bus::TopicPartition> revoked, bool lost);

  bus::Consumer& consumer() { return *consumer_; }

 private:
  void Consume(const bus::Record& record);
  void Commit(bool full);
  void Report();
  absl::Status Settle();
  void Stall(bool stalled);

  const std::string name_;
  const config::Kafka& kafka_;
  const absl::Duration max_future_;
  const size_t most_outstanding_;
  const Hooks hooks_;
  WorkerStats& stats_;
  bus::OffsetLedger ledger_;
  absl::Status failure_;
  bool gave_up_ = false;  // stopping, and the brokers took nothing more
  std::unique_ptr<bus::Consumer> consumer_;
  std::unique_ptr<bus::Producer> producer_;
};

}  // namespace sequitur::pipeline
