#pragma once

// The searches that reading JSON fast comes down to, with SSE2 where there
// is one (every x86-64) and byte by byte elsewhere.

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sequitur::decode {

// The first quote, backslash or control character from `p` on; `end` if none.
inline const char* FindStringEnd(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1f);
  for (; p + 16 <= end; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i found =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
    const int mask = _mm_movemask_epi8(found);
    if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  for (; p < end; ++p) {
    if (*p == '"' || *p == '\\' || static_cast<unsigned char>(*p) < 0x20) return p;
  }
  return end;
}

// What CopyToStringEnd may write beyond what it copies.
inline constexpr int kStringBlock = 16;

// Copies up to there, and moves `out` behind the copy.
inline const char* CopyToStringEnd(const char* p, const char* end, char*& out) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1f);
  for (; p + 16 <= end; p += 16, out += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    const __m128i found =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
    const int mask = _mm_movemask_epi8(found);
    if (mask == 0) continue;
    const int before = __builtin_ctz(static_cast<unsigned>(mask));
    out += before;
    return p + before;
  }
#endif
  for (; p < end; ++p, ++out) {
    if (*p == '"' || *p == '\\' || static_cast<unsigned char>(*p) < 0x20) return p;
    *out = *p;
  }
  return end;
}

// Sixty-four bytes as bits: where quotes, backslashes and brackets stand.
struct JsonBlock {
  static constexpr int kBytes = 64;

  uint64_t quotes = 0;
  uint64_t backslashes = 0;
  uint64_t opening = 0;  // { and [
  uint64_t closing = 0;  // } and ]

  explicit JsonBlock(const char* p) {
#if defined(__SSE2__)
    // [ and ] become { and } with the bit that tells letters' case apart.
    const __m128i fold = _mm_set1_epi8(0x20);
    const auto where = [](__m128i bytes, char c) {
      const __m128i equal = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
      return static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(equal)));
    };
    for (int at = 0; at < kBytes; at += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + at));
      const __m128i folded = _mm_or_si128(bytes, fold);
      quotes |= where(bytes, '"') << at;
      backslashes |= where(bytes, '\\') << at;
      opening |= where(folded, '{') << at;
      closing |= where(folded, '}') << at;
    }
#else
    for (int at = 0; at < kBytes; ++at) {
      const uint64_t bit = uint64_t{1} << at;
      if (p[at] == '"') quotes |= bit;
      if (p[at] == '\\') backslashes |= bit;
      if (p[at] == '{' || p[at] == '[') opening |= bit;
      if (p[at] == '}' || p[at] == ']') closing |= bit;
    }
#endif
  }
};

// Bits of the characters that a backslash makes plain. `carried` (0 or 1): the
// first one is, by the block before; then: the next block's first one.
inline uint64_t EscapedBits(uint64_t backslashes, uint64_t& carried) {
  if (backslashes == 0) {
    const uint64_t escaped = carried;
    carried = 0;
    return escaped;
  }
  uint64_t escaped = carried;
  carried = 0;
  for (uint64_t left = backslashes & ~escaped; left != 0;) {
    const int at = __builtin_ctzll(left);
    left &= left - 1;
    if (at == 63) {
      carried = 1;
      break;
    }
    const uint64_t next = uint64_t{1} << (at + 1);
    escaped |= next;
    left &= ~next;  // itself escaped, it escapes nothing
  }
  return escaped;
}

// From each bit on, whether an odd number of bits are set: inside a string, from
// the opening quote to before the closing one.
inline uint64_t PrefixXor(uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

}  // namespace sequitur::decode
