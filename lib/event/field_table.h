#pragma once

// FieldTable numbers the fields an event can hold. The ECS paths that decoders
// and enrichments know come first, as constants (event::field::kProcessName);
// any other path that a rule names gets the next number when the rule set is
// compiled.
//
// Numbers are never reused or moved, so pending state stays valid over a
// reload; that is why a Projection, and not the table, says what is decoded.
//
// Bounds:   kMaxFields paths; further ones are refused (a rule error).
// Threads:  build first, then share const.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace sequitur::event {

using FieldId = uint16_t;

namespace field {
enum : FieldId {
#define SEQUITUR_FIELD(id, path) id,
#include "event/known_fields.inc"
#undef SEQUITUR_FIELD
  kKnownFields
};
}  // namespace field

class FieldTable {
 public:
  static constexpr size_t kMaxFields = 8192;

  FieldTable();
  FieldTable(const FieldTable&) = delete;
  FieldTable& operator=(const FieldTable&) = delete;

  // The path's number, giving it one if it has none; nullopt when full.
  std::optional<FieldId> Intern(absl::string_view path);
  std::optional<FieldId> Find(absl::string_view path) const;
  absl::string_view path(FieldId id) const { return paths_[id]; }
  size_t size() const { return paths_.size(); }

 private:
  std::deque<std::string> paths_;  // stable addresses: the map's keys point here
  absl::flat_hash_map<absl::string_view, FieldId> ids_;
};

// Projection: the fields somebody reads. Decoders fill only those.
// Threads:  build first, then share const.
class Projection {
 public:
  // Nothing wanted yet.
  explicit Projection(const FieldTable& fields) : fields_(&fields), wanted_(fields.size(), 0) {}

  void Add(FieldId id) {
    if (id >= wanted_.size()) wanted_.resize(id + 1, 0);
    wanted_[id] = 1;
  }
  void AddAllKnown() {
    for (FieldId id = 0; id < field::kKnownFields; ++id) Add(id);
  }
  bool Has(FieldId id) const { return id < wanted_.size() && wanted_[id] != 0; }
  size_t size() const { return wanted_.size(); }
  const FieldTable& fields() const { return *fields_; }

 private:
  const FieldTable* fields_;
  std::vector<uint8_t> wanted_;
};

}  // namespace sequitur::event
