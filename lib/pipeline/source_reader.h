#pragma once

// SourceReader: records of source topics to events, the same for every stage that
// reads sources. Has a decoder for each topic, sends what cannot be read to the
// dead-letter topic, watches for lost sensor messages, and counts all of it.
//
// Bounds:  those of the decoders; one a topic.
// Threads: none; one per worker.

#include <array>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "base/source_names.h"
#include "bus/record.h"
#include "decode/decoder.h"
#include "event/event.h"
#include "metrics/report.h"
#include "pipeline/group_member.h"
#include "pipeline/sequence_watch.h"
#include "pipeline/site.h"
#include "pipeline/worker_stats.h"

namespace sequitur::pipeline {

class SourceReader {
 public:
  static constexpr size_t kMaxDeadLetter = 512 << 10;  // the rest is cut and said to be
  using EachEvent = absl::FunctionRef<void(event::Event&)>;

  // How a record stands to the work of its partition.
  struct Standing {
    bool live = true;       // false: read before; nothing is counted or written for it
    bool sees_all = false;  // this worker reads every partition of the topic
  };

  // `stage` is for the log. The rest outlives the reader.
  SourceReader(std::string stage, const Site& site, GroupMember& member, SourceNames& sources,
               WorkerStats& stats);

  // Decodes into `event` and gives it, as often as the record holds one. The record's
  // time is believed.
  void Read(const bus::Record& record, Standing standing, event::Event& event, EachEvent each);
  void DeadLetter(const bus::Record& record, absl::string_view reason);
  // Which partitions are read has changed: what other workers read meanwhile is not
  // missing.
  void Reassigned() { sequences_.Forget(); }
  // Adds what is counted here.
  void Report(metrics::WorkerReport& report) const;

 private:
  decode::Decoder* DecoderOf(absl::string_view topic);
  void ClampToNow(event::Event& event) const;
  // Whether the message's stream, stream_, can be watched.
  bool WatchSequence(const event::Event& event, const bus::Record& record, bool sees_all);

  const std::string stage_;
  const Site& site_;
  GroupMember& member_;
  SourceNames& sources_;
  WorkerStats& stats_;
  absl::flat_hash_map<std::string, std::unique_ptr<decode::Decoder>> decoders_;  // by topic
  metrics::Totals dead_letters_;                                                 // by reason
  std::array<std::array<uint64_t, decode::kDecodeResults>, decode::kSourceKinds> decoded_ = {};
  uint64_t clamped_ = 0;
  SequenceWatch sequences_;
  uint64_t unwatched_ = 0;  // eslogger messages that could not be watched
  std::string stream_;      // scratch
};

}  // namespace sequitur::pipeline
