// Each input is at one of its records. The input whose record is earliest in
// event time gives it to the engine and goes on to the next with events; a heap
// finds it. Within a file the order stays as written: an input's place in the
// heap is its own clock, which one wrong timestamp does not move.

#include "pipeline/replay.h"

#include <algorithm>
#include <memory>
#include <queue>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "decode/decoder.h"
#include "event/event_clock.h"
#include "pipeline/event_batch.h"
#include "pipeline/input_reader.h"
#include "pipeline/read_ahead.h"

namespace sequitur::pipeline {
namespace {

constexpr uint64_t kProgressEvery = 4096;
// The engine is one thread and takes about as long as decoding: more would wait.
constexpr int kMostReaders = 4;

size_t ReadersFor(int threads) {
  if (threads == 0) threads = static_cast<int>(std::thread::hardware_concurrency());
  return static_cast<size_t>(std::clamp(threads - 1, 0, kMostReaders));
}

// Where an input is: its record, and its clock.
class InputCursor {
 public:
  InputCursor(ReadAhead& ahead, size_t input, absl::string_view path)
      : ahead_(ahead), input_(input), path_(path) {}

  // Goes to the next record and counts it. False at the end.
  bool NextRecord(ReplaySummary& summary) {
    ++record_;
    if (batch_ == nullptr || record_ == batch_->records().size()) {
      batch_ = ahead_.Next(input_);
      record_ = 0;
      if (batch_ == nullptr) return false;
      bytes_read_ = batch_->bytes_read();
    }
    Count(summary);
    return true;
  }

  // The same to the next record that has events, by which the clock goes.
  bool NextEvents(ReplaySummary& summary) {
    do {
      if (!NextRecord(summary)) return false;
    } while (record().events == 0);
    for (uint32_t i = 0; i < record().events; ++i) {
      clock_.Observe(batch_->time(record().first_event + i));
    }
    return true;
  }

  // The record's events, one after the other in `event`.
  void ForEachEvent(event::Event& event, absl::FunctionRef<void()> each) const {
    for (uint32_t i = 0; i < record().events; ++i) {
      batch_->Restore(record().first_event + i, event);
      each();
    }
  }

  event::TimeNs now() const { return clock_.now(); }
  size_t input() const { return input_; }
  int64_t bytes_read() const { return bytes_read_; }

 private:
  const EventBatch::Record& record() const { return batch_->records()[record_]; }

  void Count(ReplaySummary& summary) const {
    ++summary.records;
    if (record().result == decode::DecodeResult::kDecoded) {
      ++summary.records_by_kind[record().kind];
      return;
    }
    auto& skipped = summary.skipped[record().result];
    if (skipped.count++ == 0) skipped.first = absl::StrCat(path_, ":", record().line);
  }

  ReadAhead& ahead_;
  const size_t input_;
  const std::string path_;
  const EventBatch* batch_ = nullptr;
  size_t record_ = 0;
  int64_t bytes_read_ = 0;
  event::EventClock clock_;
};

class Replayer {
 public:
  Replayer(const Site& site, Engine& engine, const ReplayOptions& options,
           absl::AnyInvocable<void(const ReplayProgress&)> progress, ReadAhead& ahead,
           absl::Span<const std::string> paths)
      : engine_(engine),
        options_(options),
        progress_(std::move(progress)),
        event_(site.projection()),
        ahead_(ahead) {
    for (const std::string& path : paths) cursors_.emplace_back(ahead, cursors_.size(), path);
  }

  void Run(ReplaySummary& summary) {
    if (cursors_.size() == 1) {
      RunOne(summary);
    } else {
      RunMerged(summary);
    }
    for (const InputCursor& cursor : cursors_) {
      const absl::Status status = ahead_.status(cursor.input());
      if (!status.ok()) summary.problems.emplace_back(status.message());
    }
  }

 private:
  void Process(const InputCursor& cursor) {
    cursor.ForEachEvent(event_, [&] {
      engine_.Process(event_);
      if (options_.on_event) options_.on_event(event_);
    });
  }

  void RunOne(ReplaySummary& summary) {
    InputCursor& cursor = cursors_.front();
    while (cursor.NextRecord(summary)) {
      Process(cursor);
      ReportProgress(summary);
    }
  }

  void RunMerged(ReplaySummary& summary) {
    const auto later = [](const InputCursor* a, const InputCursor* b) {
      return std::make_pair(a->now(), a->input()) > std::make_pair(b->now(), b->input());
    };
    std::priority_queue<InputCursor*, std::vector<InputCursor*>, decltype(later)> heads(later);
    for (InputCursor& cursor : cursors_) {
      if (cursor.NextEvents(summary)) heads.push(&cursor);
    }
    while (!heads.empty()) {
      InputCursor* cursor = heads.top();
      heads.pop();
      Process(*cursor);
      if (cursor->NextEvents(summary)) heads.push(cursor);
      ReportProgress(summary);
    }
  }

  void ReportProgress(const ReplaySummary& summary) {
    if (!progress_ || summary.records % kProgressEvery != 0) return;
    ReplayProgress progress{0, ahead_.bytes_total(), summary.records, engine_.stats().alerts};
    for (const InputCursor& cursor : cursors_) progress.bytes_read += cursor.bytes_read();
    progress_(progress);
  }

  Engine& engine_;
  const ReplayOptions& options_;
  absl::AnyInvocable<void(const ReplayProgress&)> progress_;
  event::Event event_;
  ReadAhead& ahead_;
  std::vector<InputCursor> cursors_;
};

}  // namespace

ReplaySummary Replay(const Site& site, absl::Span<const Input> inputs, const ReplayOptions& options,
                     absl::AnyInvocable<void(const alert::Alert&)> on_alert,
                     absl::AnyInvocable<void(const ReplayProgress&)> progress,
                     SourceNames& sources) {
  ReplaySummary summary;
  Engine engine(site, sources, {options.suppression, options.host, options.explain_misses},
                [&](alert::Alert&& alert) { on_alert(alert); });
  std::vector<std::unique_ptr<InputReader>> readers;
  std::vector<std::string> paths;
  for (const Input& input : inputs) {
    auto reader = InputReader::Open(site, input, sources.Add(input.path));
    if (!reader.ok()) {
      summary.problems.emplace_back(reader.status().message());
      continue;
    }
    readers.push_back(*std::move(reader));
    paths.push_back(input.path);
  }
  ReadAhead ahead(site.projection(), std::move(readers), ReadersFor(options.threads));
  Replayer(site, engine, options, std::move(progress), ahead, paths).Run(summary);
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
