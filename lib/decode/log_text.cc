#include "decode/log_text.h"

#include <arpa/inet.h>

#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "decode/byte_search.h"
#include "event/ip_address.h"
#include "event/value.h"

namespace sequitur::decode {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Value of `digits` hex digits at `at`, or -1.
int HexNumber(absl::string_view text, size_t at, size_t digits) {
  if (text.size() < at + digits) return -1;
  int value = 0;
  for (size_t i = at; i < at + digits; ++i) {
    const int digit = HexDigit(text[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

char* PutUtf8(char* to, int code) {
  if (code < 0x80) {
    *to++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *to++ = static_cast<char>(0xC0 | (code >> 6));
    *to++ = static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *to++ = static_cast<char>(0xE0 | (code >> 12));
    *to++ = static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *to++ = static_cast<char>(0x80 | (code & 0x3F));
  }
  return to;
}

// The byte that a one-letter escape stands for, or -1.
int SimpleEscape(char letter) {
  constexpr absl::string_view kLetters = "\"\\/bfnrtv";
  constexpr absl::string_view kBytes = "\"\\/\b\f\n\r\t\v";
  const size_t at = kLetters.find(letter);
  return at == absl::string_view::npos ? -1 : kBytes[at];
}

// Decodes the escape at text[at], a backslash, to `*to`. Returns its length, or
// 0 when it is none.
size_t TakeEscape(absl::string_view text, size_t at, char** to) {
  if (at + 1 >= text.size()) return 0;
  const char letter = text[at + 1];
  if (letter == 'x') {
    const int byte = HexNumber(text, at + 2, 2);
    if (byte < 0) return 0;
    *(*to)++ = static_cast<char>(byte);
    return 4;
  }
  if (letter == 'u') {
    const int code = HexNumber(text, at + 2, 4);
    if (code < 0) return 0;
    *to = PutUtf8(*to, code);
    return 6;
  }
  const int byte = SimpleEscape(letter);
  if (byte < 0) return 0;
  *(*to)++ = static_cast<char>(byte);
  return 2;
}

// inet_pton wants a terminated string; the longest address has 45 characters.
bool ParseV6(absl::string_view text, in6_addr* out) {
  char buffer[46];
  if (text.size() >= sizeof(buffer)) return false;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  // A NUL inside would end the text early and let the rest pass unseen.
  if (std::memchr(buffer, '\0', text.size()) != nullptr) return false;
  return inet_pton(AF_INET6, buffer, out) == 1;
}

bool IsPrivateV4(uint32_t address) {
  return address >> 24 == 10 || address >> 24 == 127 || address >> 20 == 0xAC1 ||
         address >> 16 == 0xC0A8 || address >> 16 == 0xA9FE;
}

absl::string_view WithoutZone(absl::string_view address) {
  return address.substr(0, address.find('%'));
}

}  // namespace

absl::string_view DecodeLogEscapes(absl::string_view text, Arena& arena) {
  const size_t first = FindByte(text, '\\');
  if (first == absl::string_view::npos) return text;
  char* const out = arena.Allocate<char>(text.size());
  std::memcpy(out, text.data(), first);
  char* to = out + first;
  for (size_t i = first; i < text.size();) {
    const size_t taken = text[i] == '\\' ? TakeEscape(text, i, &to) : 0;
    if (taken == 0) *to++ = text[i];
    i += taken == 0 ? 1 : taken;
  }
  return {out, static_cast<size_t>(to - out)};
}

absl::string_view DecodePercent(absl::string_view text, Arena& arena) {
  const size_t first = FindByte(text, '%');
  if (first == absl::string_view::npos) return text;
  char* const out = arena.Allocate<char>(text.size());
  std::memcpy(out, text.data(), first);
  char* to = out + first;
  for (size_t i = first; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? HexNumber(text, i + 1, 2) : -1;
    *to++ = byte < 0 ? text[i] : static_cast<char>(byte);
    if (byte >= 0) i += 2;
  }
  return {out, static_cast<size_t>(to - out)};
}

size_t FindClosingQuote(absl::string_view text, size_t from) {
  for (size_t at = FindByte(text, '"', from); at != absl::string_view::npos;
       at = FindByte(text, '"', from)) {
    size_t slashes = 0;
    while (at - slashes > from && text[at - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0) return at;
    from = at + 1;
  }
  return absl::string_view::npos;
}

bool IsIpAddress(absl::string_view text) {
  if (text.empty() || HexDigit(text.front()) < 0) {
    if (!absl::StartsWith(text, "::")) return false;
  }
  in6_addr v6;
  if (FindByte(text, ':') != absl::string_view::npos) {
    return ParseV6(WithoutZone(text), &v6);
  }
  return event::ParseIpv4(text).has_value();
}

bool IsPublicAddress(absl::string_view address) {
  if (const auto v4 = event::ParseIpv4(address)) return !IsPrivateV4(*v4);
  in6_addr v6;
  if (!ParseV6(WithoutZone(address), &v6)) return false;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    uint32_t mapped;
    std::memcpy(&mapped, v6.s6_addr + 12, sizeof(mapped));
    return !IsPrivateV4(ntohl(mapped));
  }
  return !IN6_IS_ADDR_LOOPBACK(&v6) && !IN6_IS_ADDR_UNSPECIFIED(&v6) &&
         !IN6_IS_ADDR_LINKLOCAL(&v6) && (v6.s6_addr[0] & 0xFE) != 0xFC;
}

HostPort SplitHostPort(absl::string_view text, ColonRule rule) {
  const size_t colon = text.rfind(':');
  if (!text.empty() && text.front() == '[') {
    const size_t close = text.find(']');
    if (close == absl::string_view::npos) return {text, std::nullopt};
    const bool has_port = close + 1 == colon;
    return {text.substr(1, close - 1),
            has_port ? ParseCount(text.substr(colon + 1)) : std::nullopt};
  }
  const bool one_colon = colon != absl::string_view::npos && text.find(':') == colon;
  if (!one_colon && (colon == absl::string_view::npos || rule == ColonRule::kBracketed)) {
    return {text, std::nullopt};
  }
  const auto port = ParseCount(text.substr(colon + 1));
  if (!port) return {text, std::nullopt};
  return {text.substr(0, colon), port};
}

void ForEachListed(absl::string_view list, absl::FunctionRef<void(absl::string_view)> each) {
  const auto separates = [](char c) { return c == ',' || c == ' ' || c == '"'; };
  for (size_t at = 0; at < list.size();) {
    size_t end = at;
    while (end < list.size() && !separates(list[end])) ++end;
    const absl::string_view element = list.substr(at, end - at);
    if (!IsUnset(element)) each(element);
    at = end + 1;
  }
}

}  // namespace sequitur::decode
