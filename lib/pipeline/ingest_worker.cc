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

constexpr event::TimeNs kNsPerMs = event::kMillisecond;

}  // namespace

IngestWorker::IngestWorker(const Site& site, std::unique_ptr<bus::Consumer> consumer,
                           std::unique_ptr<bus::Producer> producer, WorkerStats& stats)
    : site_(site),
      kafka_(site.config().kafka),
      stats_(stats),
      member_("ingest", kafka_, kMaxOutstanding, std::move(consumer), std::move(producer),
              {.consume = [this](const bus::Record& record) { Consume(record); },
               .offsets = [this] { return Offsets(); }},
              stats),
      hosts_(site.HostOptions()),
      event_(site.projection()),
      writer_(site.fields(), sources_) {}

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
    partitions_[one.committed.at] = partition;
  }
  stats_.partitions = static_cast<int64_t>(partitions_.size());
  spdlog::info("ingest: {} partitions assigned", assigned.size());
  return absl::OkStatus();
}

void IngestWorker::OnRevoked(absl::Span<const bus::TopicPartition> revoked, bool lost) {
  member_.HandOver(revoked, lost);
  for (const bus::TopicPartition& at : revoked) partitions_.erase(at);
  stats_.partitions = static_cast<int64_t>(partitions_.size());
}

void IngestWorker::OnJumped(const bus::Jump& jump) {
  stats_.records_lost.fetch_add(jump.lost(), std::memory_order_relaxed);
  Partition& partition = partitions_[jump.at];
  partition.live_from = partition.next = jump.to;
}

decode::Decoder* IngestWorker::DecoderOf(absl::string_view topic) {
  std::unique_ptr<decode::Decoder>& decoder = decoders_[topic];
  if (decoder == nullptr) {
    auto created = decode::Decoder::Create(site_.projection(), site_.SourceOptionsFor(topic));
    if (!created.ok()) {
      member_.Fail(created.status());
      return nullptr;
    }
    decoder = *std::move(created);
    decoder->set_max_future(site_.config().clock.max_future);
  }
  return decoder.get();
}

// When the record was written. A producer may have put any time there: one that
// has not come yet would move the host's clock, and the place of the next rewind.
int64_t IngestWorker::BelievedTime(const bus::Record& record) const {
  const int64_t latest = absl::ToUnixMillis(absl::Now() + site_.config().clock.max_future);
  return record.timestamp_ms >= 0 && record.timestamp_ms <= latest ? record.timestamp_ms
                                                                   : bus::Record::kNoTime;
}

// Without the record's time there is only the clock to hold an event's against.
void IngestWorker::ClampToNow(event::Event& event) const {
  const event::TimeNs now = absl::ToUnixNanos(absl::Now());
  const event::TimeNs latest = now + absl::ToInt64Nanoseconds(site_.config().clock.max_future);
  if (event.record_time > latest) event.record_time = event::kNoTime;  // an envelope's word
  if (event.time <= latest) return;
  event.time = now;
  event.Append(event::field::kSequiturFlags, event::Value::String("time_clamped"));
  if (event.Wants(event::field::kTimestamp)) {
    event.SetString(event::field::kTimestamp, event.arena().Copy(event::FormatIso8601(now)));
  }
}

void IngestWorker::Consume(const bus::Record& record) {
  const auto found = partitions_.find(*record.at);
  if (found == partitions_.end()) return;
  Partition& partition = found->second;
  partition.next = record.offset + 1;
  const int64_t time_ms = BelievedTime(record);
  partition.time_ms = std::max(partition.time_ms, time_ms);
  stats_.records.fetch_add(1, std::memory_order_relaxed);
  if (record.tombstone) return;
  decode::Decoder* decoder = DecoderOf(record.at->topic);
  if (decoder == nullptr) return;
  decode::RawRecord raw;
  raw.bytes = record.value;
  raw.position = {sources_.Intern(record.at->topic), record.at->partition, record.offset, 0};
  if (time_ms != bus::Record::kNoTime) raw.record_time = time_ms * kNsPerMs;
  raw.key = record.key;
  raw.path = record.at->topic;
  const bool live = record.offset >= partition.live_from;
  const decode::DecodeResult result = decoder->Decode(raw, event_, [&](event::Event& event) {
    if (time_ms == bus::Record::kNoTime) ClampToNow(event);
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
  member_.Produce(
      {kafka_.events_topic, bus::OutgoingRecord::kByKey, hosts_.canonical(event.host), wire_});
  stats_.forwarded.fetch_add(1, std::memory_order_relaxed);
}

void IngestWorker::DeadLetter(const bus::Record& record, absl::string_view reason) {
  const uint64_t seen = stats_.undecodable.fetch_add(1, std::memory_order_relaxed);
  if (IsSampled(seen)) {
    spdlog::warn("ingest: {} {}:{} cannot be read ({}); it is number {} and goes to {}",
                 record.at->topic, record.at->partition, record.offset, std::string(reason),
                 seen + 1, kafka_.dead_letter_topic);
  }
  const std::string partition = absl::StrCat(record.at->partition);
  const std::string offset = absl::StrCat(record.offset);
  bus::OutgoingRecord letter{kafka_.dead_letter_topic, bus::OutgoingRecord::kByKey, record.key,
                             record.value.substr(0, kMaxDeadLetter)};
  letter.headers = {{"reason", reason},
                    {"topic", record.at->topic},
                    {"partition", partition},
                    {"offset", offset}};
  if (record.value.size() > kMaxDeadLetter) letter.headers.push_back({"truncated", "true"});
  member_.Produce(letter);
}

}  // namespace sequitur::pipeline
