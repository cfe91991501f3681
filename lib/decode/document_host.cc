#include "decode/document_host.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "decode/byte_search.h"

namespace sequitur::decode {
namespace {

constexpr size_t kMaxHostName = 253;

bool IsIpv4(absl::string_view text) {
  int parts = 0;
  while (true) {
    size_t digits = 0;
    while (digits < text.size() && absl::ascii_isdigit(text[digits])) ++digits;
    if (digits == 0 || digits > 3) return false;
    text.remove_prefix(digits);
    if (++parts == 4) return text.empty();
    if (text.empty() || text.front() != '.') return false;
    text.remove_prefix(1);
  }
}

// A host name holds no colon, so one with two is an IPv6 address or nothing;
// one with a single colon is a name or address with a port.
bool HoldsColon(absl::string_view text) { return FindByte(text, ':') != text.npos; }

}  // namespace

bool IsUuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !absl::ascii_isxdigit(text[i])) return false;
  }
  return true;
}

bool IsHostName(absl::string_view text) {
  if (text.empty() || text.size() > kMaxHostName || text == "-") return false;
  if (IsIpv4(text) || HoldsColon(text)) return false;
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return absl::ascii_isspace(c) || absl::ascii_iscntrl(c); });
}

void ClaimName(absl::string_view text, event::HostClaim& claim) {
  if (claim.name.empty() && IsHostName(text)) claim.name = text;
}

void ClaimIdentifier(absl::string_view text, event::HostClaim& claim) {
  if (!IsUuid(text)) return ClaimName(text, claim);
  if (claim.id.empty()) claim.id = text;
}

}  // namespace sequitur::decode
