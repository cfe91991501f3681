#pragma once

// BitFilter says of nearly every number that is not in a set that it is not, by two
// bits of one word of a table that stays in the cache; it misses none that is (Putze,
// Sanders and Singler, 2007).
//
// Bounds:   4 to 8 bytes for each number to come; of a thousand others it lets pass
//           up to four.
// Threads:  const once all are added.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/numeric/bits.h"

namespace sequitur::eql {

class BitFilter {
 public:
  // `count` numbers are to come.
  explicit BitFilter(size_t count) : words_(std::max(absl::bit_ceil(count) / 2, kMinWords)) {}

  void Add(uint64_t number) {
    const uint64_t hash = Hash(number);
    uint64_t& word = words_[hash >> 40 & (words_.size() - 1)];
    word |= uint64_t{1} << FirstBit(hash) | uint64_t{1} << SecondBit(hash);
  }

  // To look numbers up one after the other, out of registers.
  class Reader {
   public:
    explicit Reader(const BitFilter& filter)
        : words_(filter.words_.data()), mask_(filter.words_.size() - 1) {}

    bool MayHold(uint64_t number) const {
      const uint64_t hash = Hash(number);
      const uint64_t word = words_[hash >> 40 & mask_];
      return (word >> FirstBit(hash) & 1) != 0 && (word >> SecondBit(hash) & 1) != 0;
    }

   private:
    const uint64_t* words_;
    uint64_t mask_;
  };

 private:
  static constexpr size_t kMinWords = 8;  // one cache line

  static uint64_t Hash(uint64_t number) { return number * 0x9E3779B97F4A7C15; }
  static int FirstBit(uint64_t hash) { return static_cast<int>(hash >> 34 & 63); }
  static int SecondBit(uint64_t hash) { return static_cast<int>(hash >> 28 & 63); }

  std::vector<uint64_t> words_;  // a power of two
};

}  // namespace sequitur::eql
