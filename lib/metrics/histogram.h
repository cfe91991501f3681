#pragma once

// Histogram: numbers counted by upper bound, as Prometheus wants them. The bounds
// are of the type: values are added up over workers.

#include <array>
#include <cstddef>
#include <cstdint>

namespace sequitur::metrics {

template <const auto& bounds>
struct Histogram {
  static constexpr auto& kBounds = bounds;

  std::array<uint64_t, kBounds.size() + 1> counts = {};  // the last: above all bounds
  double sum = 0;

  void Observe(double number) {
    size_t i = 0;
    while (i < kBounds.size() && number > kBounds[i]) ++i;
    ++counts[i];
    sum += number;
  }
  void Add(const Histogram& other) {
    for (size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    sum += other.sum;
  }
};

// Seconds, from a few poll intervals to the longest anybody waits.
inline constexpr std::array<double, 14> kDelayBounds = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                                        2.5,  5,     15,   60,  300,  900, 3600};
using Delays = Histogram<kDelayBounds>;

// Seconds from one step of a chain to the next: close enough to tell windows apart
// that people set.
inline constexpr std::array<double, 13> kStepGapBounds = {0.1, 1,   5,    15,   30,    60,   120,
                                                          300, 600, 1800, 3600, 21600, 86400};
using StepGaps = Histogram<kStepGapBounds>;

// The part of its window that a chain took.
inline constexpr std::array<double, 6> kWindowUseBounds = {0.1, 0.25, 0.5, 0.8, 0.9, 1};
using WindowUse = Histogram<kWindowUseBounds>;

}  // namespace sequitur::metrics
