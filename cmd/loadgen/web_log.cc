#include "loadgen/web_log.h"

#include "absl/strings/str_cat.h"
#include "loadgen/inventory.h"
#include "loadgen/json_text.h"

namespace sequitur::loadgen {
namespace {

absl::string_view OrDash(absl::string_view text) { return text.empty() ? "-" : text; }

absl::string_view SignalName(int signal) {
  switch (signal) {
    case 6:
      return "Abort trap";
    case 10:
      return "Bus error";
    default:
      return "Segmentation fault";
  }
}

}  // namespace

Stream WebLog::AccessStream() const {
  return host_.RunsNginx() ? Stream::kNginxAccess : Stream::kHttpdAccess;
}

Stream WebLog::ErrorStream() const {
  return host_.RunsNginx() ? Stream::kNginxError : Stream::kHttpdError;
}

void WebLog::Access(const Request& request, Mark mark) {
  ++connection_;
  const bool json = host_.access_format == AccessFormat::kJson;
  shipper_.ShipLine(AccessStream(), json ? JsonAccess(request) : PlainAccess(request), mark);
}

std::string WebLog::PlainAccess(const Request& request) {
  const TimeNs stamp = host_.RunsNginx() ? timeline_.Now() : request.start;
  std::string line =
      absl::StrCat(request.client, " - - [", clock_.NginxAccess(stamp), "] \"", request.method, " ",
                   Quoted(request.target), " HTTP/1.1\" ", request.status, " ");
  if (!host_.RunsNginx() && request.bytes == 0) {
    line += '-';
  } else {
    absl::StrAppend(&line, request.bytes);
  }
  if (host_.access_format == AccessFormat::kCommon) return line;
  absl::StrAppend(&line, " \"", OrDash(Quoted(request.referrer)), "\" \"",
                  OrDash(Quoted(request.user_agent)), "\"");
  if (host_.access_format == AccessFormat::kMain) line += " \"-\"";
  return line;
}

std::string WebLog::JsonAccess(const Request& request) {
  const TimeNs now = timeline_.Now();
  const std::string seconds = DecimalSeconds(now - request.start, 3);
  std::string line;
  JsonText json(line);
  json.BeginObject().Text("time_iso8601", absl::StrCat(clock_.Iso(now, 0).substr(0, 19), "+00:00"));
  json.Text("msec", DecimalSeconds(now, 3)).Text("remote_addr", request.client);
  json.Text("request_method", request.method).Text("request_uri", request.target);
  json.Text("server_protocol", "HTTP/1.1").Text("host", inventory::kSite);
  json.Text("status", absl::StrCat(request.status));
  json.Text("body_bytes_sent", absl::StrCat(request.bytes)).Text("request_time", seconds);
  json.Text("upstream_response_time", seconds);
  json.Text("upstream_status", absl::StrCat(request.status));
  json.Text("http_referer", request.referrer).Text("http_user_agent", request.user_agent);
  json.Text("connection", absl::StrCat(connection_)).Text("request_id", random_.Hex(32));
  json.EndObject();
  return line;
}

// nginx escapes to upper case \xHH, httpd puts a backslash before quotes.
std::string WebLog::Quoted(absl::string_view text) const {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    const bool special = c == '"' || c == '\\';
    if (special && !host_.RunsNginx()) {
      out += '\\';
      out += raw;
    } else if (special || c < 0x20 || c >= 0x7f) {
      out += "\\x";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += raw;
    }
  }
  return out;
}

std::string WebLog::UpstreamOf(const Request& request) const {
  if (host_.RunsPhp()) return "fastcgi://127.0.0.1:9000";
  return absl::StrCat("http://127.0.0.1:3000", request.target);
}

void WebLog::Error(absl::string_view what, const Request& request, int pid, Mark mark) {
  const TimeNs now = timeline_.Now();
  std::string line;
  if (host_.RunsNginx()) {
    line = absl::StrCat(clock_.NginxError(now), " [error] ", pid, "#0: *", connection_, " ", what,
                        ", client: ", request.client, ", server: ", inventory::kSite);
    absl::StrAppend(&line, ", request: \"", request.method, " ", request.target, " HTTP/1.1\"");
    absl::StrAppend(&line, ", host: \"", inventory::kSite, "\"");
    if (!request.referrer.empty()) absl::StrAppend(&line, ", referrer: \"", request.referrer, "\"");
  } else {
    line = absl::StrCat("[", clock_.HttpdError(now), "] [core:error] [pid ", pid, "] [client ",
                        request.client, ":", random_.Between(1'024, 65'535), "] ", what);
    if (!request.referrer.empty()) absl::StrAppend(&line, ", referer: ", request.referrer);
  }
  shipper_.ShipLine(ErrorStream(), line, mark);
}

void WebLog::UpstreamError(absl::string_view what, const Request& request, int pid, Mark mark) {
  std::string line = absl::StrCat(clock_.NginxError(timeline_.Now()), " [error] ", pid, "#0: *",
                                  connection_, " ", what, ", client: ", request.client);
  absl::StrAppend(&line, ", server: ", inventory::kSite, ", request: \"", request.method, " ",
                  request.target, " HTTP/1.1\", upstream: \"", UpstreamOf(request));
  absl::StrAppend(&line, "\", host: \"", inventory::kSite, "\"");
  shipper_.ShipLine(Stream::kNginxError, line, mark);
}

void WebLog::WorkerCrash(int master_pid, int worker_pid, int signal, Mark mark) {
  const TimeNs now = timeline_.Now();
  std::string line;
  if (host_.RunsNginx()) {
    line = absl::StrCat(clock_.NginxError(now), " [alert] ", master_pid, "#0: worker process ",
                        worker_pid, " exited on signal ", signal);
  } else {
    line = absl::StrCat("[", clock_.HttpdError(now), "] [core:notice] [pid ", master_pid,
                        "] AH00052: child pid ", worker_pid, " exit signal ");
    absl::StrAppend(&line, SignalName(signal), " (", signal, ")");
  }
  shipper_.ShipLine(ErrorStream(), line, mark);
}

void WebLog::PhpChildCrash(int child_pid, int signal, TimeNs lifetime, Mark mark) {
  const absl::string_view name = signal == 10 ? "SIGBUS" : signal == 6 ? "SIGABRT" : "SIGSEGV";
  std::string line = absl::StrCat("[", clock_.PhpFpm(timeline_.Now()),
                                  "] WARNING: [pool www] child ", child_pid, " exited on signal ");
  absl::StrAppend(&line, signal, " (", name, ") after ", DecimalSeconds(lifetime, 6),
                  " seconds from start");
  shipper_.ShipLine(Stream::kPhpFpm, line, mark);
}

void WebLog::Notice(absl::string_view text, int master_pid) {
  const TimeNs now = timeline_.Now();
  const std::string line =
      host_.RunsNginx()
          ? absl::StrCat(clock_.NginxError(now), " [notice] ", master_pid, "#0: ", text)
          : absl::StrCat("[", clock_.HttpdError(now), "] [mpm_prefork:notice] [pid ", master_pid,
                         "] ", text);
  shipper_.ShipLine(ErrorStream(), line);
}

}  // namespace sequitur::loadgen
