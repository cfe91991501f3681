#pragma once

// KeyPool: where the KeyStates of one Correlator live, in numbered places of equal
// size. What is freed is used for the next; nothing moves.
//
// Bounds:   as many as kMaxKeys; memory stays at the most there ever were.
// Threads:  none.

#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "absl/strings/string_view.h"
#include "correlate/key_state.h"

namespace sequitur::correlate {

class KeyPool {
 public:
  using Number = uint32_t;

  KeyPool() = default;
  KeyPool(const KeyPool&) = delete;
  KeyPool& operator=(const KeyPool&) = delete;
  // REQUIRES on destruction: all are freed.

  Number Make(const Plan& plan, uint32_t rule, absl::string_view key) {
    const Number number = TakePlace();
    new (At(number)) KeyState(plan, rule, key);
    return number;
  }
  void Free(Number number) {
    (*this)[number].~KeyState();
    free_.push_back(number);
  }

  KeyState& operator[](Number number) const {
    return *std::launder(reinterpret_cast<KeyState*>(At(number)));
  }

 private:
  static constexpr size_t kChunk = 256;

  struct Place {
    alignas(KeyState) char bytes[sizeof(KeyState)];
  };

  Number TakePlace() {
    if (free_.empty()) AddChunk();
    const Number number = free_.back();
    free_.pop_back();
    return number;
  }
  void AddChunk() {
    const auto first = static_cast<Number>(chunks_.size() * kChunk);
    chunks_.push_back(std::make_unique_for_overwrite<Place[]>(kChunk));
    for (Number i = kChunk; i-- > 0;) free_.push_back(first + i);
  }
  char* At(Number number) const { return chunks_[number / kChunk][number % kChunk].bytes; }

  std::vector<std::unique_ptr<Place[]>> chunks_;
  std::vector<Number> free_;  // the next to use last
};

}  // namespace sequitur::correlate
