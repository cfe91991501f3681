#pragma once

// FindByte: string_view::find for one character, without a call. Lines are short
// and are searched two dozen times each.

#include <cstddef>

#include "absl/strings/string_view.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sequitur::decode {

// The first `c` in `text` from `at` on; npos if none.
inline size_t FindByte(absl::string_view text, char c, size_t at = 0) {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi8(c);
  const auto found_at = [&](size_t block) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + block));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)));
  };
  for (; at + 16 <= text.size(); at += 16) {
    const unsigned found = found_at(at);
    if (found != 0) return at + static_cast<size_t>(__builtin_ctz(found));
  }
  if (text.size() >= 16) {  // the last block again, from where it is new
    if (at >= text.size()) return absl::string_view::npos;
    const size_t last = text.size() - 16;
    const unsigned found = found_at(last) >> (at - last);
    return found == 0 ? absl::string_view::npos : at + static_cast<size_t>(__builtin_ctz(found));
  }
#endif
  for (; at < text.size(); ++at) {
    if (text.data()[at] == c) return at;
  }
  return absl::string_view::npos;
}

}  // namespace sequitur::decode
