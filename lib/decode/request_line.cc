#include "decode/request_line.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "decode/byte_search.h"
#include "decode/log_text.h"

namespace sequitur::decode {
namespace {

namespace field = event::field;
using event::Event;

constexpr size_t kNone = absl::string_view::npos;

// RFC 9110's token: what a method is made of.
bool IsToken(absl::string_view text) {
  constexpr absl::string_view kMarks = "!#$%&'*+-.^_`|~";
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) && kMarks.find(c) == kNone) return false;
  }
  return !text.empty();
}

absl::string_view Trim(absl::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "HTTP/1.1" -> "1.1", else empty.
absl::string_view Version(absl::string_view word) {
  constexpr absl::string_view kPrefix = "HTTP/";
  if (word.size() <= kPrefix.size() || !absl::StartsWith(word, kPrefix)) return {};
  const absl::string_view version = word.substr(kPrefix.size());
  return absl::ascii_isdigit(version.front()) ? version : absl::string_view();
}

// Length of "scheme" in "scheme://...", or 0.
size_t SchemeSize(absl::string_view target) {
  size_t at = 0;
  while (at < target.size() && absl::ascii_isalpha(target[at])) ++at;
  return at > 0 && absl::StartsWith(target.substr(at), "://") ? at : 0;
}

void SetAuthority(absl::string_view authority, RequestTarget* parts) {
  const size_t at = authority.rfind('@');
  if (at != kNone) authority.remove_prefix(at + 1);
  const HostPort host = SplitHostPort(authority);
  parts->domain = host.host;
  parts->port = host.port;
}

absl::string_view Extension(absl::string_view path) {
  size_t at = path.size();
  while (at > 0 && path[at - 1] != '/' && path[at - 1] != '.') --at;
  return at > 0 && path[at - 1] == '.' ? path.substr(at) : absl::string_view();
}

}  // namespace

RequestLine ParseRequestLine(absl::string_view text) {
  if (IsUnset(text)) return {};
  RequestLine request;
  const size_t first = FindByte(text, ' ');
  if (!IsToken(text.substr(0, first))) {
    request.target = text;
    return request;
  }
  request.method = text.substr(0, first);
  if (first == kNone) return request;
  const size_t last = text.rfind(' ');
  request.version = Version(text.substr(last + 1));
  const size_t end = request.version.empty() ? text.size() : last;
  request.target = end > first ? Trim(text.substr(first + 1, end - first - 1)) : "";
  return request;
}

RequestTarget SplitTarget(absl::string_view method, absl::string_view target) {
  RequestTarget parts;
  const size_t scheme = SchemeSize(target);
  if (scheme > 0) {
    parts.scheme = target.substr(0, scheme);
    target.remove_prefix(scheme + 3);
    const size_t end = std::min(target.find_first_of("/?"), target.size());
    SetAuthority(target.substr(0, end), &parts);
    target.remove_prefix(end);
  } else if (method == "CONNECT" && target.find('/') == kNone) {
    SetAuthority(target, &parts);
    return parts;
  }
  const size_t mark = FindByte(target, '?');
  parts.path = target.substr(0, mark);
  if (mark != kNone) parts.query = target.substr(mark + 1);
  return parts;
}

void SetUrlParts(const RequestTarget& parts, Event& event) {
  event.SetString(field::kUrlScheme, parts.scheme);
  event.SetString(field::kUrlDomain, parts.domain);
  if (parts.port) event.SetInt(field::kUrlPort, *parts.port);
  if (event.Wants(field::kUrlPath)) {
    event.SetString(field::kUrlPath, DecodePercent(parts.path, event.arena()));
  }
  if (event.Wants(field::kUrlQuery)) {
    event.SetString(field::kUrlQuery, DecodePercent(parts.query, event.arena()));
  }
  if (event.Wants(field::kUrlExtension)) {
    event.SetString(field::kUrlExtension, DecodePercent(Extension(parts.path), event.arena()));
  }
}

void SetRequest(const RequestLine& request, Event& event) {
  event.SetString(field::kHttpRequestMethod, request.method);
  event.SetString(field::kHttpVersion, request.version);
  event.SetString(field::kUrlOriginal, request.target);
  SetUrlParts(SplitTarget(request.method, request.target), event);
}

}  // namespace sequitur::decode
