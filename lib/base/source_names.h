#pragma once

// SourceNames gives each topic or file that records come from a small number,
// which is what a Position carries.
// Threads: none; one per worker. Names are never forgotten: their number is the
// number of inputs, which the operator chose.

#include <cstdint>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace sequitur {

class SourceNames {
 public:
  // A number of its own, even for a name that has one.
  uint32_t Add(absl::string_view name) {
    names_.emplace_back(name);
    return static_cast<uint32_t>(names_.size() - 1);
  }
  // The number the name was given when it first came up here.
  uint32_t Intern(absl::string_view name) {
    const auto known = numbers_.find(name);
    if (known != numbers_.end()) return known->second;
    const uint32_t number = Add(name);
    numbers_.emplace(names_.back(), number);
    return number;
  }
  absl::string_view name(uint32_t source) const { return names_[source]; }

 private:
  std::deque<std::string> names_;  // stable addresses: the map's keys point here
  absl::flat_hash_map<absl::string_view, uint32_t> numbers_;
};

}  // namespace sequitur
