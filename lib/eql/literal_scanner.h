#pragma once

// LiteralScanner finds which of many byte strings occur in a text, in one pass:
// WildcardSet picks the few patterns worth trying with it, FieldLiterals the rules
// that an event may match.
//
// Nearly all text holds none of them. So windows of up to four bytes, up to four
// bytes apart, are looked up among those of the literals: no look-up waits for the
// one before it, and however many literals there are, text is passed over so. Where
// a window is one of theirs, an automaton (Aho and Corasick, 1975) reads around it.
//
// Bounds:   per byte of text at most one look-up and one step of the automaton, plus
//           one call per occurrence. The shortest literal says how far apart the
//           windows are: seven bytes and more are best.
//           Memory: four bytes per state and distinct byte of the literals.
// Threads:  const after construction.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "eql/bit_filter.h"

namespace sequitur::eql {

class LiteralScanner {
 public:
  // With kFolded, literals are their own FoldCase and text is too, except that its
  // ASCII letters may be in upper case.
  enum class Text : uint8_t { kExact, kFolded };

  // From this size on, windows are farthest apart.
  static constexpr size_t kBestSize = 7;

  // No literal is empty.
  LiteralScanner(absl::Span<const std::string> literals, Text kind);

  // Calls `found` with the index of each literal that ends at each position,
  // until it returns false.
  void Scan(absl::string_view text, absl::FunctionRef<bool(uint32_t literal)> found) const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct State {
    uint32_t first_literal = kNone;  // head of a chain through next_literal_
    uint32_t output = kNone;         // nearest suffix state that has literals
    uint32_t depth = 0;              // bytes of the text that it stands for
  };
  // How far the automaton has read, and what it is in since where it began.
  struct Progress {
    size_t end = 0;
    uint32_t state = 0;
  };

  void NumberBytes(absl::Span<const std::string> literals, Text kind);
  void AddLiteral(absl::string_view literal, uint32_t index);
  void LinkSuffixes();
  void PlaceWindows(absl::Span<const std::string> literals);
  bool Report(uint32_t state, absl::FunctionRef<bool(uint32_t)> found) const;
  bool ReadAround(absl::string_view text, size_t window, Progress& progress,
                  absl::FunctionRef<bool(uint32_t)> found) const;
  template <size_t kWidth>
  void ScanWindows(absl::string_view text, absl::FunctionRef<bool(uint32_t)> found) const;
  uint32_t NextOf(uint32_t state, char c) const {
    return next_[static_cast<size_t>(state) * classes_ + class_of_[static_cast<uint8_t>(c)]];
  }
  uint32_t& Next(uint32_t state, uint8_t byte_class) {
    return next_[static_cast<size_t>(state) * classes_ + byte_class];
  }

  // Bytes no literal contains share class 0.
  std::array<uint8_t, 256> class_of_{};
  uint32_t classes_ = 1;
  std::vector<uint32_t> next_;
  std::vector<State> states_;
  std::vector<uint32_t> next_literal_;
  size_t width_ = 1;   // of a window
  size_t stride_ = 1;  // from one to the next
  size_t reach_ = 0;   // a literal begins at most so far before its window
  BitFilter windows_;
};

}  // namespace sequitur::eql
