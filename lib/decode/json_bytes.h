#pragma once

// The searches that reading JSON fast comes down to, with SSE2 and SSSE3
// where there are, and byte by byte elsewhere.

#include <array>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#if defined(__SSSE3__)
#include <tmmintrin.h>
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

#if defined(__SSSE3__)
// For every set of eight bytes: where they stand, the set ones first.
inline constexpr auto kPlacesOfBytes = [] {
  std::array<std::array<uint8_t, 8>, 256> places = {};
  for (unsigned set = 0; set < 256; ++set) {
    size_t count = 0;
    for (uint8_t at = 0; at < 8; ++at) {
      if ((set >> at & 1) != 0) places[set][count++] = at;
    }
  }
  return places;
}();

// Writes those of the eight bytes at `p` that are in the set; returns behind them.
inline char* CopyBytes(const char* p, unsigned set, char* out) {
  const auto load = [](const void* from) {
    return _mm_loadl_epi64(static_cast<const __m128i*>(from));
  };
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out),
                   _mm_shuffle_epi8(load(p), load(kPlacesOfBytes[set].data())));
  return out + __builtin_popcount(set);
}

// Of sixteen characters, those behind a backslash that is none itself. `before`
// (0 or 1): the first one is.
inline unsigned EscapedOf(unsigned backslashes, unsigned before) {
  unsigned escaped = backslashes << 1 | before;
  if ((backslashes & escaped) == 0) return escaped;
  escaped = before;
  for (unsigned rest = backslashes & ~before; rest != 0;) {
    const unsigned first = rest & -rest;
    escaped |= first << 1;
    rest &= ~(first | first << 1);
  }
  return escaped;
}
#endif

// Copies up to there, and moves `out` behind the copy. Escapes that stand for
// their own letter it may already have undone.
inline const char* CopyToStringEnd(const char* p, const char* end, char*& out) {
#if defined(__SSSE3__)
  // Without a branch for each escape, which nobody could foresee: a backslash is
  // left out, and what is behind it stays.
  const __m128i last_control = _mm_set1_epi8(0x1f);
  for (unsigned before = 0; p + 16 <= end; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto bits = [](__m128i found) { return static_cast<unsigned>(_mm_movemask_epi8(found)); };
    const auto where = [&](char c) { return bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))); };
    const unsigned quotes = where('"');
    const unsigned backslashes = where('\\');
    const unsigned controls = bits(_mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
    const unsigned escaped = EscapedOf(backslashes, before);
    const unsigned odd = escaped & ~(quotes | backslashes | where('/')) & 0xffff;
    const unsigned ends = odd | controls | (quotes & ~escaped);
    unsigned copied = ~(backslashes & ~escaped) & 0xffff;
    if (ends != 0) copied &= (ends & -ends) - 1;
    out = CopyBytes(p, copied & 0xff, out);
    out = CopyBytes(p + 8, copied >> 8, out);
    if (ends != 0) {
      const int at = __builtin_ctz(ends);
      return p + at - (odd >> at & 1);  // an odd escape begins at its backslash
    }
    before = escaped >> 16;
    if (before != 0 && p + 32 > end) return p + 15;
  }
#endif
  for (; p < end; ++p, ++out) {
    if (*p == '"' || *p == '\\' || static_cast<unsigned char>(*p) < 0x20) return p;
    *out = *p;
  }
  return end;
}

// Sixty-four bytes as bits: where quotes, backslashes and brackets stand.
class JsonBlock {
 public:
  static constexpr int kBytes = 64;

#if defined(__SSE2__)
  explicit JsonBlock(const char* p) {
    for (int i = 0; i < 4; ++i) {
      bytes_[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
    }
  }

  uint64_t quotes() const { return Where(bytes_, '"'); }
  uint64_t backslashes() const { return AnyIs(bytes_, '\\', '\\') ? Where(bytes_, '\\') : 0; }
  bool has_brackets() const {
    __m128i folded[4];
    Fold(folded);
    return AnyIs(folded, '{', '}');
  }
  // { and [
  uint64_t opening() const {
    __m128i folded[4];
    Fold(folded);
    return Where(folded, '{');
  }
  // } and ]
  uint64_t closing() const {
    __m128i folded[4];
    Fold(folded);
    return Where(folded, '}');
  }

 private:
  // [ and ] become { and } with the bit that tells letters' case apart.
  void Fold(__m128i (&folded)[4]) const {
    for (int i = 0; i < 4; ++i) folded[i] = _mm_or_si128(bytes_[i], _mm_set1_epi8(0x20));
  }
  static uint64_t Where(const __m128i (&bytes)[4], char c) {
    const __m128i wanted = _mm_set1_epi8(c);
    const auto bits = [&](int i) {
      const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes[i], wanted));
      return static_cast<uint64_t>(static_cast<uint32_t>(mask)) << (16 * i);
    };
    return bits(0) | bits(1) | bits(2) | bits(3);
  }
  static bool AnyIs(const __m128i (&bytes)[4], char a, char b) {
    __m128i found = _mm_setzero_si128();
    for (int i = 0; i < 4; ++i) {
      found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes[i], _mm_set1_epi8(a)));
      if (a != b) found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes[i], _mm_set1_epi8(b)));
    }
    return _mm_movemask_epi8(found) != 0;
  }

  __m128i bytes_[4];
