#pragma once

// Snapshot: a compact, owned copy of an event, made once for an event that is
// still needed after its record is gone: evidence of a hit, or a flow waiting
// for its process. However many rules hit it, there is one Snapshot.
//
// Bounds:   a string longer than max_string is cut; bytes() is the exact size.
// Threads:  none: the count is not atomic, a Snapshot stays with its worker.
// Lifetime: counted by SnapshotRef; values point into the snapshot itself.

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/types/span.h"
#include "base/position.h"
#include "event/event.h"

namespace sequitur::event {

class SnapshotRef;

// MemoryAccount sums the bytes that a host's state holds, and with its parent
// all hosts'. Lives longer than whatever is charged to it.
struct MemoryAccount {
  int64_t bytes = 0;
  MemoryAccount* parent = nullptr;

  void Add(int64_t n) {
    bytes += n;
    if (parent != nullptr) parent->Add(n);
  }
};

class Snapshot {
 public:
  static constexpr size_t kMaxString = 8 << 10;

  // With an account the copy's bytes are charged to it until it is freed.
  static SnapshotRef Of(const Event& event, MemoryAccount* account = nullptr,
                        size_t max_string = kMaxString);

  const Value& Get(FieldId id) const;
  absl::Span<const FieldId> fields() const { return {fields_, count_}; }
  absl::Span<const Value> values() const { return {values_, count_}; }

  // Refills `event` with views into this snapshot, which must outlive their use.
  void Restore(Event& event) const;

  TimeNs time() const { return time_; }
  TimeNs record_time() const { return record_time_; }
  int64_t sequence() const { return sequence_; }
  const Position& position() const { return position_; }
  uint64_t identity() const { return identity_; }
  HostId host() const { return host_; }
  size_t bytes() const { return bytes_; }
  MemoryAccount* account() const { return account_; }

 private:
  friend class SnapshotRef;
  Snapshot() = default;

  TimeNs time_ = kNoTime;
  TimeNs record_time_ = kNoTime;
  int64_t sequence_ = 0;
  uint64_t identity_ = 0;
  Position position_;
  MemoryAccount* account_ = nullptr;
  HostId host_ = 0;
  uint32_t references_ = 0;
  uint32_t bytes_ = 0;
  uint16_t count_ = 0;
  const Value* values_ = nullptr;    // in this block, sorted by field id
  const FieldId* fields_ = nullptr;  // in this block, ascending
};

// Shared ownership of a Snapshot, one worker's.
class SnapshotRef {
 public:
  SnapshotRef() = default;
  explicit SnapshotRef(Snapshot* snapshot) : snapshot_(snapshot) { Retain(); }
  SnapshotRef(const SnapshotRef& other) : snapshot_(other.snapshot_) { Retain(); }
  SnapshotRef(SnapshotRef&& other) noexcept : snapshot_(std::exchange(other.snapshot_, nullptr)) {}
  SnapshotRef& operator=(SnapshotRef other) noexcept {
    std::swap(snapshot_, other.snapshot_);
    return *this;
  }
  ~SnapshotRef() { Release(); }

  explicit operator bool() const { return snapshot_ != nullptr; }
  const Snapshot& operator*() const { return *snapshot_; }
  const Snapshot* operator->() const { return snapshot_; }
  const Snapshot* get() const { return snapshot_; }
  // True when this is the only owner: releasing it frees the bytes.
  bool unique() const { return snapshot_ != nullptr && snapshot_->references_ == 1; }
  friend bool operator==(const SnapshotRef&, const SnapshotRef&) = default;

 private:
  void Retain() {
    if (snapshot_ != nullptr) ++snapshot_->references_;
  }
  void Release();

  Snapshot* snapshot_ = nullptr;
};

}  // namespace sequitur::event
