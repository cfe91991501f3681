// Each input looks one record ahead. The input whose record is earliest in
// event time gives it to the engine and reads on; a heap finds it. Within a
// file the order stays as written: an input's place in the heap is its own
// clock, which one wrong timestamp does not move.

#include "pipeline/replay.h"

#include <algorithm>
#include <memory>
#include <queue>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "decode/decoder.h"
#include "event/event_clock.h"
#include "pipeline/line_reader.h"
#include "pipeline/record_reader.h"

namespace sequitur::pipeline {
namespace {

constexpr uint64_t kProgressEvery = 4096;

// A decoded event waiting for its turn: a copy, with its own copy of what the
// record says about the host, for both must outlive the decoder's next record.
class WaitingEvent {
 public:
  explicit WaitingEvent(const event::Event& event)
      : event_(event::Snapshot::Of(event, nullptr, LineReader::kMaxLine)),
        id_(event.claim.id),
        name_(event.claim.name),
        agent_id_(event.claim.agent_id),
        role_(event.claim.role) {
    for (const event::Value& address : event.claim.addresses.elements()) {
      addresses_.emplace_back(address.text());
    }
  }

  // Valid as long as this is.
  void Restore(event::Event& event) const {
    event_->Restore(event);
    auto* addresses = event.arena().Allocate<event::Value>(addresses_.size());
    for (size_t i = 0; i < addresses_.size(); ++i) {
      addresses[i] = event::Value::String(addresses_[i]);
    }
    event.claim = {id_, name_, agent_id_, event::Value::List({addresses, addresses_.size()}),
                   role_};
  }

 private:
  event::SnapshotRef event_;
  std::string id_, name_, agent_id_;
  std::vector<std::string> addresses_;
  event::HostClaim::Role role_;
};

// One file being read: its decoder, its clock, and the events of its next
// record.
class InputCursor {
 public:
  InputCursor(std::unique_ptr<LineReader> reader, std::unique_ptr<decode::Decoder> decoder,
              const Input& input, uint32_t source)
      : records_(std::move(reader)), decoder_(std::move(decoder)), input_(input), source_(source) {}

  // Decodes the next record; `each` gets its events. False at the end.
  bool ReadRecord(event::Event& scratch, ReplaySummary& summary,
                  absl::FunctionRef<void(event::Event&)> each) {
    absl::string_view line;
    if (!records_.Next(&line)) return false;
    ++summary.records;
    decode::RawRecord record;
    record.bytes = line;
    record.path = input_.path == "-" ? absl::string_view() : input_.path;
    record.position = {source_, Position::kFile, records_.line_number(), 0};
    const decode::DecodeResult result = decoder_->Decode(record, scratch, each);
    if (result == decode::DecodeResult::kDecoded) {
      ++summary.records_by_kind[decoder_->last_kind()];
    } else {
      auto& skipped = summary.skipped[result];
      if (skipped.count++ == 0) {
        skipped.first = absl::StrCat(input_.path, ":", records_.line_number());
      }
    }
    return true;
  }

  // Reads until there is an event to give. False at the end.
  bool LookAhead(event::Event& scratch, ReplaySummary& summary) {
    while (ahead_.empty()) {
      const bool more = ReadRecord(scratch, summary, [&](event::Event& event) {
        clock_.Observe(event.time);
        ahead_.emplace_back(event);
      });
      if (!more) return false;
    }
    return true;
  }

  std::vector<WaitingEvent> TakeAhead() { return std::exchange(ahead_, {}); }
  event::TimeNs now() const { return clock_.now(); }
  uint32_t source() const { return source_; }
  const LineReader& reader() const { return records_.lines(); }

 private:
  RecordReader records_;
  std::unique_ptr<decode::Decoder> decoder_;
  Input input_;
  uint32_t source_;
  event::EventClock clock_;
  std::vector<WaitingEvent> ahead_;
};

class Replayer {
 public:
  Replayer(const Site& site, Engine& engine, const ReplayOptions& options,
           absl::AnyInvocable<void(const ReplayProgress&)> progress)
      : engine_(engine),
        options_(options),
        progress_(std::move(progress)),
        event_(site.projection()) {}

