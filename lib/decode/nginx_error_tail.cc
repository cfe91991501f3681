#include "decode/nginx_error_tail.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "decode/log_text.h"

namespace sequitur::decode {
namespace {

constexpr size_t kNone = absl::string_view::npos;
constexpr absl::string_view kClient = ", client: ";
constexpr absl::string_view kServer = ", server: ";
constexpr absl::string_view kRequest = ", request: \"";

// nginx cuts entries at 2048 bytes; near that the genuine tail may be lost and
// a forged one be the only one left.
constexpr size_t kCutSize = 1900;

struct Tail {
  size_t begin = 0;  // of ", client: "
  absl::string_view client;
  absl::string_view server;
  absl::string_view rest;  // from behind the server's name
};

bool IsAddressText(absl::string_view text) {
  return IsIpAddress(text) || absl::StartsWith(text, "unix:");
}

// The tail whose ", client: " is at `begin`; false when it is not of nginx's
// making: an address, perhaps a server's name without blanks or quotes, and
// then the request, another of the tail's fields or the end.
bool ReadTail(absl::string_view text, size_t begin, Tail* tail) {
  tail->begin = begin;
  absl::string_view rest = text.substr(begin + kClient.size());
  tail->client = rest.substr(0, rest.find_first_of(", \""));
  rest.remove_prefix(tail->client.size());
  if (!IsAddressText(tail->client)) return false;
  tail->server = {};
  if (absl::ConsumePrefix(&rest, kServer)) {
    tail->server = rest.substr(0, rest.find_first_of(", \""));
    rest.remove_prefix(tail->server.size());
  }
  tail->rest = rest;
  return rest.empty() || absl::StartsWith(rest, kRequest) ||
         absl::StartsWith(rest, ", upstream: \"") || absl::StartsWith(rest, ", host: \"") ||
         absl::StartsWith(rest, ", bytes ");
}

// " failed (2: No such file or directory)", which may end the message or go on
// " while reading upstream".
bool IsFailure(absl::string_view ending) {
  if (!absl::ConsumePrefix(&ending, " failed (")) return false;
  size_t digits = 0;
  while (digits < ending.size() && absl::ascii_isdigit(ending[digits])) ++digits;
  return digits > 0 && absl::StartsWith(ending.substr(digits), ": ") && ending.find(')') != kNone;
}

// True when a message that begins as `message` does may end in `ending`, the
// text behind its last quote.
bool IsPlausibleEnd(absl::string_view message, absl::string_view ending, EntryPart part) {
  if (part == EntryPart::kContinuation) {
    return absl::StartsWith(ending, " while ") || IsFailure(ending);
  }
  const absl::string_view opening = message.substr(0, message.find('"'));
  if (absl::EndsWith(opening, "() ")) return IsFailure(ending);
  if (opening == "user ") {
    return ending == ": password mismatch" ||
           (ending.empty() && absl::StrContains(message, "\" was not found in \""));
  }
  if (opening.empty() && ending.empty()) return absl::StrContains(message, " match");
  if (opening.empty() || opening == "directory index of ") return absl::StartsWith(ending, " is ");
  if (absl::StartsWith(opening, "rewritten ")) return ending.empty();
  if (absl::EndsWith(opening, ": ")) {
    // `FastCGI sent in stderr: "..." while reading ...`, `client sent invalid
    // header line: "..." while reading ...`.
    return absl::StartsWith(ending, " while ");
  }
  return true;
}

// Messages whose quoted words are the site's, not a client's.
bool QuotesConfigurationOnly(absl::string_view message) {
  return absl::StartsWith(message, "limiting ") || absl::StartsWith(message, "delaying ");
}

bool IsPlausible(absl::string_view text, const Tail& tail, EntryPart part) {
  const absl::string_view message = text.substr(0, tail.begin);
  const size_t quote = message.rfind('"');
  if (quote == kNone) return part == EntryPart::kWhole;
  return IsPlausibleEnd(message, message.substr(quote + 1), part);
}

// True for `, name: "` with a name that may follow the request.
bool IsNextField(absl::string_view text) {
  return absl::StartsWith(text, ", upstream: \"") || absl::StartsWith(text, ", host: \"") ||
         absl::StartsWith(text, ", subrequest: \"") || absl::StartsWith(text, ", referrer: \"");
}

// Length of the request line in `text`, which begins with it: up to the first
// quote behind which only nginx's next field or the end may stand. Client text
// can fake that; it then only cuts the client's own request short.
size_t RequestSize(absl::string_view text) {
  for (size_t at = text.find('"'); at != kNone; at = text.find('"', at + 1)) {
    const absl::string_view behind = text.substr(at + 1);
    if (behind.empty() || IsNextField(behind)) return at;
  }
  return text.size();
}

// The value of `name` when the text has exactly one field of that name: a
// second one would be a client's.
absl::string_view OnlyField(absl::string_view text, absl::string_view name) {
  const size_t at = text.find(name);
  if (at == kNone || text.find(name, at + 1) != kNone) return {};
  const absl::string_view value = text.substr(at + name.size());
  return value.substr(0, value.find('"'));
}

void ReadFields(absl::string_view rest, NginxErrorTail* out) {
  if (absl::ConsumePrefix(&rest, kRequest)) {
    out->request = rest.substr(0, RequestSize(rest));
  }
  out->upstream = OnlyField(rest, ", upstream: \"");
  out->host = OnlyField(rest, ", host: \"");
  out->referrer = OnlyField(rest, ", referrer: \"");
}

}  // namespace

NginxErrorTail FindNginxErrorTail(absl::string_view text, EntryPart part) {
  NginxErrorTail out;
  out.message = text;
  Tail tail, believed;
  size_t seen = 0, plausible = 0;
  for (size_t at = text.find(kClient); at != kNone; at = text.find(kClient, at + 1)) {
    if (++seen > NginxErrorTail::kMaxTails) break;
    if (!ReadTail(text, at, &tail) || !IsPlausible(text, tail, part)) continue;
    if (plausible++ == 0) believed = tail;
    const absl::string_view before = text.substr(0, at);
    const bool no_client_text =
        part == EntryPart::kWhole && (QuotesConfigurationOnly(before) || before.find('"') == kNone);
    if (no_client_text) break;
  }
  out.ambiguous = plausible > 1 || seen > NginxErrorTail::kMaxTails;
  if (plausible == 0 || out.ambiguous) return out;
  out.message = text.substr(0, believed.begin);
  const bool cut = text.size() > kCutSize && !absl::EndsWith(text, "\"");
  if (cut && out.message.find('"') != kNone) return out;
  out.client = believed.client;
  out.server = believed.server;
  ReadFields(believed.rest, &out);
  return out;
}

}  // namespace sequitur::decode
