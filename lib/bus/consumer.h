#pragma once

// Consumer: one member of a consumer group, the seam between Kafka and whoever
// works its partitions. KafkaConsumer is the real one; tests have a fake.
//
// Threads:  none: every call, and every call back, on the thread that polls.
// Errors:   what time heals (a lost broker, a failed fetch) stays inside and is
//           logged; Poll fails only when going on makes no sense.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "bus/record.h"

namespace sequitur::bus {

// A partition that was just given to this member. `start` is where reading will
// begin; the observer may move it back.
struct Assignment {
  CommittedOffset committed;  // offset kNone: the group has not read it yet
  int64_t low = 0;            // oldest offset there is
  int64_t high = 0;           // the next that will be written
  int64_t start = 0;

  // What was committed is still there; if not, `start` is the oldest offset.
  bool HasItsPlace() const { return committed.offset >= low && committed.offset <= high; }
};

// The offset wanted is not in its partition any more: reading goes on from the
// oldest record there is. Forward: what lay between was deleted unread. Back: the
// log is another, or shorter, than the one that was read before.
struct Jump {
  TopicPartition at;
  int64_t wanted = 0;
  int64_t to = 0;

  // Records that are gone unread, as far as is known.
  uint64_t lost() const { return to > wanted ? static_cast<uint64_t>(to - wanted) : 0; }
};

class AssignmentObserver {
 public:
  virtual ~AssignmentObserver() = default;

  // Before the first record of these partitions. A failure is retried by the
  // group's next rebalance and ends Poll with it.
  virtual absl::Status OnAssigned(absl::Span<Assignment> assigned) = 0;
  // They are somebody else's from now on. `lost`: already, so that nothing may
  // be committed for them.
  virtual void OnRevoked(absl::Span<const TopicPartition> revoked, bool lost) = 0;
  // Before the first record from the new place; of an assignment that does not
  // have its committed offset any more, right after OnAssigned.
  virtual void OnJumped(const Jump& jump) { (void)jump; }
};

class Consumer {
 public:
  using EachRecord = absl::FunctionRef<void(const Record&)>;

  virtual ~Consumer() = default;

  // Joins the group; a name that begins with '^' is a regular expression.
  virtual absl::Status Subscribe(const std::vector<std::string>& topics,
                                 AssignmentObserver& observer) = 0;

  // Waits up to `timeout` for records and gives each to `each`, in order within
  // a partition, never one of a partition that is not assigned or before the
  // place where reading stands. Returns how many.
  virtual absl::StatusOr<size_t> Poll(absl::Duration timeout, EachRecord each) = 0;

  // Without waiting for the answer; a failure is logged, the next one heals it.
  virtual void CommitAsync(absl::Span<const CommittedOffset> offsets) = 0;
  // Waits for the answer, within `timeout`: without a broker there is none.
  virtual absl::Status Commit(absl::Span<const CommittedOffset> offsets,
                              absl::Duration timeout) = 0;

  // Holds back, and lets go on, everything that is assigned. While held back
  // Poll keeps the membership alive and gives nothing.
  virtual void Pause() = 0;
  virtual void Resume() = 0;

  // Holds one assigned partition back, whatever Resume says: it stands at `next`,
  // also when that record was just given, and gives nothing more until released.
  // Both may be called while records are given; Release counts from the next Poll.
  virtual void Hold(const TopicPartition& at, int64_t next) = 0;
  virtual void Release(const TopicPartition& at) = 0;

  // Offsets of the first record at or after `time_ms`; a partition's end when
  // there is none.
  virtual absl::StatusOr<absl::flat_hash_map<TopicPartition, int64_t>> OffsetsForTime(
      absl::Span<const TopicPartition> partitions, int64_t time_ms) = 0;

  // Records not read yet, by assigned partition, as far as is known.
  virtual absl::flat_hash_map<TopicPartition, int64_t> Lag() = 0;

  // Partitions of every topic that this member reads, its own and others'; empty
  // when no broker says.
  virtual absl::flat_hash_map<std::string, int32_t> PartitionCounts() = 0;

  // Leaves the group; OnRevoked comes first.
  virtual void Close() = 0;
};

}  // namespace sequitur::bus
