#include "event/ip_address.h"

#include <arpa/inet.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "event/value.h"

namespace sequitur::event {
namespace {

constexpr absl::uint128 V6Bits(uint64_t high, uint64_t low = 0) {
  return absl::MakeUint128(high, low);
}

// The first `prefix` of `width` bits set.
absl::uint128 PrefixMask(int prefix, int width) {
  if (prefix == 0) return 0;
  const absl::uint128 all =
      width == 128 ? absl::Uint128Max() : absl::uint128(std::uint32_t{0xffffffff});
  return all & (all << (width - prefix));
}

bool HasPrefix(absl::uint128 bits, absl::uint128 network, int prefix, int width) {
  return (bits & PrefixMask(prefix, width)) == network;
}

bool IsMapped(absl::uint128 bits) { return (bits >> 32) == 0xffff; }

uint32_t Low32(absl::uint128 bits) { return static_cast<uint32_t>(absl::Uint128Low64(bits)); }

absl::uint128 FromBytes(const unsigned char (&bytes)[16]) {
  absl::uint128 bits = 0;
  for (const unsigned char byte : bytes) bits = bits << 8 | byte;
  return bits;
}

struct RawAddress {
  absl::uint128 bits;
  bool v4;
};

// The address as written: v4-mapped still is IPv6.
std::optional<RawAddress> ParseRaw(absl::string_view text) {
  if (absl::string_view(text.substr(0, INET6_ADDRSTRLEN)).find(':') == text.npos) {
    const auto v4 = ParseIpv4(text);
    if (!v4) return std::nullopt;
    return RawAddress{*v4, true};
  }
  const size_t zone = text.find('%');
  if (zone != text.npos) text = text.substr(0, zone);
  // inet_pton wants a terminator, and would take a NUL within the text for one.
  char terminated[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof(terminated)) return std::nullopt;
  if (std::memchr(text.data(), '\0', text.size()) != nullptr) return std::nullopt;
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';
  unsigned char bytes[16];
  if (inet_pton(AF_INET6, terminated, bytes) != 1) return std::nullopt;
  return RawAddress{FromBytes(bytes), false};
}

char* PutDecimal(unsigned value, char* out) {
  if (value >= 100) *out++ = static_cast<char>('0' + value / 100);
  if (value >= 10) *out++ = static_cast<char>('0' + value / 10 % 10);
  *out++ = static_cast<char>('0' + value % 10);
  return out;
}

char* PutHex(unsigned group, char* out) {
  int shift = 12;
  while (shift > 0 && group >> shift == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) *out++ = "0123456789abcdef"[group >> shift & 0xf];
  return out;
}

struct ZeroRun {
  int start = 8;
  int length = 0;
};

// The first longest run of two or more zero groups: what "::" stands for.
ZeroRun LongestZeroRun(const std::array<unsigned, 8>& groups) {
  ZeroRun best;
  for (int i = 0; i < 8; ++i) {
    int end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i >= 2 && end - i > best.length) best = {i, end - i};
    if (end > i) i = end;
  }
  return best;
}

char* PutV6(absl::uint128 bits, char* out) {
  std::array<unsigned, 8> groups;
  for (int i = 0; i < 8; ++i) groups[i] = Low32(bits >> (112 - 16 * i)) & 0xffff;
  const ZeroRun run = LongestZeroRun(groups);
  for (int i = 0; i < 8; ++i) {
    if (i == run.start) {
      *out++ = ':';
      *out++ = ':';
      i += run.length - 1;
      continue;
    }
    if (i > 0 && i != run.start + run.length) *out++ = ':';
    out = PutHex(groups[i], out);
  }
  return out;
}

}  // namespace

std::optional<uint32_t> ParseIpv4(absl::string_view text) {
  constexpr size_t kLongest = 15;
  if (text.size() > kLongest) return std::nullopt;
  uint32_t bits = 0;
  size_t at = 0;
  for (int parts = 1;; ++parts) {
    const size_t start = at;
    uint32_t part = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      part = part * 10 + static_cast<uint32_t>(text[at] - '0');
    }
    const size_t digits = at - start;
    if (digits == 0 || digits > 3 || part > 255 || (text[start] == '0' && digits > 1)) {
      return std::nullopt;
    }
    bits = bits << 8 | part;
    if (parts == 4) break;
    if (at == text.size() || text[at] != '.') return std::nullopt;
    ++at;
  }
  if (at != text.size()) return std::nullopt;
  return bits;
}