  absl::Status Open(const Site& site, const Input& input, uint32_t source) {
    decode::SourceOptions options = site.SourceOptionsFor(input.path);
    if (input.kind != decode::SourceKind::kAuto) options.kind = input.kind;
    ASSIGN_OR_RETURN(auto reader, LineReader::Open(input.path));
    ASSIGN_OR_RETURN(auto decoder, decode::Decoder::Create(site.projection(), options));
    bytes_total_ += reader->bytes_total();
    cursors_.push_back(
        std::make_unique<InputCursor>(std::move(reader), std::move(decoder), input, source));
    return absl::OkStatus();
  }

  void Run(ReplaySummary& summary) {
    if (cursors_.size() == 1) {
      RunOne(summary);
    } else {
      RunMerged(summary);
    }
    for (const auto& cursor : cursors_) {
      if (!cursor->reader().status().ok()) {
        summary.problems.emplace_back(cursor->reader().status().message());
      }
    }
  }

 private:
  void Process(event::Event& event) {
    engine_.Process(event);
    if (options_.on_event) options_.on_event(event);
  }

  void RunOne(ReplaySummary& summary) {
    InputCursor& cursor = *cursors_.front();
    while (cursor.ReadRecord(event_, summary, [&](event::Event& event) { Process(event); })) {
      ReportProgress(summary);
    }
  }

  void RunMerged(ReplaySummary& summary) {
    const auto later = [](const InputCursor* a, const InputCursor* b) {
      return std::make_pair(a->now(), a->source()) > std::make_pair(b->now(), b->source());
    };
    std::priority_queue<InputCursor*, std::vector<InputCursor*>, decltype(later)> heads(later);
    const auto look_ahead = [&](InputCursor* cursor) {
      if (cursor->LookAhead(event_, summary)) heads.push(cursor);
    };
    for (const auto& cursor : cursors_) look_ahead(cursor.get());
    while (!heads.empty()) {
      InputCursor* cursor = heads.top();
      heads.pop();
      for (const WaitingEvent& waiting : cursor->TakeAhead()) {
        waiting.Restore(event_);
        Process(event_);
      }
      look_ahead(cursor);
      ReportProgress(summary);
    }
  }

  void ReportProgress(const ReplaySummary& summary) {
    if (!progress_ || summary.records % kProgressEvery != 0) return;
    ReplayProgress progress{0, bytes_total_, summary.records, engine_.stats().alerts};
    for (const auto& cursor : cursors_) progress.bytes_read += cursor->reader().bytes_read();
    progress_(progress);
  }

  Engine& engine_;
  const ReplayOptions& options_;
  absl::AnyInvocable<void(const ReplayProgress&)> progress_;
  event::Event event_;
  std::vector<std::unique_ptr<InputCursor>> cursors_;
  int64_t bytes_total_ = 0;
};

}  // namespace

ReplaySummary Replay(const Site& site, absl::Span<const Input> inputs, const ReplayOptions& options,
                     absl::AnyInvocable<void(const alert::Alert&)> on_alert,
                     absl::AnyInvocable<void(const ReplayProgress&)> progress,
                     SourceNames& sources) {
  ReplaySummary summary;
  Engine engine(site, sources, {options.suppression, options.host, options.explain_misses},
                [&](alert::Alert&& alert) { on_alert(alert); });
  Replayer replayer(site, engine, options, std::move(progress));
  for (const Input& input : inputs) {
    const uint32_t source = sources.Add(input.path);
    const absl::Status opened = replayer.Open(site, input, source);
    if (!opened.ok()) summary.problems.emplace_back(opened.message());
  }
  replayer.Run(summary);
  engine.Finish();
  summary.engine = engine.stats();
  summary.correlate = engine.correlate_stats();
  summary.suppressed = engine.suppressed();
  if (options.baselines) summary.baselines = engine.novelty().Export();
  const auto hits = engine.matcher().allowlist_hits();
  summary.allowlist_hits.assign(hits.begin(), hits.end());
  if (engine.near_misses() != nullptr) summary.misses = engine.near_misses()->Report();
  return summary;
}

}  // namespace sequitur::pipeline
