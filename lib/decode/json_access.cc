#include "decode/json_access.h"

#include <cmath>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "decode/log_text.h"
#include "decode/log_time.h"
#include "decode/request_line.h"

namespace sequitur::decode {
namespace {

using enum AccessField;
using event::TimeNs;
using event::Value;

struct NamedKey {
  absl::string_view name;
  AccessField field;
};

// In order of preference for each field.
constexpr NamedKey kKeys[] = {
    {"remote_addr", kRemote},
    {"clientip", kRemote},
    {"client_ip", kRemote},
    {"remote_ip", kRemote},
    {"remoteIP", kRemote},
    {"remoteip", kRemote},
    {"remoteAddr", kRemote},
    {"clientIp", kRemote},
    {"clientIP", kRemote},
    {"client", kRemote},
    {"remote", kRemote},
    {"ip", kRemote},
    {"remote_host", kRemote},
    {"realip_remote_addr", kPeer},
    {"http_x_forwarded_for", kForwarded},
    {"x_forwarded_for", kForwarded},
    {"xff", kForwarded},
    {"forwarded_for", kForwarded},
    {"remote_port", kRemotePort},
    {"http_host", kHost},
    {"vhost", kHost},
    {"virtual_host", kHost},
    {"server_name", kHost},
    {"domain", kHost},
    {"host", kHost},
    {"server_addr", kServerAddress},
    {"server_port", kServerPort},
    {"scheme", kScheme},
    {"remote_user", kUser},
    {"remoteUser", kUser},
    {"auth", kUser},
    {"user", kUser},
    {"request_method", kMethod},
    {"requestMethod", kMethod},
    {"method", kMethod},
    {"verb", kMethod},
    {"http_method", kMethod},
    {"request_line", kRequest},
    {"request", kRequest},
    {"request_uri", kTarget},
    {"requestUri", kTarget},
    {"requestURI", kTarget},
    {"url", kTarget},
    {"uri", kPath},
    {"path", kPath},
    {"request_path", kPath},
    {"args", kQuery},
    {"query_string", kQuery},
    {"query", kQuery},
    {"server_protocol", kProtocol},
    {"protocol", kProtocol},
    {"httpversion", kProtocol},
    {"http_version", kProtocol},
    {"status", kStatus},
    {"status_code", kStatus},
    {"response_status", kStatus},
    {"response_code", kStatus},
    {"response", kStatus},
    {"code", kStatus},
    {"body_bytes_sent", kBodyBytes},
    {"bytes", kBodyBytes},
    {"size", kBodyBytes},
    {"bytes_sent", kBytes},
    {"request_length", kRequestBytes},
    {"http_referer", kReferrer},
    {"http_referrer", kReferrer},
    {"referer", kReferrer},
    {"referrer", kReferrer},
    {"http_user_agent", kAgent},
    {"user_agent", kAgent},
    {"userAgent", kAgent},
    {"useragent", kAgent},
    {"agent", kAgent},
    {"request_id", kRequestId},
    {"requestId", kRequestId},
    {"req_id", kRequestId},
    {"unique_id", kRequestId},
    {"pid", kPid},
    {"connection", kConnection},
    {"upstream_name", kUpstreamName},
    {"proxy_upstream_name", kUpstreamName},
    {"upstream_addr", kUpstreamAddress},
    {"upstream_status", kUpstreamStatus},
    {"upstream_response_time", kUpstreamTime},
    {"ssl_protocol", kTlsProtocol},
    {"ssl_cipher", kTlsCipher},
};

constexpr absl::string_view kTimes[] = {"msec",      "time_iso8601", "time_local", "time",
                                        "timestamp", "date",         "datetime",   "@timestamp"};

struct NamedDuration {
  absl::string_view name;
  int64_t unit;
};
constexpr NamedDuration kDurations[] = {
    {"request_time", event::kSecond},          {"requesttime", event::kSecond},
    {"request_time_ms", event::kMillisecond},  {"duration_ms", event::kMillisecond},
    {"response_time_ms", event::kMillisecond}, {"duration_us", event::kMicrosecond},
    {"request_time_us", event::kMicrosecond},  {"response_time_us", event::kMicrosecond},
    {"time_taken_us", event::kMicrosecond},
};

// Zeek's http.log, Suricata's EVE, ECS documents, osquery, goflow2.
constexpr absl::string_view kForeign[] = {
    "uid",        "id.orig_h",      "event_type",     "ecs.version", "event.category",
    "event.kind", "hostIdentifier", "sampler_address"};

// A scalar as text; numbers as JSON wrote integers. Lists (an upstream list
// written as an array) are joined as nginx would write them.
absl::string_view TextOf(const Value& value, Arena& arena) {
  if (value.is_string()) return value.string_value();
  if (value.kind() == Value::Kind::kInt) {
    return arena.Copy(absl::AlphaNum(value.int_value()).Piece());
  }
  if (value.kind() == Value::Kind::kDouble) {
    const double number = value.double_value();
    if (number == std::floor(number) && std::fabs(number) < 1e15) {
      return arena.Copy(absl::AlphaNum(static_cast<int64_t>(number)).Piece());
    }
    return arena.Copy(absl::AlphaNum(number).Piece());
  }
  if (!value.is_list()) return {};
  size_t size = 0;
  for (const Value& element : value.list_value()) size += element.text().size() + 2;
  char* const joined = arena.Allocate<char>(size);
  char* to = joined;
  for (const Value& element : value.list_value()) {
    if (element.text().empty()) continue;
    if (to != joined) to = std::copy_n(", ", 2, to);
    to = std::copy_n(element.text().data(), element.text().size(), to);
  }
  return {joined, static_cast<size_t>(to - joined)};
}

// Seconds since the epoch, or milli-, micro-, nanoseconds by their size.
std::optional<TimeNs> FromEpochNumber(int64_t number) {
  constexpr int64_t kLatestSecond = 9'000'000'000;
  for (int64_t unit : {event::kSecond, event::kMillisecond, event::kMicrosecond, TimeNs{1}}) {
    if (number < kLatestSecond * (event::kSecond / unit)) return number * unit;
  }
  return std::nullopt;
}

// Every form that a time has been seen in, under whatever key.
// `zone_used` is set when it had no zone of its own.
std::optional<TimeNs> ParseAnyTime(const Value& value, const absl::TimeZone& zone,
                                   bool* zone_used) {
  if (value.kind() == Value::Kind::kInt) {
    return value.int_value() < 0 ? std::nullopt : FromEpochNumber(value.int_value());
  }
  if (value.kind() == Value::Kind::kDouble) {
    const double number = value.double_value();
    return number > 9e9 ? event::FromEpochSeconds(number / 1e3) : event::FromEpochSeconds(number);
  }
  absl::string_view text = value.text();
  if (absl::ConsumePrefix(&text, "[")) absl::ConsumeSuffix(&text, "]");
  if (LooksLikeClfTime(text)) return ParseClfTime(text);
  if (const auto count = ParseCount(text)) return FromEpochNumber(*count);
  if (const auto epoch = event::ParseEpochSeconds(text)) return epoch;
  if (const auto zoned = event::ParseIso8601(text)) return zoned;
  *zone_used = true;
  return event::ParseIso8601(text, &zone);
}

// Logstash keeps the quotes around what it cut out of a line.
absl::string_view WithoutQuotes(absl::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

// Keys that mean one thing at one site and another at the next.
void SettleAmbiguities(AccessLine* line) {
  AccessLine& l = *line;
  // `request` is the request line, or its target alone.
  const absl::string_view method = l[kMethod];
  if (!IsUnset(method) && !IsUnset(l[kRequest]) && !absl::StartsWith(l[kRequest], method)) {
    l.Offer(kTarget, l[kRequest]);
    l[kRequest] = {};
  } else if (absl::StartsWith(l[kRequest], "/")) {
    l.Offer(kTarget, l[kRequest]);
    l[kRequest] = {};
  }
  // A path that brings its own query.
  if (IsUnset(l[kTarget]) && l[kPath].find('?') != absl::string_view::npos) l[kTarget] = l[kPath];
  // Fluent Bit's apache parser calls the client `host`.
  if (IsUnset(l[kRemote]) && IsIpAddress(l[kHost])) std::swap(l[kRemote], l[kHost]);
}

}  // namespace

JsonAccess::JsonAccess(JsonPaths& paths, const event::Projection&)
    : statuses_(paths.AddSet()),
      requests_(paths.AddSet()),
      any_time_(paths.AddSet()),
      foreign_(paths.AddSet()) {
  for (const NamedKey& key : kKeys) {
    const PathId id = paths.Add(key.name);
    keys_.push_back({id, key.field});
    if (key.field == kStatus) paths.Put(id, statuses_);
    if (key.field == kRequest || key.field == kTarget || key.field == kPath) {
      paths.Put(id, requests_);
    }
  }
  for (absl::string_view name : kTimes) {
    times_.push_back(paths.Add(name));
    paths.Put(times_.back(), any_time_);
  }
  for (const NamedDuration& d : kDurations) durations_.push_back({paths.Add(d.name), d.unit});
  for (absl::string_view name : kForeign) paths.Put(paths.Add(name), foreign_);
}

bool JsonAccess::Recognises(const JsonCaptures& captures) const {
  return captures.HasAnyOf(statuses_) && captures.HasAnyOf(requests_) &&
         captures.HasAnyOf(any_time_) && !captures.HasAnyOf(foreign_);
}

JsonAccess::FoundTime JsonAccess::FindTime(const JsonCaptures& captures,
                                           const LineContext& lines) const {
  FoundTime found;
  for (PathId id : times_) {
    const Value value = captures.Get(id).first();
    if (value.is_null()) continue;
    found.zone_used = false;
    const auto time = ParseAnyTime(value, lines.zone, &found.zone_used);
    if (time) {
      found.time = *time;
      return found;
    }
    found.unreadable = true;
  }
  return found;
}

int64_t JsonAccess::SetDuration(const JsonCaptures& captures, AccessLine* line) const {
  for (const DurationKey& key : durations_) {
    const Value value = captures.Get(key.id).first();
    double number = 0;
    if (value.kind() == Value::Kind::kInt) {
      number = static_cast<double>(value.int_value());
    } else if (value.kind() == Value::Kind::kDouble) {
      number = value.double_value();
    } else if (!event::ParseDouble(value.text(), &number)) {
      continue;
    }
    const double nanos = number * static_cast<double>(key.unit);
    constexpr double kYear = 366.0 * 86400 * 1e9;
    if (!(nanos >= 0 && nanos < kYear)) continue;
    line->duration = std::llround(nanos);
    return key.unit;
  }
  return 0;
}

DecodeResult JsonAccess::Decode(const JsonCaptures& captures, const LineContext& lines,
                                event::Event& event) const {
  AccessLine line;
  for (const Key& key : keys_) {
    const Value& value = captures.Get(key.id);
    if (value.is_null() || !IsUnset(line[key.field])) continue;
    line.Offer(key.field, TextOf(value, event.arena()));
  }
  line[kAgent] = WithoutQuotes(line[kAgent]);
  line[kReferrer] = WithoutQuotes(line[kReferrer]);
  SettleAmbiguities(&line);
  const FoundTime found = FindTime(captures, lines);
  if (found.time == event::kNoTime) {
    return found.unreadable ? DecodeResult::kBadTimestamp : DecodeResult::kNoTimestamp;
  }
  const bool is_httpd = SetDuration(captures, &line) == event::kMicrosecond;
  (is_httpd ? line.start : line.end) = found.time;
  line.zone_used = found.zone_used;
  AccessOrigin origin = {SourceKind::kNginxAccess, "nginx", "nginx.access"};
  if (is_httpd) origin = {SourceKind::kHttpdAccess, "apache", "apache.access"};
  origin.escaping = AccessOrigin::Escaping::kPlain;
  return PublishAccess(line, origin, lines, {}, event);
}

}  // namespace sequitur::decode
