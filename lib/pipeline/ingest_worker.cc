#include "pipeline/ingest_worker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "pipeline/commit_note.h"
#include "pipeline/rewind.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {
namespace {

constexpr absl::Duration kPollTimeout = absl::Milliseconds(50);
constexpr event::TimeNs kNsPerMs = event::kMillisecond;

std::string View(absl::string_view text) { return std::string(text); }

}  // namespace

IngestWorker::IngestWorker(const Site& site, std::unique_ptr<bus::Consumer> consumer,
                           std::unique_ptr<bus::Producer> producer, WorkerStats& stats)
    : site_(site),
      kafka_(site.config().kafka),
      stats_(stats),
      consumer_(std::move(consumer)),
      producer_(std::move(producer)),
      hosts_(site.HostOptions()),
      event_(site.projection()),
      writer_(site.fields(), sources_) {
  producer_->OnAcknowledged([this](uint64_t token) { ledger_.Acknowledged(token); });
}

absl::Status IngestWorker::Run(std::stop_token stop) {
  RETURN_IF_ERROR(consumer_->Subscribe(kafka_.topics, *this));
  absl::Time commit_at = absl::Now() + kafka_.commit_interval;
  while (!stop.stop_requested()) {
    const bool full = producer_->outstanding() > kMaxOutstanding;
    full ? consumer_->Pause() : consumer_->Resume();
    stats_.stalled = full;
    const auto polled =
        consumer_->Poll(kPollTimeout, [&](const bus::Record& record) { Consume(record); });
    RETURN_IF_ERROR(polled.status());
    RETURN_IF_ERROR(failure_);
    RETURN_IF_ERROR(producer_->Poll(absl::ZeroDuration()));
    if (absl::Now() < commit_at) continue;
    commit_at = absl::Now() + kafka_.commit_interval;
    CloseEpoch();
    if (const auto settled = ledger_.TakeSettled()) consumer_->CommitAsync(*settled);
    int64_t lag = 0;
    for (const auto& [at, behind] : consumer_->Lag()) lag += behind;
    stats_.lag = lag;
  }
  const absl::Status settled = Settle();
  if (!settled.ok())
    spdlog::warn("ingest: stopping before all was written: {}", View(settled.message()));
  consumer_->Close();
  return absl::OkStatus();
}

// Waits, within bounds, until what was read may be committed, and commits it.
absl::Status IngestWorker::Settle() {
  CloseEpoch();
  const absl::Status flushed = producer_->Flush(kafka_.drain);
  if (const auto settled = ledger_.TakeSettled()) RETURN_IF_ERROR(consumer_->Commit(*settled));
  return flushed;
}

void IngestWorker::CloseEpoch() {
  std::vector<bus::CommittedOffset> offsets;
  for (const auto& [at, partition] : partitions_) {
    if (partition.next <= partition.live_from) continue;
    offsets.push_back({at, partition.next, CommitNote(partition.time_ms)});
  }
  ledger_.Close(std::move(offsets));
}

absl::Status IngestWorker::OnAssigned(absl::Span<bus::Assignment> assigned) {
  for (bus::Assignment& one : assigned) {
    Partition partition;
    partition.live_from = one.start;
    bool cut = false;
    ASSIGN_OR_RETURN(one.start, RewindStart(*consumer_, one, site_.config().lateness, &cut));
    partition.next = one.start;
    partitions_[one.committed.at] = partition;
  }
  stats_.partitions = static_cast<int64_t>(partitions_.size());
  spdlog::info("ingest: {} partitions assigned", assigned.size());
  return absl::OkStatus();
}

void IngestWorker::OnRevoked(absl::Span<const bus::TopicPartition> revoked, bool lost) {
  if (!lost) {
    const absl::Status settled = Settle();
    if (!settled.ok()) spdlog::warn("ingest: handing partitions over: {}", View(settled.message()));
  }
  ledger_.Forget(revoked);
  for (const bus::TopicPartition& at : revoked) partitions_.erase(at);
  stats_.partitions = static_cast<int64_t>(partitions_.size());
}

