#pragma once

// FactIdentity hashes what identifies a fact at its source, to tell a record
// that was sent twice from two facts. The result is the same in every process
// and every version: it is kept in pending state and compared over restarts
// (absl::Hash is seeded anew by each process).

#include <cstdint>

#include "absl/strings/string_view.h"

namespace sequitur::decode {

class FactIdentity {
 public:
  // Parts are kept apart: ("ab", "c") and ("a", "bc") differ.
  FactIdentity& Add(absl::string_view text);
  FactIdentity& Add(int64_t i);

  // Never 0, which means "no identity".
  uint64_t value() const;

 private:
  void Mix(uint64_t word);

  uint64_t state_ = 0x9e3779b97f4a7c15;
};

}  // namespace sequitur::decode
