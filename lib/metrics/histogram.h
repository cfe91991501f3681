#pragma once

// Histogram: durations in seconds, counted by upper bound, as Prometheus wants
// them. A plain value: added up over workers.

#include <array>
#include <cstddef>
#include <cstdint>

namespace sequitur::metrics {

struct Histogram {
  // From a few poll intervals to the longest window anybody sets.
  static constexpr std::array<double, 14> kBounds = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                                     2.5,  5,     15,   60,  300,  900, 3600};

  std::array<uint64_t, kBounds.size() + 1> counts = {};  // the last: above all bounds
  double sum = 0;

  void Observe(double seconds) {
    size_t i = 0;
    while (i < kBounds.size() && seconds > kBounds[i]) ++i;
    ++counts[i];
    sum += seconds;
  }
  void Add(const Histogram& other) {
    for (size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    sum += other.sum;
  }
};

}  // namespace sequitur::metrics
