#include "decode/syslog_prefix.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "decode/byte_search.h"

namespace sequitur::decode {
namespace {

constexpr size_t kMaxToken = 255;

constexpr absl::string_view kPrograms[] = {"nginx",  "httpd", "apache",   "php",
                                           "santad", "santa", "osqueryd", "eslogger",
                                           "zeek",   "bro",   "suricata", "goflow2"};

bool IsProgramWeRead(absl::string_view program) {
  return std::any_of(std::begin(kPrograms), std::end(kPrograms), [&](absl::string_view known) {
    return absl::StartsWithIgnoreCase(program, known);
  });
}

// Takes the text before the next blank, and the blank. Empty when there is no
// blank near, or two of them.
absl::string_view TakeToken(absl::string_view& text) {
  const size_t blank = FindByte(text.substr(0, kMaxToken + 1), ' ');
  if (blank == text.npos || blank == 0) return {};
  const absl::string_view token = text.substr(0, blank);
  text.remove_prefix(blank + 1);
  return token;
}

bool TakePriority(absl::string_view& text) {
  if (text.empty() || text.front() != '<') return false;
  size_t i = 1;
  while (i < text.size() && i < 4 && absl::ascii_isdigit(text[i])) ++i;
  if (i == 1 || i == text.size() || text[i] != '>') return false;
  text.remove_prefix(i + 1);
  return true;
}

// "Nov 24 03:49:10 ", the day padded by a blank or a zero.
bool TakeBsdTime(absl::string_view& text) {
  constexpr absl::string_view kShape = "aaa nn nn:nn:nn ";
  if (text.size() < kShape.size() || event::MonthFromAbbreviation(text.substr(0, 3)) == 0) {
    return false;
  }
  for (size_t i = 3; i < kShape.size(); ++i) {
    const bool digit = absl::ascii_isdigit(text[i]);
    const bool padding = i == 4 && text[i] == ' ';
    if (kShape[i] == 'n' ? !digit && !padding : text[i] != kShape[i]) return false;
  }
  text.remove_prefix(kShape.size());
  return true;
}

event::TimeNs TakeIsoTime(absl::string_view& text) {
  if (text.size() < 11 || text[4] != '-' || text[10] != 'T') return event::kNoTime;
  absl::string_view rest = text;
  const auto time = event::ParseIso8601(TakeToken(rest));
  if (!time) return event::kNoTime;
  text = rest;
  return *time;
}

// The program of a tag "nginx[12]:" or "nginx:"; empty for any other token.
absl::string_view ProgramOfTag(absl::string_view token) {
  if (!absl::ConsumeSuffix(&token, ":")) return {};
  if (absl::EndsWith(token, "]")) {
    const size_t open = token.find('[');
    if (open == token.npos) return {};
    token = token.substr(0, open);
  }
  const bool plain = std::all_of(token.begin(), token.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == '/';
  });
  return plain ? token : absl::string_view();
}

// "[host ]tag: ".
bool TakeHostAndTag(absl::string_view& text, SyslogPrefix& prefix) {
  const absl::string_view first = TakeToken(text);
  prefix.program = ProgramOfTag(first);
  if (!prefix.program.empty()) return true;
  prefix.host = first;
  prefix.program = ProgramOfTag(TakeToken(text));
  return !prefix.host.empty() && !prefix.program.empty();
}

absl::string_view NilToEmpty(absl::string_view token) {
  return token == "-" ? absl::string_view() : token;
}

// "-" or "[id name="value"]..."; a value may hold \" and \].
bool TakeStructuredData(absl::string_view& text) {
  if (absl::ConsumePrefix(&text, "-")) return true;
  if (text.empty() || text.front() != '[') return false;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == ']' && !quoted && (i + 1 == text.size() || text[i + 1] != '[')) {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

std::optional<SyslogPrefix> ParseRfc5424(absl::string_view text) {
  SyslogPrefix prefix;
  const absl::string_view time = TakeToken(text);
  if (time != "-") {
    const auto parsed = event::ParseIso8601(time);
    if (!parsed) return std::nullopt;
    prefix.time = *parsed;
  }
  prefix.host = NilToEmpty(TakeToken(text));
  prefix.program = NilToEmpty(TakeToken(text));
  const absl::string_view process = TakeToken(text);
  const absl::string_view message_id = TakeToken(text);
  if (process.empty() || message_id.empty() || !TakeStructuredData(text)) return std::nullopt;
  absl::ConsumePrefix(&text, " ");
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  prefix.rest = text;
  return prefix;
}

}  // namespace

std::optional<SyslogPrefix> ParseSyslogPrefix(absl::string_view line) {
  // No host's name begins so, and every document does.
  if (!line.empty() && line.front() == '{') return std::nullopt;
  SyslogPrefix prefix;
  const bool has_priority = TakePriority(line);
  if (has_priority && absl::ConsumePrefix(&line, "1 ")) return ParseRfc5424(line);
  const bool bsd = TakeBsdTime(line);
  if (!bsd) prefix.time = TakeIsoTime(line);
  if (!TakeHostAndTag(line, prefix)) return std::nullopt;
  if (!has_priority && !bsd && !IsProgramWeRead(prefix.program)) return std::nullopt;
  prefix.rest = line;
  return prefix;
}

}  // namespace sequitur::decode
