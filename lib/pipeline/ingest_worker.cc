#include "pipeline/ingest_worker.h"

#include <algorithm>

#include "base/status_macros.h"
#include "pipeline/commit_note.h"
#include "pipeline/rewind.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {

IngestWorker::IngestWorker(const SiteSlot& sites, std::unique_ptr<bus::Consumer> consumer,
                           std::unique_ptr<bus::Producer> producer, WorkerStats& stats)
    : sites_(sites),
      site_version_(sites.version()),
      owned_site_(sites.Get()),
      rules_of_(owned_site_),
      needed_(std::make_unique<NeededEvents>(*owned_site_)),
      site_(*owned_site_),
      kafka_(site_.config().kafka),
      stats_(stats),
      member_("ingest", kafka_, site_.config().clock.max_future, kMaxOutstanding,
              std::move(consumer), std::move(producer),
              {.consume = [this](const bus::Record& record) { Consume(record); },
               .offsets = [this] { return Offsets(); },
               .turn = [this] { TakeSite(); },
               .report = [this](metrics::WorkerReport report) { Report(std::move(report)); }},
              stats),
      reader_("ingest", site_, member_, sources_, stats),
      hosts_(site_.HostOptions()),
      event_(site_.projection()),
      writer_(site_.fields(), sources_) {}

// Other rules need other events. Where they read more of an event, or read it in
// another way, the Daemon starts another worker.
void IngestWorker::TakeSite() {
  const uint64_t version = sites_.version();
  if (version == site_version_) return;
  site_version_ = version;
  const std::shared_ptr<const Site> next = sites_.Get();
  if (!next->HasSameEnvironment(*owned_site_) || !owned_site_->ReadsAllThat(*next)) return;
  needed_ = std::make_unique<NeededEvents>(*next);
  rules_of_ = next;
}

std::vector<bus::CommittedOffset> IngestWorker::Offsets() const {
  std::vector<bus::CommittedOffset> offsets;
  for (const auto& [at, partition] : partitions_) {
    if (partition.next <= partition.live_from) continue;
    offsets.push_back({at, partition.next, CommitNote(partition.time_ms)});
  }
  return offsets;
}

absl::Status IngestWorker::OnAssigned(absl::Span<bus::Assignment> assigned) {
  for (bus::Assignment& one : assigned) {
    Partition partition;
    partition.live_from = one.start;
    bool cut = false;
    ASSIGN_OR_RETURN(one.start,
                     RewindStart(member_.consumer(), one, site_.config().lateness, &cut));
    partition.next = one.start;
    partition.records = &records_[one.committed.at.topic];
    partitions_[one.committed.at] = partition;
  }
  MarkSeen();
  stats_.joined = true;
  spdlog::info("ingest: {} partitions assigned", assigned.size());
  return absl::OkStatus();
}

// A sensor's messages may come through any partition of their topic.
void IngestWorker::MarkSeen() {
  reader_.Reassigned();
  if (partitions_.empty()) return;
  const auto counts = member_.consumer().PartitionCounts();
  absl::flat_hash_map<std::string, int32_t> ours;
  for (const auto& [at, partition] : partitions_) ++ours[at.topic];
  for (auto& [at, partition] : partitions_) {
    const auto all = counts.find(at.topic);
    partition.sees_all = all != counts.end() && ours[at.topic] == all->second;
  }
}

void IngestWorker::OnRevoked(absl::Span<const bus::TopicPartition> revoked, bool lost) {
  member_.HandOver(revoked, lost);
  for (const bus::TopicPartition& at : revoked) partitions_.erase(at);
  MarkSeen();
}

void IngestWorker::OnJumped(const bus::Jump& jump) {
  stats_.records_lost.fetch_add(jump.lost(), std::memory_order_relaxed);
  Partition& partition = partitions_[jump.at];
  partition.live_from = partition.next = jump.to;
}

void IngestWorker::Consume(const bus::Record& record) {
  const auto found = partitions_.find(*record.at);
  if (found == partitions_.end()) return;
  Partition& partition = found->second;
  partition.next = record.offset + 1;
  partition.time_ms = std::max(partition.time_ms, record.timestamp_ms);
  ++*partition.records;
  const bool live = record.offset >= partition.live_from;
  reader_.Read(record, {live, partition.sees_all}, event_, [&](event::Event& event) {
    const event::HostId host = hosts_.Resolve(event.claim, event.Text(event::field::kSourceIp),
                                              event.Text(event::field::kDestinationIp));
    // What is remembered of an ended number was another host's.
    for (const auto& [from, into] : hosts_.TakeMerges()) needed_->ForgetHost(from);
    for (const event::HostId forgotten : hosts_.TakeForgotten()) needed_->ForgetHost(forgotten);
    partition.event_time = std::max(partition.event_time, event.time);
    if (!live) return;
    NameHost(event, host);
    event.host = host;
    Forward(event, record);
  });
}

void IngestWorker::Report(metrics::WorkerReport report) {
  report.records = records_;
  reader_.Report(report);
  for (metrics::PartitionReport& told : report.partitions) {
    const auto found = partitions_.find({told.topic, told.partition});
    if (found == partitions_.end() || found->second.time_ms < 0) continue;
    told.record_time = static_cast<double>(found->second.time_ms) / 1e3;
    if (found->second.event_time != event::kNoTime) {
      told.event_time = static_cast<double>(found->second.event_time) / event::kSecond;
    }
    told.rebuilding = found->second.next < found->second.live_from;
    double& last = report.last_record_time[told.topic];
    last = std::max(last, told.record_time);
  }
  stats_.report.Set(std::move(report));
}

// What the next stage is told of the host: what this one found out. A flow is a
// fact on its initiator from here on.
void IngestWorker::NameHost(event::Event& event, event::HostId host) {
  if (host == event::kUnknownHost) return;
  const absl::string_view id = hosts_.id(host), name = hosts_.name(host);
  if (id.empty() && name.empty()) return;  // known by an address: the claim says which
  if (event.claim.role == event::HostClaim::Role::kSensor) event.claim = event::HostClaim();
  event.claim.id = id;
  event.claim.name = name;
}

void IngestWorker::Forward(event::Event& event, const bus::Record& record) {
  if (!needed_->Needs(event)) {
    stats_.unneeded.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  writer_.Write(event, wire_);
  if (wire_.size() > kMaxForwarded) {
    reader_.DeadLetter(record, "too_large_to_forward");
    return;
  }
  member_.Produce(
      {kafka_.events_topic, bus::OutgoingRecord::kByKey, hosts_.canonical(event.host), wire_});
  stats_.forwarded.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace sequitur::pipeline
