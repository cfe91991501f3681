#pragma once

// Wildcard patterns as EQL's `like` and `:` have them: `*` any run, also empty;
// `?` exactly one character (a UTF-8 code point); everything else is itself,
// a backslash too. The whole value must match.
//
// Bounds:   linear time in the value for any set of patterns: literals are
//           looked up, patterns share one automaton.
// Threads:  const after construction.

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sequitur::eql {

class WildcardSet {
 public:
  enum class Case { kSensitive, kInsensitive };

  WildcardSet(absl::Span<const std::string> patterns, Case letter_case);
  ~WildcardSet();
  WildcardSet(WildcardSet&&) noexcept;
  WildcardSet& operator=(WildcardSet&&) noexcept;

  bool Matches(absl::string_view value) const;
  // For a value that is its own FoldCase already; the same as Matches() when the
  // set is case-sensitive.
  bool MatchesFolded(absl::string_view value) const;

  // False when the pattern is a plain literal.
  static bool HasWildcard(absl::string_view pattern);
  // The longest run of plain characters, which every match holds, within the pattern;
  // may be empty.
  static absl::string_view LongestPart(absl::string_view pattern);

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace sequitur::eql
