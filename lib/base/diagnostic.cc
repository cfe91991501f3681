#include "base/diagnostic.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace sequitur {
namespace {

// Levenshtein distance over lower-cased bytes; the strings are short names.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitution =
          diagonal + (absl::ascii_tolower(a[i - 1]) != absl::ascii_tolower(b[j - 1]) ? 1 : 0);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row.back();
}

bool IsUtf8Continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Blanks up to `column`, tabs kept, so that the caret lands under its character.
std::string CaretIndent(absl::string_view line, int column) {
  std::string indent;
  int at = 1;
  for (char c : line) {
    if (IsUtf8Continuation(c)) continue;
    if (at++ >= column) break;
    indent.push_back(c == '\t' ? '\t' : ' ');
  }
  return indent;
}

// What a terminal would act on, and bytes that are no text, become '?'.
std::string Shown(absl::string_view line) {
  std::string out(line);
  for (char& c : out) {
    if (c != '\t' && absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = '?';
  }
  return out;
}

}  // namespace

std::string Diagnostic::ToString() const {
  std::string out = file;
  if (line > 0) absl::StrAppend(&out, out.empty() ? "" : ":", line);
  if (line > 0 && column > 0) absl::StrAppend(&out, ":", column);
  absl::StrAppend(&out, out.empty() ? "" : ": ",
                  severity == Severity::kError ? "error: " : "warning: ", message);
  if (!source_line.empty()) {
    absl::StrAppend(&out, "\n  ", Shown(source_line));
    if (column > 0) absl::StrAppend(&out, "\n  ", CaretIndent(source_line, column), "^");
  }
  return out;
}

bool HasErrors(absl::Span<const Diagnostic> diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& d) {
    return d.severity == Diagnostic::Severity::kError;
  });
}

absl::string_view DidYouMean(absl::string_view word,
                             absl::Span<const absl::string_view> candidates) {
  absl::string_view best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (absl::string_view candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace sequitur
