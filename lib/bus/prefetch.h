#pragma once

// Prefetch asks for bytes that will soon be read: a record was received by another
// core and comes from memory. To be of use it has to be called early, before the
// record that comes first is worked.
//
// Bounds:   the first kMaxPrefetch bytes.
// Threads:  pure; a hint.

#include <algorithm>
#include <cstddef>

#include "absl/strings/string_view.h"

namespace sequitur::bus {

inline constexpr size_t kMaxPrefetch = 4096;

inline void Prefetch(absl::string_view bytes) {
  constexpr size_t kLine = 64;
  const size_t size = std::min(bytes.size(), kMaxPrefetch);
  for (size_t at = 0; at < size; at += kLine) __builtin_prefetch(bytes.data() + at);
}

}  // namespace sequitur::bus
