#include "decode/access_line.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "decode/log_text.h"
#include "decode/log_time.h"
#include "decode/request_line.h"

namespace sequitur::decode {
namespace {

namespace field = event::field;
using event::Event;
using event::FieldId;
using event::Value;
using enum AccessField;

// Of a longer list the last element is kept, since that is the peer's.
constexpr size_t kMaxListed = 16;

// Reads the line's texts as values of the event.
class AccessWriter {
 public:
  AccessWriter(const AccessLine& line, const AccessOrigin& origin, Event& event)
      : line_(line), origin_(origin), event_(event) {}

  bool SetTimes() {
    event::TimeNs start = line_.start;
    event::TimeNs end = line_.end;
    if (line_.duration) {
      if (start == event::kNoTime && end != event::kNoTime) start = end - *line_.duration;
      if (end == event::kNoTime && start != event::kNoTime) end = start + *line_.duration;
    }
    event_.time = start != event::kNoTime ? start : end;
    if (event_.time == event::kNoTime) return false;
    SetTime(field::kTimestamp, event_.time);
    SetTime(field::kEventStart, start);
    SetTime(field::kEventEnd, end);
    if (line_.duration) event_.SetInt(field::kEventDuration, *line_.duration);
    return true;
  }

  bool SetStatus() {
    const auto status = ParseCount(line_[kStatus]);
    if (!status) {
      // ssl_request_log has no status; one that is there must be a number.
      event_.SetString(field::kEventOutcome, "unknown");
      return IsUnset(line_[kStatus]);
    }
    event_.SetInt(field::kHttpResponseStatusCode, *status);
    event_.SetString(field::kEventOutcome, *status >= 400 ? "failure" : "success");
    return true;
  }

  void SetKind() {
    event_.SetString(field::kEventKind, "event");
    event_.SetString(field::kEventCategory, "web");
    event_.SetString(field::kEventType, "access");
    event_.SetString(field::kEventAction, "http_request");
    event_.SetString(field::kEventModule, origin_.module);
    event_.SetString(field::kEventDataset, origin_.dataset);
    event_.SetString(field::kSequiturSource, SourceKindName(origin_.kind));
  }

  void SetClient();
  void SetServer();
  void SetRequestAndUrl();
  void SetSizes();
  void SetIds();
  void SetUpstream();
  void SetTls();
  void SetTexts() {
    // httpd writes an empty name as two quotes.
    if (line_[kUser] != "\"\"") SetText(field::kUserName, kUser);
    SetText(field::kHttpRequestReferrer, kReferrer);
    SetText(field::kUserAgentOriginal, kAgent);
  }

 private:
  absl::string_view Plain(AccessField f) {
    const absl::string_view text = line_[f];
    return origin_.escaping == AccessOrigin::Escaping::kPlain
               ? text
               : DecodeLogEscapes(text, event_.arena());
  }
  void SetText(FieldId id, AccessField f) {
    if (IsUnset(line_[f]) || !event_.Wants(id)) return;
    event_.SetString(id, Plain(f));
  }
  void SetCount(FieldId id, AccessField f) {
    if (const auto count = ParseCount(line_[f])) event_.SetInt(id, *count);
  }
  void SetTime(FieldId id, event::TimeNs time) {
    if (time == event::kNoTime || !event_.Wants(id)) return;
    event_.SetString(id, FormatTime(time, event_.arena()));
  }
  void SetUpstreamList(FieldId id, AccessField f);
  RequestLine AssembledRequest();

