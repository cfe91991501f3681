#pragma once

// Standard Base64 into the arena. (absl's decoder writes into a std::string,
// which would be an allocation for every argument of every exec.)

#include <optional>

#include "absl/strings/string_view.h"
#include "base/arena.h"

namespace sequitur::decode {

// nullopt when `text` is not Base64. Padding may be left out.
std::optional<absl::string_view> DecodeBase64(absl::string_view text, Arena& arena);

}  // namespace sequitur::decode
