#pragma once

// LiteralScanner finds which of many byte strings occur in a text, in one pass
// (Aho and Corasick, 1975). WildcardSet uses it to pick the few patterns worth
// trying.
//
// Where nothing has begun, two bytes at a time are looked up among those that begin
// a literal: no look-up waits for the one before it, and most text is passed over so.
//
// Bounds:   two table look-ups per byte of text, plus one call per occurrence.
//           Memory: four bytes per state and distinct byte of the literals.
// Threads:  const after construction.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sequitur::eql {

class LiteralScanner {
 public:
  // No literal is empty.
  explicit LiteralScanner(absl::Span<const std::string> literals);

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

  void NumberBytes(absl::Span<const std::string> literals);
  void AddLiteral(absl::string_view literal, uint32_t index);
  void LinkSuffixes();
  void ScanEachByte(absl::string_view text, absl::FunctionRef<bool(uint32_t)> found) const;
  bool Report(uint32_t state, absl::FunctionRef<bool(uint32_t)> found) const;
  // Different pairs may share a bit: then the states tell.
  static size_t PairBit(char first, char second) {
    return static_cast<size_t>((first & 63) << 6 | (second & 63));
  }
  bool MayBegin(char first, char second) const {
    const size_t bit = PairBit(first, second);
    return (pairs_[bit / 64] >> (bit % 64) & 1) != 0;
  }
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
  std::array<uint64_t, 64> pairs_{};  // first two bytes of a literal
  bool has_single_bytes_ = false;     // among the literals
};

}  // namespace sequitur::eql
