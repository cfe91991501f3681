#include "decode/error_line.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "decode/log_text.h"
#include "decode/log_time.h"

namespace sequitur::decode {
namespace {

namespace field = event::field;
using event::Event;

void SetProcessEnd(const ErrorLine& line, const ErrorOrigin& origin, Event& event) {
  const WorkerEnd& end = *line.end;
  event.SetString(field::kEventCategory, "process");
  event.SetString(field::kEventType, "end");
  const bool crashed = end.signal.has_value() || end.fatal;
  event.SetString(field::kEventAction, crashed ? "worker_crash" : "worker_exit");
  const bool clean = !crashed && end.exit_code.value_or(0) == 0;
  event.SetString(field::kEventOutcome, clean ? "success" : "failure");
  event.SetString(field::kProcessName, origin.process_name);
  event.SetInt(field::kProcessPid, end.pid);
  if (line.pid) event.SetInt(field::kProcessParentPid, *line.pid);
  if (end.signal) {
    event.SetInt(field::kSequiturExitSignal, *end.signal);
    event.SetInt(field::kProcessExitCode, 128 + *end.signal);
  } else if (end.exit_code) {
    event.SetInt(field::kProcessExitCode, *end.exit_code);
  }
}

void SetEntry(const ErrorLine& line, Event& event) {
  const bool error = IsErrorLevel(line.level);
  event.SetString(field::kEventCategory, "web");
  event.SetString(field::kEventType, error ? "error" : "info");
  if (error) event.SetString(field::kEventOutcome, "failure");
  event.SetString(field::kEventAction, line.action);
  if (line.pid) event.SetInt(field::kProcessPid, *line.pid);
  if (line.thread) event.SetInt(field::kProcessThreadId, *line.thread);
}

void SetPeers(const ErrorLine& line, Event& event) {
  event.SetString(field::kSourceAddress, line.client);
  if (IsIpAddress(line.client)) event.SetString(field::kSourceIp, line.client);
  if (line.client_port) event.SetInt(field::kSourcePort, *line.client_port);
  if (IsIpAddress(line.backend)) event.SetString(field::kDestinationIp, line.backend);
  if (line.backend_port) event.SetInt(field::kDestinationPort, *line.backend_port);
}

void SetRequestOf(const ErrorLine& line, Event& event) {
  SetRequest(line.request, event);
  const HostPort host = SplitHostPort(line.host);
  event.SetString(field::kUrlDomain, host.host);
  if (host.port) event.SetInt(field::kUrlPort, *host.port);
  event.SetString(field::kHttpRequestReferrer, line.referrer);
  event.SetString(field::kHttpRequestId, line.request_id);
}

}  // namespace

bool IsErrorLevel(absl::string_view level) {
  constexpr absl::string_view kQuiet[] = {"notice", "info", "debug"};
  return std::find(std::begin(kQuiet), std::end(kQuiet), level) == std::end(kQuiet) &&
         level.substr(0, 5) != "trace";
}

void PublishError(const ErrorLine& line, const ErrorOrigin& origin, const LineContext& lines,
                  absl::string_view original, Event& event) {
  event.time = line.time;
  if (event.Wants(field::kTimestamp)) {
    event.SetString(field::kTimestamp, FormatTime(line.time, event.arena()));
  }
  if (line.zone_used) FlagAssumedZone(lines, event);
  event.SetString(field::kEventKind, "event");
  event.SetString(field::kEventModule, origin.module);
  event.SetString(field::kEventDataset, origin.dataset);
  event.SetString(field::kSequiturSource, SourceKindName(origin.kind));
  event.SetString(field::kEventOriginal, original);
  event.SetString(field::kMessage, line.message);
  event.SetString(field::kLogLevel, line.level);
  event.SetString(field::kApacheErrorModule, line.logger);
  event.SetString(field::kErrorCode, line.code);
  event.SetString(field::kErrorMessage, line.cause);
  event.SetString(field::kFilePath, line.file);
  if (line.connection) event.SetInt(field::kNginxErrorConnectionId, *line.connection);
  if (line.end) {
    SetProcessEnd(line, origin, event);
    return;
  }
  SetEntry(line, event);
  SetPeers(line, event);
  SetRequestOf(line, event);
}

void Remember(const ErrorLine& line, const LineContext& lines) {
  if (lines.memory == nullptr) return;
  lines.memory->last_time = line.time;
  lines.memory->last_pid = line.pid.value_or(0);
}

bool DateByMemory(const LineContext& lines, ErrorLine* line) {
  line->time = lines.memory != nullptr && lines.memory->last_time != event::kNoTime
                   ? lines.memory->last_time
                   : lines.read_time;
  return line->time != event::kNoTime;
}

std::optional<int64_t> TakeInteger(absl::string_view* text) {
  size_t size = 0;
  while (size < text->size() && absl::ascii_isdigit((*text)[size])) ++size;
  const auto number = ParseCount(text->substr(0, size));
  if (number) text->remove_prefix(size);
  return number;
}

}  // namespace sequitur::decode
