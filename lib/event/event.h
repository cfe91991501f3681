#pragma once

// Event: one fact on one host at one event time, as a table of field values.
// Decoders fill it, enrichments add to it, rules read it; the same object is
// used again for the next record.
//
// Lifetime: values are views into the record being decoded or into arena();
//           all of them die at Reset(). What must live longer is copied once,
//           as a Snapshot.
// Threads:  none; one per worker.

#include <cstdint>
#include <limits>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/arena.h"
#include "base/position.h"
#include "event/field_table.h"
#include "event/time.h"
#include "event/value.h"

namespace sequitur::event {

// Index of a canonical host in the HostTable.
using HostId = uint32_t;

// What the record says about the host, before HostTable makes sense of it.
struct HostClaim {
  enum class Role : uint8_t {
    kSubject,  // the host is where the fact happened
    kSensor,   // the host only saw it pass (Zeek, Suricata, a flow collector)
  };

  absl::string_view id;    // machine UUID
  absl::string_view name;  // a host name; never an address or "-" (decoders check)
  absl::string_view agent_id;
  Value addresses;  // the subject's own addresses, when the record lists them
  Role role = Role::kSubject;
};

class Event {
 public:
  static constexpr int64_t kNoSequence = std::numeric_limits<int64_t>::max();

  explicit Event(const Projection& projection)
      : projection_(&projection), values_(projection.size()) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  // Forgets everything; `keep_arena` leaves earlier views valid (a record that
  // holds several events).
  enum class Keep { kNothing, kArena };
  void Reset(Keep keep = Keep::kNothing) {
    for (FieldId id : present_) values_[id] = Value();
    present_.clear();
    time = kNoTime;
    record_time = kNoTime;
    sequence = kNoSequence;
    position = Position();
    identity = 0;
    host = 0;
    clamped = false;
    claim = HostClaim();
    if (keep == Keep::kNothing) arena_.Reset();
  }

  // True when somebody reads the field: worth the work of computing it.
  bool Wants(FieldId id) const { return projection_->Has(id); }

  // Sets a wanted field; a no-op for others. Null unsets.
  void Set(FieldId id, Value value) {
    if (!Wants(id)) return;
    if (values_[id].is_null()) {
      if (value.is_null()) return;
      present_.push_back(id);
    }
    values_[id] = value;
  }
  void SetString(FieldId id, absl::string_view text) {
    if (!text.empty()) Set(id, Value::String(text));
  }
  void SetInt(FieldId id, int64_t i) { Set(id, Value::Int(i)); }
  // Adds one element to a field that is a list (sequitur.indicators ...).
  void Append(FieldId id, Value element);

  const Value& Get(FieldId id) const {
    static constexpr Value kNull = Value::Null();
    return id < values_.size() ? values_[id] : kNull;
  }
  absl::string_view Text(FieldId id) const { return Get(id).text(); }
  bool Has(FieldId id) const { return !Get(id).is_null(); }

  // Fields set since Reset(), in order of setting; one that was unset again
  // may still be listed, and its value is null.
  absl::Span<const FieldId> present() const { return present_; }

  Arena& arena() { return arena_; }
  const Projection& projection() const { return *projection_; }

  // When the fact happened: the start of a request or a flow where known.
  TimeNs time = kNoTime;
  // When the bus or the shipper took the record; bounds `time` from above.
  TimeNs record_time = kNoTime;
  // event.sequence, the tie-break among events of one instant.
  int64_t sequence = kNoSequence;
  Position position;
  // Hash of what identifies the fact at its source (path and offset, event.id,
  // global_seq_num ...), to tell a record sent twice from two facts; 0 = none.
  uint64_t identity = 0;
  HostId host = 0;
  // Its own time was too far ahead of the record's, whose time it has now.
  bool clamped = false;
  HostClaim claim;

 private:
  const Projection* projection_;
  std::vector<Value> values_;
  std::vector<FieldId> present_;
  Arena arena_;
};

}  // namespace sequitur::event
