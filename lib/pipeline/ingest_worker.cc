#include "pipeline/ingest_worker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "pipeline/commit_note.h"
#include "pipeline/coverage.h"
#include "pipeline/rewind.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {
namespace {

constexpr event::TimeNs kNsPerMs = event::kMillisecond;

}  // namespace

IngestWorker::IngestWorker(std::shared_ptr<const Site> site,
                           std::unique_ptr<bus::Consumer> consumer,
                           std::unique_ptr<bus::Producer> producer, WorkerStats& stats)
    : owned_site_(std::move(site)),
      site_(*owned_site_),
      kafka_(site_.config().kafka),
      stats_(stats),
      member_("ingest", kafka_, kMaxOutstanding, std::move(consumer), std::move(producer),
              {.consume = [this](const bus::Record& record) { Consume(record); },
               .offsets = [this] { return Offsets(); },
               .report = [this](metrics::WorkerReport report) { Report(std::move(report)); }},
              stats),
      hosts_(site_.HostOptions()),
      event_(site_.projection()),
      writer_(site_.fields(), sources_) {}

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
  stats_.partitions = static_cast<int64_t>(partitions_.size());
  stats_.joined = true;
  spdlog::info("ingest: {} partitions assigned", assigned.size());
  return absl::OkStatus();
}

// A sensor's messages may come through any partition of their topic.
void IngestWorker::MarkSeen() {
  if (partitions_.empty()) return;
  const auto counts = member_.consumer().PartitionCounts();
  absl::flat_hash_map<std::string, int32_t> ours;
  for (const auto& [at, partition] : partitions_) ++ours[at.topic];
  for (auto& [at, partition] : partitions_) {
    const auto all = counts.find(at.topic);
    partition.sees_all = all != counts.end() && ours[at.topic] == all->second;
  }
}

// Takes note of the number of an eslogger message. A loss is told downstream by
// the sensor's next event.
void IngestWorker::WatchSequence(const event::Event& event, const bus::Record& record,
                                 bool sees_all) {
  if (!sees_all || event.sequence == event::Event::kNoSequence) return;
  stream_ = absl::StrCat(record.at->topic, "|", event.claim.id, "|", event.claim.name);
  sequences_.Observe(stream_, event.sequence);
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

void IngestWorker::Consume(const bus::Record& record) {
  const auto found = partitions_.find(*record.at);
  if (found == partitions_.end()) return;
  Partition& partition = found->second;
  partition.next = record.offset + 1;
  const int64_t time_ms = BelievedTime(record);
  partition.time_ms = std::max(partition.time_ms, time_ms);
  stats_.records.fetch_add(1, std::memory_order_relaxed);
  ++*partition.records;
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
    const event::HostId host = hosts_.Resolve(event.claim, event.Text(event::field::kSourceIp),
                                              event.Text(event::field::kDestinationIp));
    hosts_.TakeMerges();
    hosts_.TakeForgotten();
    if (!live) return;
    if (decoder->last_kind() == decode::SourceKind::kEslogger) {
      WatchSequence(event, record, partition.sees_all);
      if (sequences_.TakeLoss(stream_)) {
        event.Append(event::field::kSequiturFlags, event::Value::String(Coverage::kLossFlag));
      }
    }
    clamped_ += event.clamped ? 1 : 0;
    NameHost(event, host);
    event.host = host;
    Forward(event, record);
  });
  if (live) {
    Count(decoder->last_kind(), result);
    if (result == decode::DecodeResult::kNotAnEvent &&
        decoder->last_kind() == decode::SourceKind::kEslogger) {
      WatchSequence(event_, record, partition.sees_all);
    }
  }
  if (live && decode::IsDecodeError(result) && result != decode::DecodeResult::kEmpty) {
    DeadLetter(record, decode::DecodeResultName(result));
  }
}

void IngestWorker::Count(decode::SourceKind kind, decode::DecodeResult result) {
  ++decoded_[static_cast<size_t>(kind)][static_cast<size_t>(result)];
}

void IngestWorker::Report(metrics::WorkerReport report) {
  report.records = records_;
  report.dead_letters = dead_letters_;
  report.clamped = clamped_;
  report.sequence_gaps = sequences_.gaps();
  report.sequence_missing = sequences_.missing();
  for (size_t kind = 0; kind < decode::kSourceKinds; ++kind) {
    for (size_t result = 0; result < decode::kDecodeResults; ++result) {
      if (decoded_[kind][result] == 0) continue;
      const auto source = decode::SourceKindName(static_cast<decode::SourceKind>(kind));
      const auto became = decode::DecodeResultName(static_cast<decode::DecodeResult>(result));
      report.decoded[{std::string(source), std::string(became)}] = decoded_[kind][result];
    }
  }
  for (metrics::PartitionReport& told : report.partitions) {
    const auto found = partitions_.find({told.topic, told.partition});
    if (found == partitions_.end() || found->second.time_ms < 0) continue;
    told.record_time = static_cast<double>(found->second.time_ms) / 1e3;
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
  ++dead_letters_[std::string(reason)];
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
