// Numbers and short texts go, eight bytes at a time, through the finaliser of
// splitmix64, a bijection whose every output bit depends on every input bit. Long
// texts are first folded, sixteen bytes at a time, by a multiplication.

#include "decode/fact_identity.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/numeric/int128.h"

namespace sequitur::decode {
namespace {

constexpr uint64_t Scramble(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Little-endian whatever the machine, so that the value is the same everywhere.
uint64_t LoadWord(absl::string_view bytes) {
  if (std::endian::native == std::endian::little && bytes.size() == sizeof(uint64_t)) {
    uint64_t whole = 0;
    std::memcpy(&whole, bytes.data(), sizeof whole);
    return whole;
  }
  uint64_t word = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    word |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return word;
}

uint64_t Fold(uint64_t a, uint64_t b) {
  const absl::uint128 product = absl::uint128(a) * b;
  return absl::Uint128High64(product) ^ absl::Uint128Low64(product);
}

constexpr size_t kStep = 16;

// REQUIRES: more than kStep bytes.
uint64_t FoldText(absl::string_view text) {
  uint64_t state = 0x9e3779b97f4a7c15;
  const auto add = [&state](const char* step) {
    state = Fold(LoadWord({step, 8}) ^ state, LoadWord({step + 8, 8}) ^ 0xbf58476d1ce4e5b9);
  };
  const char* const last = text.data() + (text.size() - kStep);
  for (const char* step = text.data(); step < last; step += kStep) add(step);
  add(last);
  return state;
}

}  // namespace

void FactIdentity::Mix(uint64_t word) { state_ = Scramble((state_ ^ word) + 0x9e3779b97f4a7c15); }

FactIdentity& FactIdentity::Add(absl::string_view text) {
  Mix(text.size());
  if (text.size() > kStep) {
    Mix(FoldText(text));
    return *this;
  }
  while (!text.empty()) {
    const size_t size = std::min<size_t>(8, text.size());
    Mix(LoadWord(text.substr(0, size)));
    text.remove_prefix(size);
  }
  return *this;
}

FactIdentity& FactIdentity::Add(int64_t i) {
  Mix(static_cast<uint64_t>(i));
  return *this;
}

uint64_t FactIdentity::value() const { return state_ == 0 ? 1 : state_; }

}  // namespace sequitur::decode
