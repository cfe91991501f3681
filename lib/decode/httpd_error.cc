#include "decode/httpd_error.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "decode/error_line.h"
#include "decode/log_text.h"
#include "decode/log_time.h"

namespace sequitur::decode {
namespace {

constexpr size_t kNone = absl::string_view::npos;
constexpr ErrorOrigin kOrigin = {SourceKind::kHttpdError, "apache", "apache.error", "httpd"};

// The inside of `[...]` at the front of `text`, taken off with the blank behind.
bool TakeBracketed(absl::string_view* text, absl::string_view* inside) {
  if (text->empty() || text->front() != '[') return false;
  const size_t close = text->find(']');
  if (close == kNone) return false;
  *inside = text->substr(1, close - 1);
  text->remove_prefix(close + 1);
  absl::ConsumePrefix(text, " ");
  return true;
}

bool LooksLikeCtime(absl::string_view text) {
  return text.size() >= 24 && text.size() <= 31 && text[3] == ' ' && text[7] == ' ' &&
         text[10] == ' ' && text[13] == ':' && text[16] == ':';
}

// `module:level`, `:level` or (2.2) `level`.
void ReadLevel(absl::string_view text, ErrorLine* line) {
  const size_t colon = text.find(':');
  line->level = colon == kNone ? text : text.substr(colon + 1);
  if (colon != kNone) line->logger = text.substr(0, colon);
}

// `[pid P:tid T] ` or `[pid P] `.
void TakePid(absl::string_view* text, ErrorLine* line) {
  absl::string_view rest = *text;
  if (!absl::ConsumePrefix(&rest, "[pid ")) return;
  line->pid = TakeInteger(&rest);
  if (absl::ConsumePrefix(&rest, ":tid ")) line->thread = TakeInteger(&rest);
  if (!line->pid || !absl::ConsumePrefix(&rest, "] ")) return;
  *text = rest;
}

// `mod_x.c(123): `, which only debug and trace levels have.
void TakeSourceFile(absl::string_view* text) {
  const size_t open = text->find_first_of("( [:");
  if (open == kNone || (*text)[open] != '(' || !absl::EndsWith(text->substr(0, open), ".c")) return;
  absl::string_view rest = text->substr(open + 1);
  if (TakeInteger(&rest) && absl::ConsumePrefix(&rest, "): ")) *text = rest;
}

// `(13)Permission denied: `
void TakeCause(absl::string_view* text, ErrorLine* line) {
  absl::string_view rest = *text;
  if (!absl::ConsumePrefix(&rest, "(") || !TakeInteger(&rest) || !absl::StartsWith(rest, ")")) {
    return;
  }
  const size_t colon = text->find(": ");
  if (colon == kNone) return;
  line->cause = text->substr(0, colon);
  text->remove_prefix(colon + 2);
}

// "192.0.2.1:51234", "192.0.2.1" (2.2), "2001:db8::1:51234": 2.4 always writes
// the port, 2.2 never does.
void SplitPeer(absl::string_view peer, bool has_port, absl::string_view* host,
               std::optional<int64_t>* port) {
  const HostPort parts = SplitHostPort(peer, ColonRule::kLastIsPort);
  const bool v6 = std::count(peer.begin(), peer.end(), ':') > 1;
  if (v6 && !(has_port && IsIpAddress(parts.host))) {
    *host = peer;
    return;
  }
  *host = parts.host;
  *port = parts.port;
}

// `[client A:p] ` or, of a connection that the server made, `[remote A:p] `.
void TakePeer(absl::string_view* text, bool has_port, ErrorLine* line) {
  const bool client = absl::StartsWith(*text, "[client ");
  if (!client && !absl::StartsWith(*text, "[remote ")) return;
  absl::string_view peer;
  if (!TakeBracketed(text, &peer)) return;
  peer.remove_prefix(7);
  if (client) {
    SplitPeer(peer, has_port, &line->client, &line->client_port);
  } else {
    SplitPeer(peer, has_port, &line->backend, &line->backend_port);
  }
}

bool SplitStock(absl::string_view text, const LineContext& lines, ErrorLine* line) {
  absl::string_view time, level;
  if (!TakeBracketed(&text, &time) || !LooksLikeCtime(time)) return false;
  const auto instant = ParseCtime(time, lines.zone);
  line->time = instant ? *instant : event::kNoTime;
  if (!TakeBracketed(&text, &level)) return false;
  ReadLevel(level, line);
  // 2.2 has neither module nor pid.
  const bool modern = absl::StrContains(level, ":");
  TakePid(&text, line);
  TakeSourceFile(&text);
  TakeCause(&text, line);
  TakePeer(&text, modern, line);
  // With the client first, as some builds of 2.2 and modules have it.
  if (line->cause.empty()) TakeCause(&text, line);
  line->message = text;
  return true;
}

// "AH00051" of "AH00051: ...", left in the message where people look for it.
absl::string_view CodeOf(absl::string_view message) {
  constexpr size_t kSize = 7;
  if (message.size() <= kSize || !absl::StartsWith(message, "AH") || message[kSize] != ':') {
    return {};
  }
  const absl::string_view digits = message.substr(2, 5);
  const bool numeric =
      std::all_of(digits.begin(), digits.end(), [](char c) { return absl::ascii_isdigit(c); });
  return numeric ? message.substr(0, kSize) : absl::string_view();
}

// The last ", referer: " is the server's; one before it is part of a path.
void CutReferrer(ErrorLine* line) {
  constexpr absl::string_view kMark = ", referer: ";
  const size_t at = line->message.rfind(kMark);
  if (at != kNone && line->referrer.empty()) line->referrer = line->message.substr(at + 11);
}

// `child pid N exit signal Segmentation fault (11)[, possible coredump in DIR]`,
// which only the parent writes, about no client.
std::optional<WorkerEnd> ReadWorkerEnd(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "child pid ")) return std::nullopt;
  WorkerEnd end;
  const auto pid = TakeInteger(&text);
  if (!pid) return std::nullopt;
  end.pid = *pid;
  if (absl::StartsWith(text, " returned a Fatal error")) {
    end.fatal = true;
    return end;
  }
  if (!absl::ConsumePrefix(&text, " exit signal ")) return std::nullopt;
  const size_t open = text.find('(');
  if (open == kNone) return std::nullopt;
  text.remove_prefix(open + 1);
  end.signal = TakeInteger(&text);
  return end.signal && absl::StartsWith(text, ")") ? std::make_optional(end) : std::nullopt;
}