  const AccessLine& line_;
  const AccessOrigin& origin_;
  Event& event_;
};

absl::string_view ChooseClient(absl::Span<const Value> listed) {
  const auto is_public = [](const Value& v) { return IsPublicAddress(v.string_value()); };
  const auto is_address = [](const Value& v) { return IsIpAddress(v.string_value()); };
  if (listed.empty()) return {};
  if (listed.size() == 1) return listed[0].string_value();
  if (is_public(listed.back())) return listed.back().string_value();
  auto found = std::find_if(listed.begin(), listed.end(), is_public);
  if (found == listed.end()) found = std::find_if(listed.begin(), listed.end(), is_address);
  return (found == listed.end() ? listed.begin() : found)->string_value();
}

void AccessWriter::SetClient() {
  absl::string_view remote = line_[kRemote];
  if (IsUnset(remote)) remote = line_[kPeer];
  if (IsUnset(remote)) remote = line_[kForwarded];
  Value listed[kMaxListed];
  size_t count = 0;
  ForEachListed(remote, [&](absl::string_view element) {
    if (count < kMaxListed) ++count;
    listed[count - 1] = Value::String(element);
  });
  const absl::string_view client = ChooseClient({listed, count});
  if (client.empty()) return;
  event_.SetString(field::kSourceAddress, client);
  if (IsIpAddress(client)) {
    event_.SetString(field::kSourceIp, client);
  } else if (!absl::StartsWith(client, "unix:")) {
    event_.SetString(field::kSourceDomain, client);
  }
  SetCount(field::kSourcePort, kRemotePort);
  if (origin_.kind == SourceKind::kNginxAccess && !absl::StartsWith(client, "unix:") &&
      event_.Wants(field::kNginxAccessRemoteIpList)) {
    Value* const kept = event_.arena().Allocate<Value>(count);
    std::copy(listed, listed + count, kept);
    event_.Set(field::kNginxAccessRemoteIpList, Value::List({kept, count}));
  }
  bool forwarded = false;
  ForEachListed(line_[kForwarded], [&](absl::string_view element) {
    if (forwarded || !IsIpAddress(element)) return;
    event_.SetString(field::kNetworkForwardedIp, element);
    forwarded = true;
  });
}

void AccessWriter::SetServer() {
  // Most formats name none.
  if (line_[kHost].empty() && line_[kServerPort].empty() && line_[kServerAddress].empty()) return;
  const HostPort host = SplitHostPort(line_[kHost]);
  auto port = host.port;
  if (!port) port = ParseCount(line_[kServerPort]);
  if (port) event_.SetInt(field::kDestinationPort, *port);
  if (IsIpAddress(line_[kServerAddress])) {
    event_.SetString(field::kDestinationIp, line_[kServerAddress]);
  }
  if (IsUnset(host.host) || host.host == "_") return;
  const absl::string_view name = DecodeLogEscapes(host.host, event_.arena());
  if (IsIpAddress(name)) {
    event_.SetString(field::kDestinationIp, name);
    return;
  }
  event_.SetString(field::kUrlDomain, name);
  event_.SetString(field::kDestinationDomain, name);
}

// For formats that log the parts of the request line and not the whole.
RequestLine AccessWriter::AssembledRequest() {
  RequestLine request;
  if (!IsUnset(line_[kMethod])) request.method = Plain(kMethod);
  const absl::string_view protocol = line_[kProtocol];
  if (absl::StartsWith(protocol, "HTTP/")) request.version = protocol.substr(5);
  if (!IsUnset(line_[kTarget])) {
    request.target = Plain(kTarget);
    return request;
  }
  if (IsUnset(line_[kPath])) return request;
  const absl::string_view path = Plain(kPath);
  absl::string_view query = Plain(kQuery);
  if (IsUnset(query)) {
    request.target = path;
    return request;
  }
  absl::ConsumePrefix(&query, "?");
  char* const joined = event_.arena().Allocate<char>(path.size() + 1 + query.size());
  char* to = std::copy(path.begin(), path.end(), joined);
  *to++ = '?';
  to = std::copy(query.begin(), query.end(), to);
  request.target = {joined, static_cast<size_t>(to - joined)};
  return request;
}

void AccessWriter::SetRequestAndUrl() {
  RequestLine request =
      IsUnset(line_[kRequest]) ? RequestLine() : ParseRequestLine(Plain(kRequest));
  if (request.method.empty() || request.target.empty() || request.version.empty()) {
    const RequestLine parts = AssembledRequest();
    if (request.method.empty()) request.method = parts.method;
    if (request.target.empty()) request.target = parts.target;
    if (request.version.empty()) request.version = parts.version;
  }
  if (!IsUnset(line_[kScheme])) event_.SetString(field::kUrlScheme, line_[kScheme]);
  SetRequest(request, event_);
}

void AccessWriter::SetSizes() {
  // httpd's %b writes "-" for no bytes.
  if (line_[kBodyBytes] == "-" && origin_.kind == SourceKind::kHttpdAccess) {
    event_.SetInt(field::kHttpResponseBodyBytes, 0);
  }
  SetCount(field::kHttpResponseBodyBytes, kBodyBytes);
  SetCount(field::kHttpResponseBytes, kBytes);
  SetCount(field::kHttpRequestBytes, kRequestBytes);
}

void AccessWriter::SetIds() {
  SetText(field::kHttpRequestId, IsUnset(line_[kRequestId]) ? kLogId : kRequestId);
  SetCount(field::kProcessPid, kPid);
  SetCount(field::kProcessThreadId, kThread);
  SetCount(field::kNginxAccessConnectionId, kConnection);
}

// Lists have ", " between tries and " : " between internal redirects; "-" is
// kept, since the n-th status belongs to the n-th address.
void AccessWriter::SetUpstreamList(FieldId id, AccessField f) {
  const absl::string_view text = line_[f];
  if (IsUnset(text) || !event_.Wants(id)) return;
  size_t count = 0;
  Value listed[kMaxListed];
  for (size_t at = 0; at < text.size() && count < kMaxListed;) {
    const size_t end = std::min(text.find_first_of(", ", at), text.size());
    const absl::string_view element = text.substr(at, end - at);
    if (!element.empty() && element != ":") listed[count++] = Value::String(element);
    at = end + 1;
  }
  Value* const kept = event_.arena().Allocate<Value>(count);
  std::copy(listed, listed + count, kept);
  event_.Set(id, Value::List({kept, count}));
}

void AccessWriter::SetUpstream() {
  SetText(field::kNginxUpstreamName, kUpstreamName);
  SetUpstreamList(field::kNginxUpstreamAddress, kUpstreamAddress);
  SetUpstreamList(field::kNginxUpstreamStatus, kUpstreamStatus);
  SetUpstreamList(field::kNginxUpstreamResponseTime, kUpstreamTime);
}

// "TLSv1.2" -> protocol tls, version 1.2.
void AccessWriter::SetTls() {
  absl::string_view protocol = line_[kTlsProtocol];
  if (IsUnset(protocol)) return;
  const size_t v = protocol.find('v');
  if (v != absl::string_view::npos) {
    event_.SetString(field::kTlsVersion, protocol.substr(v + 1));
    protocol = protocol.substr(0, v);
  }
  event_.SetString(field::kTlsVersionProtocol, absl::StartsWith(protocol, "TLS") ? "tls" : "ssl");
  SetText(field::kTlsCipher, kTlsCipher);
}

}  // namespace

DecodeResult PublishAccess(const AccessLine& line, const AccessOrigin& origin,
                           const LineContext& lines, absl::string_view original, Event& event) {
  AccessWriter writer(line, origin, event);
  if (!writer.SetTimes()) return DecodeResult::kNoTimestamp;
  if (!writer.SetStatus()) return DecodeResult::kMalformedLine;
  writer.SetKind();
  writer.SetClient();
  writer.SetServer();
  writer.SetTexts();
  writer.SetRequestAndUrl();
  writer.SetSizes();
  writer.SetIds();
  writer.SetUpstream();
  writer.SetTls();
  if (line.zone_used) FlagAssumedZone(lines, event);
  event.SetString(field::kEventOriginal, original);
  return DecodeResult::kDecoded;
}

}  // namespace sequitur::decode
