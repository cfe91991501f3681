#pragma once

// Diagnostic: one problem in a text a person wrote (a rule, a list, the site's
// configuration), with the place to look. All of a run's diagnostics are
// collected and shown at once; none is thrown.

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sequitur {

struct Diagnostic {
  enum class Severity { kError, kWarning };

  Severity severity = Severity::kError;
  std::string file;
  int line = 0;    // 1-based; 0 = the whole file
  int column = 0;  // 1-based, in characters; 0 = the whole line
  std::string message;
  std::string source_line;  // the line itself, for the caret; may be empty

  // file:line:column: error: message, then the line and a caret under it.
  std::string ToString() const;
};

using Diagnostics = std::vector<Diagnostic>;

bool HasErrors(absl::Span<const Diagnostic> diagnostics);

// The candidate nearest to `word` by edit distance, or empty when none is near
// enough to be what the writer meant.
absl::string_view DidYouMean(absl::string_view word,
                             absl::Span<const absl::string_view> candidates);

}  // namespace sequitur
