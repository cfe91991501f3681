#pragma once

// IpAddress and CidrBlock: addresses as numbers, so that one spelling of an
// address equals another. cidrMatch, the direction enrichment and the host
// table all judge addresses through these two.
//
// An IPv4 address mapped into IPv6 (::ffff:0:0/96) is the IPv4 address: it is
// unmapped when parsed. The other ways to carry IPv4 in IPv6 (NAT64, 6to4) are
// routes and not spellings, and are unmapped only on request (EmbeddedV4).
//
// Bounds:   a few dozen bytes of text are looked at, whatever is passed.
// Threads:  values.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"

namespace sequitur::event {

// Dotted quad: four decimal numbers, no leading zeros.
std::optional<uint32_t> ParseIpv4(absl::string_view text);

class IpAddress {
 public:
  // The longest canonical text: eight groups of four digits.
  static constexpr size_t kMaxText = 39;
  using TextBuffer = std::array<char, kMaxText>;

  // 0.0.0.0
  constexpr IpAddress() = default;
  static constexpr IpAddress V4(uint32_t bits) { return IpAddress(bits, /*v4=*/true); }
  // A v4-mapped value becomes the IPv4 address.
  static IpAddress V6(absl::uint128 bits);

  // Dotted quad (four decimal numbers, no leading zeros) or IPv6 in any
  // spelling of RFC 4291; a zone ("%en0") is dropped. Nothing else: no port, no
  // brackets, no blanks, no prefix.
  static std::optional<IpAddress> Parse(absl::string_view text);

  bool is_v4() const { return v4_; }
  int width() const { return v4_ ? 32 : 128; }
  // An IPv4 address is in the low 32 bits.
  absl::uint128 bits() const { return bits_; }

  // The IPv4 address behind a NAT64 (64:ff9b::/96) or 6to4 (2002::/16) one;
  // any other address is returned as it is.
  IpAddress EmbeddedV4() const;

  bool IsLoopback() const;
  bool IsLinkLocal() const;
  bool IsUnspecified() const { return bits_ == 0; }
  bool IsMulticast() const;
  // The limited broadcast address 255.255.255.255.
  bool IsBroadcast() const;
  // For use within a site: RFC 1918, 100.64.0.0/10, fc00::/7.
  bool IsPrivate() const;

  // RFC 5952, lower case, shortened; the view is into `buffer`.
  absl::string_view Format(TextBuffer& buffer) const;
  std::string ToString() const;

  friend bool operator==(const IpAddress& a, const IpAddress& b) {
    return a.bits_ == b.bits_ && a.v4_ == b.v4_;
  }
  template <typename H>
  friend H AbslHashValue(H h, const IpAddress& a) {
    return H::combine(std::move(h), absl::Uint128High64(a.bits_), absl::Uint128Low64(a.bits_),
                      a.v4_);
  }

 private:
  constexpr IpAddress(absl::uint128 bits, bool v4) : bits_(bits), v4_(v4) {}

  absl::uint128 bits_ = 0;
  bool v4_ = true;
};

class CidrBlock {
 public:
  // "10.6.48.157/8": bits behind the prefix are ignored. An address without a
  // prefix is a block of one. A block of v4-mapped addresses is an IPv4 block.
  static std::optional<CidrBlock> Parse(absl::string_view text);

  // False for an address of the other family.
  bool Contains(const IpAddress& address) const {
    return address.is_v4() == network_.is_v4() && (address.bits() & mask_) == network_.bits();
  }
  const IpAddress& network() const { return network_; }
  int prefix() const { return prefix_; }
  std::string ToString() const;

  friend bool operator==(const CidrBlock& a, const CidrBlock& b) {
    return a.network_ == b.network_ && a.prefix_ == b.prefix_;
  }

 private:
  CidrBlock(const IpAddress& address, int prefix);

  IpAddress network_;
  absl::uint128 mask_;
  int prefix_;
};

}  // namespace sequitur::event
