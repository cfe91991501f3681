#pragma once

// EventBatch: some records of one input as they were decoded, on their way from
// the thread that reads to the one that replays.
//
// Bounds:   whoever fills it stops at a number of records or bytes(). Its memory
//           is kept for the next records, but not what a huge one took.
// Threads:  none: one thread's at a time.
// Lifetime: what was restored from it is valid until Clear().

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "base/arena.h"
#include "decode/source.h"
#include "event/event.h"

namespace sequitur::pipeline {

class EventBatch {
 public:
  // A record and what became of it.
  struct Record {
    decode::DecodeResult result = decode::DecodeResult::kDecoded;
    decode::SourceKind kind = decode::SourceKind::kAuto;
    uint32_t first_event = 0;
    uint32_t events = 0;
    int64_t line = 0;  // where it begins
  };

  EventBatch();

  void Clear();
  // Copies an event of the record that EndRecord ends.
  void Add(const event::Event& event);
  void EndRecord(decode::DecodeResult result, decode::SourceKind kind, int64_t line);
  // How far the input was read by then.
  void set_bytes_read(int64_t bytes) { bytes_read_ = bytes; }

  absl::Span<const Record> records() const { return records_; }
  int64_t bytes_read() const { return bytes_read_; }
  // What the events take.
  size_t bytes() const { return bytes_; }

  // By number of the event in the batch.
  event::TimeNs time(size_t event) const { return events_[event].time; }
  // Refills `event` with views into the batch.
  void Restore(size_t number, event::Event& event) const;

 private:
  struct Waiting {
    event::TimeNs time;
    event::TimeNs record_time;
    int64_t sequence;
    Position position;
    uint64_t identity;
    event::HostId host;
    bool clamped;
    event::HostClaim claim;
    size_t first_field;
    size_t fields;
  };

  absl::string_view Copy(absl::string_view text);
  event::Value Copy(const event::Value& value);
  event::Value CopyAnew(const event::Value& value);

  std::vector<Record> records_;
  std::vector<Waiting> events_;
  std::vector<event::FieldId> fields_;
  std::vector<event::Value> values_;  // of fields_
  std::unique_ptr<Arena> arena_;      // what values and claims point to
  // Long values of the record being added, by where they were and their bytes.
  absl::flat_hash_map<std::pair<const void*, size_t>, event::Value> copies_;
  uint32_t first_event_ = 0;  // of the record being added
  size_t bytes_ = 0;
  int64_t bytes_read_ = 0;
};

}  // namespace sequitur::pipeline
