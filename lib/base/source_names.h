#pragma once

// SourceNames gives each topic or file that records come from a small number,
// which is what a Position carries.
// Threads: none; one per worker. Names are never forgotten: their number is the
// number of inputs, which the operator chose.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sequitur {

class SourceNames {
 public:
  uint32_t Add(absl::string_view name) {
    names_.emplace_back(name);
    return static_cast<uint32_t>(names_.size() - 1);
  }
  absl::string_view name(uint32_t source) const { return names_[source]; }

 private:
  std::vector<std::string> names_;
};

}  // namespace sequitur
