#pragma once

// What the fields of text logs have in common: escapes, addresses, lists and
// percent-encoding. Everything is a view; what must be rewritten goes into the
// arena, and only when there is something to rewrite.
//
// Bounds:   linear in the text.
// Threads:  none needed; pure.

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "base/arena.h"
#include "event/value.h"

namespace sequitur::decode {

// Undoes what the access and error logs do to bytes they will not print.
// nginx writes \xHH only (escape=default) or JSON's escapes (escape=json);
// httpd writes \" \\ \b \n \r \t \v and \xhh. Each writes a backslash of the
// text itself as an escape too, so the three never mean different things by
// the same bytes and one rule reads them all. An unknown escape stays as it is.
absl::string_view DecodeLogEscapes(absl::string_view text, Arena& arena);

// %HH -> byte, once; a '%' without two hex digits stays.
absl::string_view DecodePercent(absl::string_view text, Arena& arena);

// Position of the '"' that closes a quoted field beginning at `from` (behind
// the opening quote): the first with an even number of backslashes before it;
// npos when there is none.
size_t FindClosingQuote(absl::string_view text, size_t from);

// Empty and "-" are how logs say that there is no value.
constexpr bool IsUnset(absl::string_view text) { return text.empty() || text == "-"; }

// Nothing but blanks and line ends.
constexpr bool IsBlank(absl::string_view text) {
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return false;
  }
  return true;
}

// IPv4 or IPv6, no port, no brackets; a zone ("%en0") is allowed.
bool IsIpAddress(absl::string_view text);
// Of an address: not private (RFC 1918, RFC 4193), loopback or link-local.
bool IsPublicAddress(absl::string_view address);

// "name:80", "[2001:db8::1]:80", "192.0.2.1:80"; also IPv6 and port without
// brackets ("2001:db8::1:51234", httpd's error log) when `last_colon` is set,
// where the last colon is always the port's.
struct HostPort {
  absl::string_view host;  // without brackets
  std::optional<int64_t> port;
};
enum class ColonRule { kBracketed, kLastIsPort };
HostPort SplitHostPort(absl::string_view text, ColonRule rule = ColonRule::kBracketed);

// Calls `each` for the elements of a list of addresses as proxies write it:
// separated by commas, blanks and quotes in any mixture; "-" is skipped.
void ForEachListed(absl::string_view list, absl::FunctionRef<void(absl::string_view)> each);

// Digits only, within int64.
inline std::optional<int64_t> ParseCount(absl::string_view text) {
  int64_t value = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  if (!event::ParseInt(text, &value)) return std::nullopt;
  return value;
}

}  // namespace sequitur::decode
