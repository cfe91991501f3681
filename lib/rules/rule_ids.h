#pragma once

// What to say of a rule id that no rule has.

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sequitur::rules {

std::string UnknownRuleId(absl::string_view id, absl::Span<const absl::string_view> known);

}  // namespace sequitur::rules