#else
  explicit JsonBlock(const char* p) {
    for (int at = 0; at < kBytes; ++at) {
      const uint64_t bit = uint64_t{1} << at;
      if (p[at] == '"') quotes_ |= bit;
      if (p[at] == '\\') backslashes_ |= bit;
      if (p[at] == '{' || p[at] == '[') opening_ |= bit;
      if (p[at] == '}' || p[at] == ']') closing_ |= bit;
    }
  }

  uint64_t quotes() const { return quotes_; }
  uint64_t backslashes() const { return backslashes_; }
  bool has_brackets() const { return (opening_ | closing_) != 0; }
  uint64_t opening() const { return opening_; }
  uint64_t closing() const { return closing_; }

 private:
  uint64_t quotes_ = 0;
  uint64_t backslashes_ = 0;
  uint64_t opening_ = 0;
  uint64_t closing_ = 0;
#endif
};

// Of the characters behind runs of backslashes, those that one makes plain: after
// an odd number of them. `carried` (0 or 1): the first character is one, by the
// block before; then: the next block's first one.
inline uint64_t EscapedBits(uint64_t backslashes, uint64_t& carried) {
  constexpr uint64_t kEven = 0x5555555555555555;
  const uint64_t before = carried;
  carried = 0;
  if (backslashes == 0) return before;
  backslashes &= ~before;  // itself escaped, it escapes nothing
  // Adding a run's first bit to it leaves the one bit behind the run.
  const uint64_t starts = backslashes & ~(backslashes << 1);
  const uint64_t after_even = (backslashes + (starts & kEven)) & ~backslashes;
  uint64_t sum = 0;
  // An odd start has an odd number of places to the end of the block.
  carried = __builtin_add_overflow(backslashes, starts & ~kEven, &sum) ? 1 : 0;
  const uint64_t after_odd = sum & ~backslashes;
  return before | (after_even & ~kEven) | (after_odd & kEven);
}

// From each bit on, whether an odd number of bits are set: inside a string, from
// the opening quote to before the closing one.
inline uint64_t PrefixXor(uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// Digits from `p` on, of at most sixteen bytes.
// REQUIRES: sixteen bytes at `p`.
inline int CountDigits(const char* p) {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i values = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
  const __m128i digits = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
  return __builtin_ctz(~static_cast<unsigned>(_mm_movemask_epi8(digits)));
#else
  int count = 0;
  while (count < 16 && p[count] >= '0' && p[count] <= '9') ++count;
  return count;
#endif
}

// The number that `count` digits at `p` make.
// REQUIRES: sixteen bytes at `p`; 0 < count < 16.
inline int64_t DigitsToInt(const char* p, int count) {
#if defined(__SSE2__)  // and little-endian
  // Eight digits at once, the first in the lowest byte: pairs, then fours.
  const auto eight = [](uint64_t digits) {
    digits = (digits & 0x0f0f0f0f0f0f0f0f) * (1 + (10 << 8)) >> 8;
    digits = (digits & 0x00ff00ff00ff00ff) * (1 + (100 << 16)) >> 16;
    return (digits & 0x0000ffff0000ffff) * (1 + (uint64_t{10'000} << 32)) >> 32;
  };
  const auto load = [](const char* from) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, from, sizeof bytes);
    return bytes;
  };
  // What is shifted in are leading zeros.
  if (count <= 8) return static_cast<int64_t>(eight(load(p) << (64 - 8 * count)));
  constexpr uint64_t kPowers[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000};
  const int behind = count - 8;
  return static_cast<int64_t>(eight(load(p)) * kPowers[behind] +
                              eight(load(p + 8) << (64 - 8 * behind)));
#else
  int64_t number = 0;
  for (int i = 0; i < count; ++i) number = number * 10 + (p[i] - '0');
  return number;
#endif
}

}  // namespace sequitur::decode
