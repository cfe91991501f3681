#include "decode/source_fields.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/types/span.h"

namespace sequitur::decode {
namespace {

using Paths = absl::Span<const absl::string_view>;

// Stamped on every event, by decoder or engine.
constexpr absl::string_view kEvery[] = {
    "@timestamp",    "event.category", "event.type",     "event.action",    "event.kind",
    "event.module",  "event.ingested", "event.original", "host.id",         "host.name",
    "log.file.path", "log.offset",     "tags",           "sequitur.source", "sequitur.flags"};

constexpr absl::string_view kLogLine[] = {"event.dataset", "event.outcome", "source.ip",
                                          "source.address", "source.port"};
constexpr absl::string_view kRequest[] = {"http.request.method", "http.request.referrer",
                                          "http.request.id",     "http.version",
                                          "url.original",        "url.path",
                                          "url.query",           "url.extension",
                                          "url.domain",          "url.port",
                                          "url.scheme"};
constexpr absl::string_view kAccess[] = {"event.start",
                                         "event.end",
                                         "event.duration",
                                         "http.request.bytes",
                                         "http.response.status_code",
                                         "http.response.bytes",
                                         "http.response.body.bytes",
                                         "user.name",
                                         "user_agent.original",
                                         "source.domain",
                                         "destination.ip",
                                         "destination.port",
                                         "destination.domain",
                                         "network.forwarded_ip",
                                         "tls.version",
                                         "tls.version_protocol",
                                         "tls.cipher",
                                         "process.pid",
                                         "process.thread.id",
                                         "nginx.access.connection_id",
                                         "nginx.access.remote_ip_list",
                                         "nginx.access.upstream.status_code",
                                         "nginx.access.upstream.address",
                                         "nginx.access.upstream.response_time",
                                         "nginx.access.upstream.name"};
constexpr absl::string_view kErrorLog[] = {"message",
                                           "log.level",
                                           "error.code",
                                           "error.message",
                                           "process.pid",
                                           "process.name",
                                           "process.exit_code",
                                           "process.thread.id",
                                           "file.path",
                                           "destination.ip",
                                           "destination.port",
                                           "process.parent.pid",
                                           "sequitur.exit.signal"};
constexpr absl::string_view kNginxError[] = {"nginx.error.connection_id"};
constexpr absl::string_view kErrorReferrer[] = {"http.request.referrer", "http.request.id"};
constexpr absl::string_view kHttpdError[] = {"apache.error.module"};
constexpr absl::string_view kPhpFpm[] = {"event.dataset",     "event.outcome",       "message",
                                         "log.level",         "process.pid",         "process.name",
                                         "process.exit_code", "sequitur.exit.signal"};

// What every sensor of processes and files says.
constexpr absl::string_view kSensor[] = {"event.outcome",
                                         "host.os.type",
                                         "user.id",
                                         "user.effective.id",
                                         "process.pid",
                                         "process.Ext.pidversion",
                                         "process.entity_id",
                                         "process.executable",
                                         "process.name",
                                         "process.args",
                                         "process.args_count",
                                         "process.command_line",
                                         "process.working_directory",
                                         "process.parent.pid",
                                         "process.code_signature.signing_id",
                                         "process.code_signature.team_id",
                                         "process.exit_code",
                                         "process.responsible.pid",
                                         "process.responsible.Ext.pidversion",
                                         "file.path",
                                         "file.name",
                                         "file.extension",
                                         "file.directory",
                                         "file.Ext.original.path",
                                         "file.Ext.original.name",
                                         "sequitur.exit.signal"};
constexpr absl::string_view kEndpointSecurity[] = {"process.start",
                                                   "process.env_vars",
                                                   "process.group_leader.pid",
                                                   "process.session_leader.pid",
                                                   "process.parent.Ext.pidversion",
                                                   "process.parent.entity_id",
                                                   "process.parent.executable",
                                                   "process.parent.name",
                                                   "process.previous.executable",
                                                   "process.previous.name",
                                                   "process.previous.Ext.pidversion",
                                                   "process.previous.entity_id",
                                                   "process.responsible.executable",
                                                   "process.script.path",
                                                   "process.io.stdio_types",
                                                   "file.size",
                                                   "file.inode"};
constexpr absl::string_view kEslogger[] = {"event.sequence", "process.thread.id", "file.mode",
                                           "file.uid", "file.gid"};
constexpr absl::string_view kSensorSocket[] = {
    "source.ip",         "source.port",  "destination.ip",   "destination.port",
    "network.transport", "network.type", "network.direction"};
constexpr absl::string_view kOsquery[] = {"event.sequence", "user.name",
                                          "process.parent.Ext.pidversion"};
constexpr absl::string_view kSanta[] = {
    "event.start",        "event.end",     "event.reason",        "host.boot.id",
    "user.name",          "source.domain", "user.effective.name", "process.hash.sha256",
    "destination.domain", "file.mode"};

constexpr absl::string_view kFlow[] = {
    "event.dataset",      "event.start",         "event.end",           "event.duration",
    "observer.name",      "observer.ip",         "source.ip",           "source.address",
    "source.port",        "destination.ip",      "destination.address", "destination.port",
    "destination.bytes",  "destination.packets", "source.bytes",        "source.packets",
    "network.transport",  "network.type",        "network.bytes",       "network.packets",
    "network.iana_number"};
// What is said of the request or name in a flow that was looked into.
constexpr absl::string_view kFlowContent[] = {
    "event.outcome",       "network.protocol",          "network.community_id", "url.original",
    "http.request.method", "http.response.status_code", "url.domain",           "dns.question.name",
    "user_agent.original", "destination.domain"};
constexpr absl::string_view kZeek[] = {"event.id"};

// A path is asked for when a configuration is checked, never for an event.
std::vector<Paths> GroupsOf(SourceKind kind) {
  switch (kind) {
    case SourceKind::kNginxAccess:
    case SourceKind::kHttpdAccess:
      return {kLogLine, kRequest, kAccess};
    case SourceKind::kNginxError:
      return {kLogLine, kRequest, kErrorLog, kNginxError};
    case SourceKind::kHttpdError:
      return {kLogLine, kErrorReferrer, kErrorLog, kHttpdError};
    case SourceKind::kPhpFpm:
      return {kPhpFpm};
    case SourceKind::kEslogger:
      return {kSensor, kEndpointSecurity, kEslogger};
    case SourceKind::kOsquery:
      return {kSensor, kSensorSocket, kOsquery};
    case SourceKind::kSanta:
      return {kSensor, kEndpointSecurity, kSensorSocket, kSanta};
    case SourceKind::kZeek:
    case SourceKind::kSuricata:
      return {kFlow, kFlowContent, kZeek};
    case SourceKind::kGoflow2:
      return {kFlow};
    case SourceKind::kAuto:
    case SourceKind::kEcs:
      break;
  }
  return {};
}

bool Contains(Paths paths, absl::string_view path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

}  // namespace

bool CanSet(SourceKind kind, absl::string_view path) {
  if (Contains(kEvery, path)) return true;
  if (kind == SourceKind::kEcs || kind == SourceKind::kAuto) {
    return !absl::StartsWith(path, "sequitur.") || path == "sequitur.exit.signal";
  }
  // Fields of these sources' own, under any name that a rule asks for.
  if (kind == SourceKind::kZeek && absl::StartsWith(path, "zeek.")) return true;
  if (kind == SourceKind::kSuricata && absl::StartsWith(path, "suricata.eve.")) return true;
  const auto groups = GroupsOf(kind);
  return std::any_of(groups.begin(), groups.end(),
                     [&](Paths paths) { return Contains(paths, path); });
}

bool CanMake(SourceKind kind, absl::string_view category) {
  switch (kind) {
    case SourceKind::kNginxAccess:
    case SourceKind::kHttpdAccess:
      return category == "web";
    case SourceKind::kNginxError:
    case SourceKind::kHttpdError:
    case SourceKind::kPhpFpm:
      return category == "web" || category == "process";
    case SourceKind::kEslogger:
      return category == "process" || category == "file";
    case SourceKind::kOsquery:
    case SourceKind::kSanta:
      return category == "process" || category == "file" || category == "network";
    case SourceKind::kZeek:
    case SourceKind::kSuricata:
    case SourceKind::kGoflow2:
      return category == "network";
    case SourceKind::kAuto:
    case SourceKind::kEcs:
      return true;
  }
  return true;
}

std::vector<SourceKind> KindsThatSet(absl::string_view path) {
  std::vector<SourceKind> kinds;
  for (size_t i = 0; i < kSourceKinds; ++i) {
    const auto kind = static_cast<SourceKind>(i);
    if (kind == SourceKind::kAuto || kind == SourceKind::kEcs) continue;
    if (CanSet(kind, path)) kinds.push_back(kind);
  }
  return kinds;
}

}  // namespace sequitur::decode