struct CodedAction {
  absl::string_view code;
  absl::string_view action;
};
constexpr CodedAction kCodedActions[] = {
    {"AH10244", "invalid_request"}, {"AH00126", "invalid_request"}, {"AH00135", "invalid_request"},
    {"AH00566", "invalid_request"}, {"AH01630", "access_denied"},   {"AH01617", "access_denied"},
    {"AH01618", "access_denied"},   {"AH01797", "access_denied"},   {"AH01071", "script_error"},
    {"AH01215", "script_error"},    {"AH01102", "upstream_error"},  {"AH00898", "upstream_error"},
    {"AH01114", "upstream_error"},  {"AH00957", "upstream_error"},
};

struct WordedAction {
  absl::string_view beginning;
  absl::string_view action;
};
constexpr WordedAction kWordedActions[] = {
    {"End of script output before headers", "script_error"},
    {"Premature end of script headers", "script_error"},
    {"PHP ", "script_error"},
    {"Invalid URI", "invalid_request"},
    {"Invalid method", "invalid_request"},
    {"request failed:", "invalid_request"},
    {"client denied", "access_denied"},
};

absl::string_view ActionOf(const ErrorLine& line, absl::string_view words) {
  for (const CodedAction& known : kCodedActions) {
    if (known.code == line.code) return known.action;
  }
  for (const WordedAction& known : kWordedActions) {
    if (absl::StartsWith(words, known.beginning)) return known.action;
  }
  if (!IsErrorLevel(line.level)) return {};
  if (absl::StartsWith(line.logger, "php") || absl::StartsWith(line.logger, "cgi")) {
    return "script_error";
  }
  return absl::StartsWith(line.logger, "proxy") ? "upstream_error" : absl::string_view();
}

// What of the request the message tells.
void ReadRequest(absl::string_view words, ErrorLine* line) {
  if (line->code == "AH10244") {
    const size_t open = words.find('('), close = words.rfind(')');
    if (open != kNone && close != kNone && open < close) {
      line->request.target = words.substr(open + 1, close - open - 1);
    }
  } else if (absl::ConsumePrefix(&words, "Invalid method in request ") ||
             absl::ConsumePrefix(&words, "Invalid URI in request ")) {
    line->request = ParseRequestLine(words);
  } else if (absl::ConsumePrefix(&words, "File does not exist: ")) {
    line->file = words;
  }
}

void Interpret(ErrorLine* line, Arena& arena) {
  line->message = DecodeLogEscapes(line->message, arena);
  line->referrer = DecodeLogEscapes(line->referrer, arena);
  CutReferrer(line);
  line->code = CodeOf(line->message);
  absl::string_view words = line->message;
  if (!line->code.empty()) words = absl::StripLeadingAsciiWhitespace(words.substr(8));
  if (line->client.empty()) line->end = ReadWorkerEnd(words);
  line->action = ActionOf(*line, words);
  const size_t referrer = words.rfind(", referer: ");
  ReadRequest(words.substr(0, referrer), line);
}

DecodeResult DecodeStderr(absl::string_view original, const LineContext& lines,
                          event::Event& event) {
  ErrorLine line;
  if (!DateByMemory(lines, &line)) return DecodeResult::kNoTimestamp;
  line.message = original;
  line.action = "script_error";
  PublishError(line, kOrigin, lines, original, event);
  return DecodeResult::kDecoded;
}

}  // namespace

absl::StatusOr<HttpdError> HttpdError::Create(absl::string_view error_log_format) {
  HttpdError decoder;
  if (!error_log_format.empty()) {
    ASSIGN_OR_RETURN(decoder.format_, ErrorLogFormat::Create(error_log_format));
  }
  return decoder;
}

bool HttpdError::Recognises(absl::string_view line) {
  absl::string_view time, level;
  return TakeBracketed(&line, &time) && LooksLikeCtime(time) && TakeBracketed(&line, &level) &&
         ParseCtime(time, Utc()).has_value();
}

DecodeResult HttpdError::Decode(absl::string_view original, const LineContext& lines,
                                event::Event& event) const {
  if (IsBlank(original)) return DecodeResult::kEmpty;
  ErrorLine line;
  const bool entry =
      format_ ? format_->Split(original, lines, &line) : SplitStock(original, lines, &line);
  if (!entry) return DecodeStderr(original, lines, event);
  if (line.time == event::kNoTime) return DecodeResult::kBadTimestamp;
  line.zone_used = true;
  Interpret(&line, event.arena());
  Remember(line, lines);
  PublishError(line, kOrigin, lines, original, event);
  return DecodeResult::kDecoded;
}

}  // namespace sequitur::decode
