#include "decode/undated_entry.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sequitur::decode {
namespace {

constexpr absl::string_view kHttpdLevels[] = {"emerg",  "alert", "crit",  "error", "warn",
                                              "notice", "info",  "debug", "trace"};
constexpr absl::string_view kPhpLevels[] = {"ALERT", "ERROR", "WARNING", "NOTICE", "DEBUG"};

// The content of "[...] " at the start of `line`, which it takes off.
absl::string_view TakeBracket(absl::string_view& line) {
  constexpr size_t kLongest = 64;
  const size_t close = line.substr(0, kLongest).find("] ");
  if (line.empty() || line.front() != '[' || close == line.npos) return {};
  const absl::string_view content = line.substr(1, close - 1);
  line.remove_prefix(close + 2);
  return content;
}

// "core:notice", ":error", "error", "rewrite:trace3".
bool IsHttpdLevel(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon != text.npos) text.remove_prefix(colon + 1);
  if (absl::ConsumePrefix(&text, "trace")) return text.size() <= 1;
  return std::find(std::begin(kHttpdLevels), std::end(kHttpdLevels), text) !=
         std::end(kHttpdLevels);
}

bool IsPhpLevel(absl::string_view text) {
  return std::find(std::begin(kPhpLevels), std::end(kPhpLevels), text) != std::end(kPhpLevels);
}

}  // namespace

absl::string_view DateEntry(SourceKind kind, absl::string_view line, event::TimeNs time,
                            const absl::TimeZone& zone, Arena& arena) {
  if (time == event::kNoTime) return line;
  absl::string_view rest = line;
  const absl::string_view level = TakeBracket(rest);
  const absl::Time at = absl::FromUnixNanos(time);
  if (kind == SourceKind::kHttpdError && IsHttpdLevel(level)) {
    return arena.Copy(absl::StrCat(absl::FormatTime("[%a %b %d %H:%M:%E6S %Y] ", at, zone), line));
  }
  if (kind == SourceKind::kPhpFpm && IsPhpLevel(level)) {
    return arena.Copy(
        absl::StrCat(absl::FormatTime("[%d-%b-%Y %H:%M:%S] ", at, zone), level, ": ", rest));
  }
  return line;
}

}  // namespace sequitur::decode
