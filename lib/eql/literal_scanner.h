#pragma once

// LiteralScanner finds which of many byte strings occur in a text, in one pass
// (Aho and Corasick, 1975). WildcardSet uses it to pick the few patterns worth
// trying.
//
// Bounds:   one table look-up per byte of text, plus one call per occurrence.
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
  };

  void NumberBytes(absl::Span<const std::string> literals);
  void AddLiteral(absl::string_view literal, uint32_t index);
  void LinkSuffixes();
  uint32_t& Next(uint32_t state, uint8_t byte_class) {
    return next_[static_cast<size_t>(state) * classes_ + byte_class];
  }

  // Bytes no literal contains share class 0.
  std::array<uint8_t, 256> class_of_{};
  uint32_t classes_ = 1;
  std::vector<uint32_t> next_;
  std::vector<State> states_;
  std::vector<uint32_t> next_literal_;
};

}  // namespace sequitur::eql
