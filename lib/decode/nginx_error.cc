#include "decode/nginx_error.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "decode/error_line.h"
#include "decode/log_text.h"
#include "decode/log_time.h"
#include "decode/nginx_error_tail.h"

namespace sequitur::decode {
namespace {

constexpr size_t kNone = absl::string_view::npos;
constexpr size_t kTimeSize = 19;
constexpr ErrorOrigin kOrigin = {SourceKind::kNginxError, "nginx", "nginx.error", "nginx"};

constexpr absl::string_view kLevels[] = {"emerg", "alert",  "crit", "error",
                                         "warn",  "notice", "info", "debug"};

// `YYYY/MM/DD HH:MM:SS [level] pid#tid: [*cid ]`, taken off the front.
bool TakePrefix(absl::string_view* text, absl::string_view* time, ErrorLine* line) {
  if (text->size() < kTimeSize || (*text)[4] != '/' || (*text)[10] != ' ') return false;
  *time = text->substr(0, kTimeSize);
  absl::string_view rest = text->substr(kTimeSize);
  if (!absl::ConsumePrefix(&rest, " [")) return false;
  const size_t close = rest.find(']');
  line->level = rest.substr(0, close);
  if (std::find(std::begin(kLevels), std::end(kLevels), line->level) == std::end(kLevels)) {
    return false;
  }
  rest.remove_prefix(close + 1);
  if (!absl::ConsumePrefix(&rest, " ")) return false;
  line->pid = TakeInteger(&rest);
  if (!line->pid || !absl::ConsumePrefix(&rest, "#")) return false;
  line->thread = TakeInteger(&rest);
  if (!line->thread || !absl::ConsumePrefix(&rest, ": ")) return false;
  absl::string_view after = rest;
  if (absl::ConsumePrefix(&after, "*")) {
    line->connection = TakeInteger(&after);
    if (line->connection && absl::ConsumePrefix(&after, " ")) rest = after;
  }
  *text = rest;
  return true;
}

// `(worker|cache manager|cache loader|unknown) process N exited ...`, as the
// master writes it: all of the message and of no connection.
std::optional<WorkerEnd> ReadWorkerEnd(absl::string_view message) {
  constexpr absl::string_view kKinds[] = {"worker", "cache manager", "cache loader", "unknown"};
  const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](absl::string_view k) {
    return absl::StartsWith(message, k);
  });
  if (kind == std::end(kKinds)) return std::nullopt;
  message.remove_prefix(kind->size());
  if (!absl::ConsumePrefix(&message, " process ")) return std::nullopt;
  const auto pid = TakeInteger(&message);
  if (!pid || !absl::ConsumePrefix(&message, " exited ")) return std::nullopt;
  WorkerEnd end;
  end.pid = *pid;
  if (absl::ConsumePrefix(&message, "on signal ")) {
    end.signal = TakeInteger(&message);
    absl::ConsumeSuffix(&message, " (core dumped)");
  } else {
    end.fatal = absl::ConsumePrefix(&message, "with fatal code ");
    if (!end.fatal && !absl::ConsumePrefix(&message, "with code ")) return std::nullopt;
    end.exit_code = TakeInteger(&message);
    if (end.fatal) absl::ConsumeSuffix(&message, " and cannot be respawned");
  }
  const bool known = end.signal.has_value() || end.exit_code.has_value();
  return known && message.empty() ? std::make_optional(end) : std::nullopt;
}

bool StartsWithAny(absl::string_view text, absl::Span<const absl::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](absl::string_view b) { return absl::StartsWith(text, b); });
}

