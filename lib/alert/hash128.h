#pragma once

// XXH3-128 of texts: of what makes an alert, a suppression or a used hit the
// same as another. Stable over versions and machines; it stands in alerts.

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace sequitur::alert {

using Hash128 = std::pair<uint64_t, uint64_t>;  // high half first

Hash128 HashOf(absl::string_view text);

// 32 lower-case hex digits.
std::string HexHash(absl::string_view text);

// Appends text with its length, so that no two tuples run together.
void AppendPart(absl::string_view part, std::string& to);

}  // namespace sequitur::alert
