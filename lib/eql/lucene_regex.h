#pragma once

// Regular expressions as Lucene has them (org.apache.lucene.util.automaton.
// RegExp), which is what EQL's `regex` takes, rewritten for RE2: `^` and `$` are
// plain characters, "..." quotes, `@` is any string, `#` matches nothing,
// <1-9> is a range of numbers, and the whole value must match. `\d`, `\s` and
// `\w` are classes, as in Lucene since 9.
//
// Not translated, and an error: `~` (complement) and `&` (intersection).
//
// Bounds:   kMaxRegex bytes a pattern; linear time.

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sequitur::eql {

inline constexpr size_t kMaxRegex = 32 << 10;

// The RE2 syntax (for (?s), without anchors), or what is wrong with it.
absl::StatusOr<std::string> TranslateLuceneRegex(absl::string_view pattern);

}  // namespace sequitur::eql
