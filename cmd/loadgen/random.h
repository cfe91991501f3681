#pragma once

// Random: the generator every choice of a run comes from. Same seed, same
// choices, on every platform: the standard library's distributions do not
// promise that, so the few that are needed are written out here.
//
// Threads:  none.

#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sequitur::loadgen {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  // splitmix64 (Steele, Lea, Flood 2014): one addition and three mixes.
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // A generator of its own for one host or one planted thing, so that adding
  // one does not change all others.
  Random Fork() { return Random(Next()); }

  // Both ends included. REQUIRES: low <= high.
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Next() % static_cast<uint64_t>(high - low + 1));
  }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  bool Chance(double probability) { return Unit() < probability; }
  double Exponential(double mean) { return -mean * std::log1p(-Unit()); }
  // Evenly spread over orders of magnitude: most values small, some large.
  int64_t Skewed(int64_t low, int64_t high) {
    const double ratio = static_cast<double>(high) / static_cast<double>(low);
    return static_cast<int64_t>(static_cast<double>(low) * std::pow(ratio, Unit()));
  }

  template <typename T>
  const T& Pick(absl::Span<const T> from) {
    return from[Next() % from.size()];
  }

  std::string Hex(size_t digits) { return Digits(digits, "0123456789abcdef"); }
  std::string UpperHex(size_t digits) { return Digits(digits, "0123456789ABCDEF"); }
  std::string Letters(size_t count) {
    return Digits(count, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
  }
  std::string Uuid();

 private:
  std::string Digits(size_t count, absl::string_view alphabet);

  uint64_t state_;
};

}  // namespace sequitur::loadgen
