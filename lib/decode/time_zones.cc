#include "decode/time_zones.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace sequitur::decode {
namespace {

// "+02:00", "-0200", "+02" -> seconds east of Greenwich.
std::optional<int> ParseOffset(absl::string_view text) {
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  int digits[4] = {0, 0, 0, 0};
  size_t count = 0;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ':' && i == 3) continue;
    if (!absl::ascii_isdigit(text[i]) || count == 4) return std::nullopt;
    digits[count++] = text[i] - '0';
  }
  const int hours = digits[0] * 10 + digits[1];
  const int minutes = digits[2] * 10 + digits[3];
  if ((count != 2 && count != 4) || hours > 18 || minutes > 59) return std::nullopt;
  const int seconds = hours * 3600 + minutes * 60;
  return text[0] == '-' ? -seconds : seconds;
}

// Names go to a file system: nothing but the letters of zone names may pass, no
// absolute path, no "..", and not the machine's own zone.
bool IsZoneName(absl::string_view name) {
  constexpr size_t kLongest = 48;
  if (name.empty() || name.size() > kLongest || !absl::ascii_isalpha(name[0])) return false;
  if (absl::EqualsIgnoreCase(name, "localtime")) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

std::optional<absl::TimeZone> Load(absl::string_view name) {
  if (name == "Z") return absl::UTCTimeZone();
  if (const auto offset = ParseOffset(name)) return absl::FixedTimeZone(*offset);
  absl::TimeZone zone;
  if (!IsZoneName(name) || !absl::LoadTimeZone(name, &zone)) return std::nullopt;
  return zone;
}

}  // namespace

std::optional<absl::TimeZone> TimeZones::Find(absl::string_view name) {
  if (name.empty()) return std::nullopt;
  const auto found = zones_.find(name);
  if (found != zones_.end()) return found->second;
  if (zones_.size() == kMaxZones) return std::nullopt;
  const auto zone = Load(name.substr(0, 64));
  zones_.emplace(std::string(name.substr(0, 64)), zone);
  return zone;
}

}  // namespace sequitur::decode
