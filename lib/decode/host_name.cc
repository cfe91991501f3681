#include "decode/host_name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "decode/document_host.h"
#include "event/ip_address.h"

namespace sequitur::decode {
namespace {

constexpr absl::string_view kPlaceholders[] = {
    "localhost", "localhost.localdomain", "localhost.local", "(none)", "none", "null", "unknown"};

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// "[2001:db8::1]:443" or "192.0.2.1:443" -> the part before the port.
absl::string_view WithoutPort(absl::string_view text) {
  if (text.front() == '[') {
    const size_t close = text.find(']');
    return close == text.npos ? absl::string_view() : text.substr(1, close - 1);
  }
  const size_t colon = text.rfind(':');
  if (colon == text.npos || !AllDigits(text.substr(colon + 1))) return {};
  return text.substr(0, colon);
}

}  // namespace

absl::string_view AddressOf(absl::string_view text) {
  if (text.empty() || text.size() > kMaxHostName) return {};
  if (event::IpAddress::Parse(text)) return text;
  text = WithoutPort(text);
  return event::IpAddress::Parse(text) ? text : absl::string_view();
}

bool NamesOneHost(absl::string_view text) {
  if (!IsHostName(text)) return false;
  // Without a colon, which no host name has, an address begins otherwise.
  if (!absl::ascii_isalpha(text.front()) && !AddressOf(text).empty()) return false;
  return std::none_of(
      std::begin(kPlaceholders), std::end(kPlaceholders), [&](absl::string_view placeholder) {
        return text.size() == placeholder.size() && absl::EqualsIgnoreCase(text, placeholder);
      });
}

bool LooksLikeHostName(absl::string_view text) {
  if (!NamesOneHost(text) || !absl::ascii_isalnum(text.front())) return false;
  bool letter = false;
  bool hexadecimal = true;
  for (char c : text) {
    if (!absl::ascii_isalnum(c) && c != '.' && c != '-' && c != '_') return false;
    letter = letter || absl::ascii_isalpha(c);
    hexadecimal = hexadecimal && absl::ascii_isxdigit(c);
  }
  constexpr size_t kShortestHash = 16;
  return letter && !(hexadecimal && text.size() >= kShortestHash);
}

absl::string_view HostOfKey(absl::string_view key) {
  absl::ConsumeSuffix(&key, "_osqueryd");
  return IsUuid(key) || LooksLikeHostName(key) ? key : absl::string_view();
}

absl::string_view ShortHostName(absl::string_view name) { return name.substr(0, name.find('.')); }

}  // namespace sequitur::decode
