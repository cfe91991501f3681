#include "loadgen/shipper.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "loadgen/json_text.h"

namespace sequitur::loadgen {
namespace {

// The part of the disorder that is one log's own backlog; the rest differs from
// record to record.
constexpr double kBacklogShare = 0.6;
constexpr TimeNs kLeastLag = 2 * kMillisecond;

}  // namespace

Shipper::Shipper(const Host& host, Settings settings, Timeline& timeline, Arrivals& arrivals,
                 Random random)
    : host_(host),
      settings_(settings),
      timeline_(timeline),
      arrivals_(arrivals),
      random_(random),
      host_key_(host.name) {
  const auto backlog = static_cast<int64_t>(static_cast<double>(settings.disorder) * kBacklogShare);
  for (size_t i = 0; i < kStreams; ++i) {
    LogFile& file = files_[i];
    const auto stream = static_cast<Stream>(i);
    file.path = PathOf(stream);
    file.offset = random_.Between(1 << 12, 1 << 24);
    file.tail = Tail(stream);
    file.base_lag = random_.Between(0, backlog);
  }
}

std::string Shipper::PathOf(Stream stream) const {
  const std::string brew_log = host_.brew + "/var/log/";
  switch (stream) {
    case Stream::kNginxAccess:
      return brew_log + "nginx/access.log";
    case Stream::kNginxError:
      return brew_log + "nginx/error.log";
    case Stream::kHttpdAccess:
      return "/var/log/apache2/access_log";
    case Stream::kHttpdError:
      return "/var/log/apache2/error_log";
    case Stream::kPhpFpm:
      return brew_log + "php-fpm.log";
    case Stream::kEslogger:
      return "/var/log/eslogger/events.ndjson";
    case Stream::kFlows:
      return "/opt/zeek/logs/current/conn.log";
    case Stream::kEndpoint:
      break;
  }
  return "";
}

std::string Shipper::Tail(Stream stream) const {
  std::string tail;
  JsonText json(tail);
  // Starts inside the document: what BeginObject opens is cut off again.
  json.BeginObject().BeginObject("input").Text("type", "filestream").EndObject();
  json.BeginObject("ecs").Text("version", "8.0.0").EndObject();
  json.BeginObject("host").Text("name", host_.name);
  const bool is_web_log = stream <= Stream::kPhpFpm;
  if (!(host_.name_only_logs && is_web_log)) {
    json.Text("id", host_.id).BeginArray("ip").Item(host_.ip).Item(host_.link_local);
    json.EndArray().BeginObject("os").Text("type", "macos").Text("version", host_.os_version);
    json.EndObject();
  }
  json.EndObject().BeginObject("agent").Text("type", "filebeat").Text("version", "8.15.3");
  json.Text("id", host_.agent_id).Text("name", host_.name).EndObject();
  return tail.substr(1);
}

TimeNs Shipper::Lag(const LogFile& file) {
  const int64_t spread = settings_.disorder - file.base_lag;
  // Filebeat reads in bursts: most lines together, now and then one late.
  const TimeNs own = random_.Chance(0.2) ? random_.Between(0, spread) : spread / 16;
  return kLeastLag + file.base_lag + own;
}

void Shipper::ShipLine(Stream stream, absl::string_view line, Mark mark) {
  LogFile& file = files_[static_cast<size_t>(stream)];
  const TimeNs read = timeline_.Now() + Lag(file);
  // Sizes must not depend on what is kept, or the choices after it would.
  if (arrivals_.Wants(stream)) {
    const bool bare = settings_.envelope == EnvelopeStyle::kBare;
    Push(stream, bare ? std::string(line) : Wrapped(stream, line, read), read, mark);
  }
  file.offset += static_cast<int64_t>(line.size()) + 1;
}

void Shipper::ShipDocument(Stream stream, std::string document, Mark mark) {
  const TimeNs arrival = timeline_.Now() + Lag(files_[static_cast<size_t>(stream)]);
  Push(stream, std::move(document), arrival, mark);
}

void Shipper::Push(Stream stream, std::string line, TimeNs arrival, Mark mark) {
  arrivals_.Push(timeline_.Now(), {stream, host_key_, arrival, std::move(line), mark});
}

std::string Shipper::Wrapped(Stream stream, absl::string_view line, TimeNs read) {
  const LogFile& file = files_[static_cast<size_t>(stream)];
  std::string out;
  out.reserve(line.size() + line.size() / 4 + file.tail.size() + 320);
  absl::StrAppend(
      &out, "{\"@timestamp\":\"", clock_.Iso(read, 3),
      "\",\"@metadata\":{\"beat\":\"filebeat\",\"type\":\"_doc\",\"version\":\"8.15.3\"},");
  AppendPayload(stream, line, out);
  absl::StrAppend(&out, ",\"log\":{\"offset\":", file.offset, ",\"file\":{\"path\":\"", file.path,
                  "\"}},", file.tail, "}");
  return out;
}

void Shipper::AppendPayload(Stream stream, absl::string_view line, std::string& out) const {
  const DecodedInto into =
      stream == Stream::kEslogger ? host_.eslogger_into : DecodedInto::kMessage;
  switch (into) {
    case DecodedInto::kRoot:
      absl::StrAppend(&out, line.substr(1, line.size() - 2));
      break;
    case DecodedInto::kJsonKey:
      absl::StrAppend(&out, "\"json\":", line);
      break;
    case DecodedInto::kMessage:
      out += "\"message\":\"";
      AppendEscaped(line, Slashes::kPlain, out);
      out += '"';
      break;
  }
}

}  // namespace sequitur::loadgen
