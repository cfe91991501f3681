#pragma once

// BitFilter says of nearly every number that is not in a set that it is not, by two
// bits of one word of a table that stays in the cache; it misses none that is (Putze,
// Sanders and Singler, 2007).
//
// Bounds:   4 to 8 bytes for each number to come; of a thousand others it lets pass
//           about four.
// Threads:  const once all are added.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/numeric/bits.h"

namespace sequitur::eql {

class BitFilter {
 public:
  // `count` numbers are to come.
  explicit BitFilter(size_t count) {
    const int words_log2 = std::max(kMinLog2, static_cast<int>(absl::bit_width(count)) - 1);
    words_.resize(size_t{1} << words_log2);
    shift_ = 64 - words_log2;
  }

  void Add(uint64_t number) {
    const uint64_t hash = Hash(number);
    words_[hash >> shift_] |= BitsOf(hash);
  }
  bool MayHold(uint64_t number) const {
    const uint64_t hash = Hash(number);
    return (BitsOf(hash) & ~words_[hash >> shift_]) == 0;
  }

 private:
  static constexpr int kMinLog2 = 3;  // one cache line

  static uint64_t Hash(uint64_t number) { return number * 0x9E3779B97F4A7C15; }
  static uint64_t BitsOf(uint64_t hash) {
    return uint64_t{1} << (hash >> 32 & 63) | uint64_t{1} << (hash >> 26 & 63);
  }

  std::vector<uint64_t> words_;
  int shift_ = 0;
};

}  // namespace sequitur::eql