IpAddress IpAddress::V6(absl::uint128 bits) {
  return IsMapped(bits) ? V4(Low32(bits)) : IpAddress(bits, /*v4=*/false);
}

std::optional<IpAddress> IpAddress::Parse(absl::string_view text) {
  const auto raw = ParseRaw(text);
  if (!raw) return std::nullopt;
  return raw->v4 ? V4(Low32(raw->bits)) : V6(raw->bits);
}

IpAddress IpAddress::EmbeddedV4() const {
  if (v4_) return *this;
  if (HasPrefix(bits_, V6Bits(0x0064ff9b00000000), 96, 128)) return V4(Low32(bits_));
  if (HasPrefix(bits_, V6Bits(0x2002000000000000), 16, 128)) return V4(Low32(bits_ >> 80));
  return *this;
}

bool IpAddress::IsLoopback() const {
  return v4_ ? HasPrefix(bits_, 0x7f000000, 8, 32) : bits_ == 1;
}

bool IpAddress::IsLinkLocal() const {
  if (v4_) return HasPrefix(bits_, uint32_t{0xa9fe0000}, 16, 32);
  return HasPrefix(bits_, V6Bits(0xfe80000000000000), 10, 128);
}

bool IpAddress::IsMulticast() const {
  if (v4_) return HasPrefix(bits_, uint32_t{0xe0000000}, 4, 32);
  return HasPrefix(bits_, V6Bits(0xff00000000000000), 8, 128);
}

bool IpAddress::IsBroadcast() const { return v4_ && bits_ == uint32_t{0xffffffff}; }

bool IpAddress::IsPrivate() const {
  if (!v4_) return HasPrefix(bits_, V6Bits(0xfc00000000000000), 7, 128);
  return HasPrefix(bits_, 0x0a000000, 8, 32) || HasPrefix(bits_, uint32_t{0xac100000}, 12, 32) ||
         HasPrefix(bits_, uint32_t{0xc0a80000}, 16, 32) || HasPrefix(bits_, 0x64400000, 10, 32);
}

absl::string_view IpAddress::Format(TextBuffer& buffer) const {
  char* end = buffer.data();
  if (v4_) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      if (shift < 24) *end++ = '.';
      end = PutDecimal(Low32(bits_) >> shift & 0xff, end);
    }
  } else {
    end = PutV6(bits_, end);
  }
  return {buffer.data(), static_cast<size_t>(end - buffer.data())};
}

std::string IpAddress::ToString() const {
  TextBuffer buffer;
  return std::string(Format(buffer));
}

CidrBlock::CidrBlock(const IpAddress& address, int prefix)
    : mask_(PrefixMask(prefix, address.width())), prefix_(prefix) {
  const absl::uint128 bits = address.bits() & mask_;
  network_ = address.is_v4() ? IpAddress::V4(Low32(bits)) : IpAddress::V6(bits);
}

std::optional<CidrBlock> CidrBlock::Parse(absl::string_view text) {
  const size_t slash = text.rfind('/');
  const auto raw = ParseRaw(text.substr(0, slash));
  if (!raw) return std::nullopt;
  const int width = raw->v4 ? 32 : 128;
  int64_t prefix = width;
  if (slash != text.npos) {
    const absl::string_view digits = text.substr(slash + 1);
    if (digits.size() > 3 || !ParseInt(digits, &prefix) || prefix < 0 || prefix > width) {
      return std::nullopt;
    }
  }
  if (raw->v4) return CidrBlock(IpAddress::V4(Low32(raw->bits)), static_cast<int>(prefix));
  if (IsMapped(raw->bits) && prefix >= 96) {
    return CidrBlock(IpAddress::V4(Low32(raw->bits)), static_cast<int>(prefix - 96));
  }
  // Masked first: a mapped address in a block wider than the mapped range is
  // its block's IPv6 network.
  const absl::uint128 network = raw->bits & PrefixMask(static_cast<int>(prefix), 128);
  return CidrBlock(IpAddress::V6(network), static_cast<int>(prefix));
}

std::string CidrBlock::ToString() const { return absl::StrCat(network_.ToString(), "/", prefix_); }

}  // namespace sequitur::event