// Judged by how the message begins, which no client chooses.
absl::string_view ActionOf(absl::string_view message, absl::string_view level) {
  constexpr absl::string_view kScripts[] = {"FastCGI sent in stderr",
                                            "PHP message:", "SCGI sent in stderr"};
  constexpr absl::string_view kUpstream[] = {"no live upstreams", "upstream "};
  constexpr absl::string_view kCalls[] = {
      "connect() ", "recv() ", "send() ",      "readv() ",    "writev() ",
      "kevent() ",  "SSL_",    "peer closed ", "sendfile() ", "host not found in upstream"};
  constexpr absl::string_view kInvalid[] = {"client sent ", "invalid host ", "invalid URI",
                                            "invalid request"};
  constexpr absl::string_view kDenied[] = {"access forbidden by rule", "user \"",
                                           "no user/password was provided"};
  if (!IsErrorLevel(level)) {
    return StartsWithAny(message, kInvalid) ? "invalid_request" : absl::string_view();
  }
  if (StartsWithAny(message, kScripts)) return "script_error";
  if (StartsWithAny(message, kUpstream)) return "upstream_error";
  if (StartsWithAny(message, kCalls) && absl::StrContains(message, "upstream")) {
    return "upstream_error";
  }
  if (StartsWithAny(message, kInvalid)) return "invalid_request";
  if (StartsWithAny(message, kDenied)) return "access_denied";
  return {};
}

void SetTail(const NginxErrorTail& tail, ErrorLine* line) {
  const HostPort client = SplitHostPort(tail.client);
  line->client = client.host;
  line->client_port = client.port;
  line->request = ParseRequestLine(tail.request);
  line->host = tail.host;
  line->referrer = tail.referrer;
  absl::string_view upstream = tail.upstream;
  const size_t scheme = upstream.find("://");
  if (scheme == kNone) return;
  upstream.remove_prefix(scheme + 3);
  const HostPort backend = SplitHostPort(upstream.substr(0, upstream.find('/')));
  line->backend = backend.host;
  line->backend_port = backend.port;
}

void Publish(absl::string_view original, EntryPart part, const LineContext& lines, ErrorLine* line,
             event::Event& event) {
  const NginxErrorTail tail = FindNginxErrorTail(line->message, part);
  if (line->action.empty()) line->action = ActionOf(tail.message, line->level);
  SetTail(tail, line);
  PublishError(*line, kOrigin, lines, original, event);
  if (tail.ambiguous) {
    event.Append(event::field::kSequiturFlags, event::Value::String("ambiguous_client"));
  }
}

// A piece of an entry that went on over lines: a script's words, or the rest of
// a path with a newline in it.
DecodeResult DecodeContinuation(absl::string_view original, const LineContext& lines,
                                event::Event& event) {
  ErrorLine line;
  if (!DateByMemory(lines, &line)) return DecodeResult::kNoTimestamp;
  line.message = original;
  line.action = absl::StrContains(original, "\" failed (") ? "" : "script_error";
  Publish(original, EntryPart::kContinuation, lines, &line, event);
  return DecodeResult::kDecoded;
}

}  // namespace

absl::StatusOr<NginxError> NginxError::Create(absl::string_view log_format) {
  if (!log_format.empty()) {
    return absl::InvalidArgumentError("nginx's error log has one format: log_format must be empty");
  }
  return NginxError();
}

bool NginxError::Recognises(absl::string_view line) {
  if (line.size() < kTimeSize || line[4] != '/') return false;  // as most lines
  ErrorLine entry;
  absl::string_view time;
  return TakePrefix(&line, &time, &entry);
}

DecodeResult NginxError::Decode(absl::string_view original, const LineContext& lines,
                                event::Event& event) const {
  if (IsBlank(original)) return DecodeResult::kEmpty;
  ErrorLine line;
  absl::string_view rest = original;
  absl::string_view time;
  if (!TakePrefix(&rest, &time, &line)) return DecodeContinuation(original, lines, event);
  const auto instant = ParseSlashTime(time, lines.zone);
  if (!instant) return DecodeResult::kBadTimestamp;
  line.time = *instant;
  line.zone_used = true;
  line.message = rest;
  if (!line.connection) line.end = ReadWorkerEnd(rest);
  Remember(line, lines);
  Publish(original, EntryPart::kWhole, lines, &line, event);
  return DecodeResult::kDecoded;
}

}  // namespace sequitur::decode
