#pragma once

// Case folding: every character becomes its simple fold, one code point for one
// code point (Unicode 14 CaseFolding, statuses C and S), so that positions in
// characters stay what they were. Bytes that are not UTF-8 stay as they are.
//
// Bounds:   a fold is at most half as long again as the text.
// Threads:  free functions.

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "base/arena.h"

namespace sequitur::eql {

uint32_t FoldCharacter(uint32_t code);

// The text itself when it is its own fold.
absl::string_view FoldCase(absl::string_view text, Arena& arena);
std::string FoldCase(absl::string_view text);

// True when folding would not change the text.
bool IsFolded(absl::string_view text);

// Writes the fold to `out`, which must hold MaxFoldedSize(text.size()) bytes.
constexpr size_t MaxFoldedSize(size_t size) { return size + size / 2; }
size_t FoldCaseInto(absl::string_view text, char* out);

}  // namespace sequitur::eql
