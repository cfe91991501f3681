#include "decode/php_fpm.h"

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "decode/error_line.h"
#include "decode/log_text.h"
#include "decode/log_time.h"

namespace sequitur::decode {
namespace {

constexpr size_t kNone = absl::string_view::npos;
constexpr ErrorOrigin kOrigin = {SourceKind::kPhpFpm, "php_fpm", "php_fpm.error", "php-fpm"};
// How php-fpm asks its own children to leave.
constexpr int64_t kGracefulSignal = 3;

struct NamedLevel {
  absl::string_view mark;
  absl::string_view level;
};
constexpr NamedLevel kLevels[] = {
    {"ALERT: ", "alert"},   {"ERROR: ", "error"}, {"WARNING: ", "warning"},
    {"NOTICE: ", "notice"}, {"DEBUG: ", "debug"},
};
// Of PHP's error_log.
constexpr NamedLevel kPhpLevels[] = {
    {"PHP Fatal error:", "error"},
    {"PHP Parse error:", "error"},
    {"PHP Recoverable fatal error:", "error"},
    {"PHP Warning:", "warning"},
    {"PHP Notice:", "notice"},
    {"PHP Deprecated:", "notice"},
};

// `[time] `, taken off the front.
bool TakePrefix(absl::string_view* text, absl::string_view* time) {
  absl::string_view rest = *text;
  if (!absl::ConsumePrefix(&rest, "[")) return false;
  const size_t close = rest.find(']');
  constexpr size_t kLongest = 64;
  if (close == kNone || close > kLongest || close < 20) return false;
  if (rest[2] != '-' || rest[6] != '-' || rest[11] != ' ') return false;
  *time = rest.substr(0, close);
  rest.remove_prefix(close + 1);
  if (!absl::ConsumePrefix(&rest, " ")) return false;
  *text = rest;
  return true;
}

absl::string_view TakeLevel(absl::string_view* text) {
  for (const NamedLevel& named : kLevels) {
    if (absl::ConsumePrefix(text, named.mark)) return named.level;
  }
  return {};
}

// `exited on signal 11 (SIGSEGV...) after ...`, `exited with code 255 after ...`
bool ReadEnd(absl::string_view text, WorkerEnd* end) {
  if (absl::ConsumePrefix(&text, "exited on signal ")) {
    end->signal = TakeInteger(&text);
    if (!end->signal) return false;
    if (*end->signal == kGracefulSignal) end->signal.reset();
  } else if (absl::ConsumePrefix(&text, "exited with code ")) {
    end->exit_code = TakeInteger(&text);
    if (!end->exit_code) return false;
  } else {
    return false;
  }
  return text.empty() || text.front() == ' ';
}

// `[pool www] child 112 ...`
void ReadChild(absl::string_view text, ErrorLine* line) {
  if (!absl::ConsumePrefix(&text, "[pool ")) return;
  const size_t close = text.find("] ");
  if (close == kNone) return;
  text.remove_prefix(close + 2);
  if (!absl::ConsumePrefix(&text, "child ")) return;
  const auto pid = TakeInteger(&text);
  if (!pid) return;
  absl::ConsumePrefix(&text, ",");
  absl::ConsumePrefix(&text, " ");
  WorkerEnd end;
  end.pid = *pid;
  if (ReadEnd(text, &end)) {
    line->end = end;
    return;
  }
  line->pid = pid;
  if (absl::StartsWith(text, "said into std")) line->action = "script_error";
}

void ReadPhp(ErrorLine* line) {
  for (const NamedLevel& named : kPhpLevels) {
    if (!absl::StartsWith(line->message, named.mark)) continue;
    line->level = named.level;
    line->action = "script_error";
  }
}

}  // namespace

absl::StatusOr<PhpFpm> PhpFpm::Create(absl::string_view log_format) {
  if (!log_format.empty()) {
    return absl::InvalidArgumentError("php-fpm's log has one format: log_format must be empty");
  }
  return PhpFpm();
}

bool PhpFpm::Recognises(absl::string_view line) {
  absl::string_view time;
  return TakePrefix(&line, &time) && ParseDashTime(time, Utc()).has_value() &&
         (!TakeLevel(&line).empty() || absl::StartsWith(line, "PHP "));
}

DecodeResult PhpFpm::Decode(absl::string_view original, const LineContext& lines,
                            event::Event& event) const {
  if (IsBlank(original)) return DecodeResult::kEmpty;
  ErrorLine line;
  line.message = original;
  absl::string_view time;
  if (!TakePrefix(&line.message, &time)) {
    if (!DateByMemory(lines, &line)) return DecodeResult::kNoTimestamp;
    line.action = "script_error";
    PublishError(line, kOrigin, lines, original, event);
    return DecodeResult::kDecoded;
  }
  const auto instant = ParseDashTime(time, lines.zone);
  if (!instant) return DecodeResult::kBadTimestamp;
  line.time = *instant;
  line.zone_used = !absl::EndsWith(time, " UTC") && !absl::EndsWith(time, " GMT");
  line.level = TakeLevel(&line.message);
  if (line.level.empty()) {
    ReadPhp(&line);
  } else {
    ReadChild(line.message, &line);
  }
  Remember(line, lines);
  PublishError(line, kOrigin, lines, original, event);
  return DecodeResult::kDecoded;
}

}  // namespace sequitur::decode