decode::Decoder* IngestWorker::DecoderOf(absl::string_view topic) {
  std::unique_ptr<decode::Decoder>& decoder = decoders_[topic];
  if (decoder == nullptr) {
    auto created = decode::Decoder::Create(site_.projection(), site_.SourceOptionsFor(topic));
    if (!created.ok()) {
      failure_ = created.status();
      return nullptr;
    }
    decoder = *std::move(created);
    decoder->set_max_future(site_.config().clock.max_future);
  }
  return decoder.get();
}

void IngestWorker::Consume(const bus::Record& record) {
  const auto found =
      partitions_.find(bus::TopicPartition{std::string(record.topic), record.partition});
  if (found == partitions_.end()) return;
  Partition& partition = found->second;
  partition.next = record.offset + 1;
  if (record.timestamp_ms >= 0)
    partition.time_ms = std::max(partition.time_ms, record.timestamp_ms);
  stats_.records.fetch_add(1, std::memory_order_relaxed);
  if (record.tombstone) return;
  decode::Decoder* decoder = DecoderOf(record.topic);
  if (decoder == nullptr) return;
  decode::RawRecord raw;
  raw.bytes = record.value;
  raw.position = {sources_.Intern(record.topic), record.partition, record.offset, 0};
  if (record.timestamp_ms >= 0) raw.record_time = record.timestamp_ms * kNsPerMs;
  raw.key = record.key;
  raw.path = record.topic;
  const bool live = record.offset >= partition.live_from;
  const decode::DecodeResult result = decoder->Decode(raw, event_, [&](event::Event& event) {
    const event::HostId host = hosts_.Resolve(event.claim, event.Text(event::field::kSourceIp),
                                              event.Text(event::field::kDestinationIp));
    hosts_.TakeMerges();
    hosts_.TakeForgotten();
    if (!live) return;
    NameHost(event, host);
    event.host = host;
    Forward(event, record);
  });
  if (live && decode::IsDecodeError(result) && result != decode::DecodeResult::kEmpty) {
    DeadLetter(record, decode::DecodeResultName(result));
  }
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
  writer_.Write(event, wire_);
  if (wire_.size() > kMaxForwarded) {
    DeadLetter(record, "too_large_to_forward");
    return;
  }
  Produce({kafka_.events_topic, bus::OutgoingRecord::kByKey, hosts_.canonical(event.host), wire_});
  stats_.forwarded.fetch_add(1, std::memory_order_relaxed);
}

void IngestWorker::DeadLetter(const bus::Record& record, absl::string_view reason) {
  const uint64_t seen = stats_.undecodable.fetch_add(1, std::memory_order_relaxed);
  // A sample to the log: the first few, then ever fewer.
  if (seen < 5 || (seen & (seen - 1)) == 0) {
    spdlog::warn("ingest: {} {}:{} cannot be read ({}); it is number {} and goes to {}",
                 View(record.topic), record.partition, record.offset, View(reason), seen + 1,
                 kafka_.dead_letter_topic);
  }
  const std::string partition = absl::StrCat(record.partition);
  const std::string offset = absl::StrCat(record.offset);
  bus::OutgoingRecord letter{kafka_.dead_letter_topic, bus::OutgoingRecord::kByKey, record.key,
                             record.value.substr(0, kMaxDeadLetter)};
  letter.headers = {
      {"reason", reason}, {"topic", record.topic}, {"partition", partition}, {"offset", offset}};
  if (record.value.size() > kMaxDeadLetter) letter.headers.push_back({"truncated", "true"});
  Produce(letter);
}

void IngestWorker::Produce(const bus::OutgoingRecord& record) {
  const uint64_t token = ledger_.Produced();
  absl::Status produced = producer_->Produce(record, token);
  while (absl::IsResourceExhausted(produced)) {
    const absl::Status polled = producer_->Poll(absl::Milliseconds(100));
    produced = polled.ok() ? producer_->Produce(record, token) : polled;
  }
  if (!produced.ok() && failure_.ok()) failure_ = produced;
}

}  // namespace sequitur::pipeline
