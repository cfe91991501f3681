#pragma once

// Text that came from the outside, made safe to show: what an attacker wrote
// can neither move a terminal's cursor nor break a document.

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace sequitur::alert {

// Valid UTF-8: every byte that is not part of a well-formed character becomes
// U+FFFD.
std::string ValidUtf8(absl::string_view text);

// One line for a terminal: control characters, invalid bytes and the Unicode
// characters that reorder or hide text become \xHH or \u{HHHH}; at most
// `max_chars` characters, with an ellipsis when something was cut.
std::string Printable(absl::string_view text, size_t max_chars);

}  // namespace sequitur::alert
