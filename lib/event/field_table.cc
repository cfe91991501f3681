#include "event/field_table.h"

namespace sequitur::event {
namespace {

constexpr absl::string_view kKnownPaths[] = {
#define SEQUITUR_FIELD(id, path) path,
#include "event/known_fields.inc"
#undef SEQUITUR_FIELD
};

}  // namespace

FieldTable::FieldTable() {
  for (absl::string_view path : kKnownPaths) Intern(path);
}

std::optional<FieldId> FieldTable::Intern(absl::string_view path) {
  if (const auto found = Find(path)) return found;
  if (paths_.size() >= kMaxFields) return std::nullopt;
  const auto id = static_cast<FieldId>(paths_.size());
  paths_.emplace_back(path);
  ids_.emplace(paths_.back(), id);
  return id;
}

std::optional<FieldId> FieldTable::Find(absl::string_view path) const {
  const auto it = ids_.find(path);
  if (it == ids_.end()) return std::nullopt;
  return it->second;
}

}  // namespace sequitur::event
