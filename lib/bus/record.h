#pragma once

// Record: one Kafka message as its reader sees it, and the names of places in
// Kafka that everything else here is said in.
//
// Lifetime: a Record's views die when the callback that got it returns; the
//           client's fetch buffer is released with the batch.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace sequitur::bus {

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;

  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const TopicPartition& at) {
    return H::combine(std::move(h), at.topic, at.partition);
  }
};

struct Record {
  static constexpr int64_t kNoTime = -1;

  const TopicPartition* at = nullptr;  // never null where a Record is given
  int64_t offset = 0;
  int64_t timestamp_ms = kNoTime;  // CreateTime or LogAppendTime, since the epoch
  absl::string_view key;
  absl::string_view value;
  bool tombstone = false;  // no value at all, which is not an empty one
};

// What is to be written. Nothing is kept of the views after Produce().
struct OutgoingRecord {
  static constexpr int32_t kByKey = -1;

  absl::string_view topic;
  int32_t partition = kByKey;
  absl::string_view key;
  absl::string_view value;
  bool tombstone = false;
  std::vector<std::pair<absl::string_view, absl::string_view>> headers = {};
};

// A consumer group's place in a partition: the next offset to read, and a note
// that is stored and given back with it.
struct CommittedOffset {
  static constexpr int64_t kNone = -1;

  TopicPartition at;
  int64_t offset = kNone;
  std::string note;
};

}  // namespace sequitur::bus
