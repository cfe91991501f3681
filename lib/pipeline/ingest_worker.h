#pragma once

// IngestWorker: the first stage of the shuffle. Reads source topics, decodes,
// resolves each event's host, and hands the event on to the events topic under
// the host's canonical name, so that all of one host meets in one partition.
//
// Events that the next stage has no use for (needed_events.h) end here, counted.
//
// At least once: a record's offset is committed when all its events are
// acknowledged. A restart reads some records again; each event carries its
// source position, by which the next stage drops what it has.
//
// On assignment it reads `learn` further back than the committed offset, without
// handing anything on: to know again which names and addresses are one host and
// which lines continue which.
//
// Bounds:  kMaxOutstanding events on their way; beyond that reading pauses.
// Threads: all of it on the thread that calls Run.

#include <memory>
#include <stop_token>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "base/source_names.h"
#include "bus/consumer.h"
#include "bus/producer.h"
#include "event/host_table.h"
#include "pipeline/forwarded_event.h"
#include "pipeline/group_member.h"
#include "pipeline/needed_events.h"
#include "pipeline/site_slot.h"
#include "pipeline/source_reader.h"
#include "pipeline/worker_stats.h"

namespace sequitur::pipeline {

class IngestWorker final : private bus::AssignmentObserver {
 public:
  static constexpr size_t kMaxOutstanding = 50'000;
  static constexpr size_t kMaxForwarded = 900 << 10;  // bytes, below Kafka's default limit

  IngestWorker(const SiteSlot& sites, std::unique_ptr<bus::Consumer> consumer,
               std::unique_ptr<bus::Producer> producer, WorkerStats& stats);

  // Until asked to stop, or until going on makes no sense.
  absl::Status Run(std::stop_token stop) { return member_.Run(kafka_.topics, *this, stop); }

 private:
  struct Partition {
    int64_t live_from = 0;  // records before it are read to learn only
    int64_t next = 0;
    int64_t time_ms = bus::Record::kNoTime;     // of the latest record
    event::TimeNs event_time = event::kNoTime;  // the latest
    uint64_t* records = nullptr;                // the topic's count
    bool sees_all = false;                      // this worker has every partition of the topic
  };

  absl::Status OnAssigned(absl::Span<bus::Assignment> assigned) override;
  void OnRevoked(absl::Span<const bus::TopicPartition> revoked, bool lost) override;
  void OnJumped(const bus::Jump& jump) override;
  void Consume(const bus::Record& record);
  void Forward(event::Event& event, const bus::Record& record);
  void NameHost(event::Event& event, event::HostId host);
  std::vector<bus::CommittedOffset> Offsets() const;
  void MarkSeen();
  void Report(metrics::WorkerReport report);

  void TakeSite();

  const SiteSlot& sites_;
  uint64_t site_version_;
  const std::shared_ptr<const Site> owned_site_;
  // The rules in use, which may be another site's by now.
  std::shared_ptr<const Site> rules_of_;
  std::unique_ptr<NeededEvents> needed_;
  const Site& site_;
  const config::Kafka& kafka_;
  WorkerStats& stats_;
  GroupMember member_;
  SourceNames sources_;
  SourceReader reader_;
  event::HostTable hosts_;
  event::Event event_;
  EventWriter writer_;
  std::string wire_;
  absl::flat_hash_map<bus::TopicPartition, Partition> partitions_;
  metrics::Totals records_;  // by topic; a std::map, for counts must not move
};

}  // namespace sequitur::pipeline
