#include "pipeline/source_reader.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pipeline/coverage.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {

using decode::DecodeResult;
using decode::SourceKind;

namespace {

// A key that is the host's own name keeps the sensor's messages on one partition.
bool IsKeyedByHost(const bus::Record& record, const event::HostClaim& claim) {
  return !record.key.empty() && (absl::EqualsIgnoreCase(record.key, claim.id) ||
                                 absl::EqualsIgnoreCase(record.key, claim.name));
}

}  // namespace

SourceReader::SourceReader(std::string stage, const Site& site, GroupMember& member,
                           SourceNames& sources, WorkerStats& stats)
    : stage_(std::move(stage)), site_(site), member_(member), sources_(sources), stats_(stats) {}

decode::Decoder* SourceReader::DecoderOf(absl::string_view topic) {
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

// Takes note of the number of an eslogger message. A loss is told downstream by
// the sensor's next event.
bool SourceReader::WatchSequence(const event::Event& event, const bus::Record& record,
                                 bool sees_all) {
  if (event.sequence == event::Event::kNoSequence) return false;
  if (!sees_all && !IsKeyedByHost(record, event.claim)) {
    ++unwatched_;
    return false;
  }
  stream_ = absl::StrCat(record.at->topic, "|", event.claim.id, "|", event.claim.name);
  sequences_.Observe(stream_, event.sequence);
  return true;
}

// Without the record's time there is only the clock to hold an event's against.
void SourceReader::ClampToNow(event::Event& event) const {
  const event::TimeNs now = absl::ToUnixNanos(absl::Now());
  const event::TimeNs latest = now + absl::ToInt64Nanoseconds(site_.config().clock.max_future);
  if (event.record_time > latest) event.record_time = event::kNoTime;  // an envelope's word
  if (event.time <= latest) return;
  event.time = now;
  event.clamped = true;
  event.Append(event::field::kSequiturFlags, event::Value::String("time_clamped"));
  if (event.Wants(event::field::kTimestamp)) {
    event.SetString(event::field::kTimestamp, event.arena().Copy(event::FormatIso8601(now)));
  }
}

void SourceReader::Read(const bus::Record& record, Standing standing, event::Event& event,
                        EachEvent each) {
  if (record.tombstone) return;
  decode::Decoder* decoder = DecoderOf(record.at->topic);
  if (decoder == nullptr) return;
  decode::RawRecord raw;
  raw.bytes = record.value;
  raw.position = {sources_.Intern(record.at->topic), record.at->partition, record.offset, 0};
  const bool timed = record.timestamp_ms != bus::Record::kNoTime;
  if (timed) raw.record_time = record.timestamp_ms * event::kMillisecond;
  raw.key = record.key;
  raw.path = record.at->topic;
  const DecodeResult result = decoder->Decode(raw, event, [&](event::Event& decoded) {
    if (!timed) ClampToNow(decoded);
    if (standing.live) {
      if (decoder->last_kind() == SourceKind::kEslogger) {
        if (WatchSequence(decoded, record, standing.sees_all) && sequences_.TakeLoss(stream_)) {
          decoded.Append(event::field::kSequiturFlags, event::Value::String(Coverage::kLossFlag));
        }
      }
      clamped_ += decoded.clamped ? 1 : 0;
    }
    each(decoded);
  });
  if (!standing.live) return;
  ++decoded_[static_cast<size_t>(decoder->last_kind())][static_cast<size_t>(result)];
  if (result == DecodeResult::kNotAnEvent && decoder->last_kind() == SourceKind::kEslogger) {
    WatchSequence(event, record, standing.sees_all);
  }
  if (decode::IsDecodeError(result) && result != DecodeResult::kEmpty) {
    DeadLetter(record, decode::DecodeResultName(result));
  }
}

void SourceReader::DeadLetter(const bus::Record& record, absl::string_view reason) {
  const std::string& topic = site_.config().kafka.dead_letter_topic;
  const uint64_t seen = stats_.undecodable.fetch_add(1, std::memory_order_relaxed);
  ++dead_letters_[std::string(reason)];
  if (IsSampled(seen)) {
    spdlog::warn("{}: {} {}:{} cannot be read ({}); it is number {} and goes to {}", stage_,
                 record.at->topic, record.at->partition, record.offset, std::string(reason),
                 seen + 1, topic);
  }
  const std::string partition = absl::StrCat(record.at->partition);
  const std::string offset = absl::StrCat(record.offset);
  bus::OutgoingRecord letter{topic, bus::OutgoingRecord::kByKey, record.key,
                             record.value.substr(0, kMaxDeadLetter)};
  letter.headers = {{"reason", reason},
                    {"topic", record.at->topic},
                    {"partition", partition},
                    {"offset", offset}};
  if (record.value.size() > kMaxDeadLetter) letter.headers.push_back({"truncated", "true"});
  member_.Produce(letter);
}

void SourceReader::Report(metrics::WorkerReport& report) const {
  report.dead_letters = dead_letters_;
  report.clamped = clamped_;
  report.sequence_gaps = sequences_.gaps();
  report.sequence_missing = sequences_.missing();
  report.sequence_unwatched = unwatched_;
  for (size_t kind = 0; kind < decode::kSourceKinds; ++kind) {
    for (size_t result = 0; result < decode::kDecodeResults; ++result) {
      if (decoded_[kind][result] == 0) continue;
      const auto source = decode::SourceKindName(static_cast<SourceKind>(kind));
      const auto became = decode::DecodeResultName(static_cast<DecodeResult>(result));
      report.decoded[{std::string(source), std::string(became)}] = decoded_[kind][result];
    }
  }
}

}  // namespace sequitur::pipeline
