#include "yaml/scalar.h"

#include <cmath>
#include <iterator>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sequitur::yaml {
namespace {

// Takes the digits at the start of `text`; nullopt when there are none or they
// overflow.
std::optional<int64_t> ConsumeDigits(absl::string_view& text) {
  size_t size = 0;
  while (size < text.size() && absl::ascii_isdigit(text[size])) ++size;
  int64_t value = 0;
  if (size == 0 || !absl::SimpleAtoi(text.substr(0, size), &value)) return std::nullopt;
  text.remove_prefix(size);
  return value;
}

struct DurationUnit {
  absl::string_view name;
  absl::Duration length;
};

std::optional<absl::Duration> ConsumeDurationUnit(absl::string_view& text) {
  const DurationUnit units[] = {{"ms", absl::Milliseconds(1)},  // before "m"
                                {"s", absl::Seconds(1)},
                                {"m", absl::Minutes(1)},
                                {"h", absl::Hours(1)},
                                {"d", absl::Hours(24)}};
  for (const DurationUnit& unit : units) {
    if (!absl::StartsWith(text, unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.length;
  }
  return std::nullopt;
}

struct SizeUnit {
  absl::string_view name;
  int64_t bytes;
};

constexpr SizeUnit kSizeUnits[] = {
    {"", 1},        {"b", 1},         {"k", 1 << 10},    {"kib", 1 << 10},
    {"kb", 1000},   {"m", 1 << 20},   {"mib", 1 << 20},  {"mb", 1000 * 1000},
    {"g", 1 << 30}, {"gib", 1 << 30}, {"gb", 1000000000}};

std::optional<int64_t> ParseRadix(absl::string_view digits, int base) {
  int64_t value = 0;
  if (digits.empty()) return std::nullopt;
  for (const char c : digits) {
    const int digit = absl::ascii_isdigit(c)    ? c - '0'
                      : absl::ascii_isxdigit(c) ? absl::ascii_tolower(c) - 'a' + 10
                                                : base;
    if (digit >= base || value > (std::numeric_limits<int64_t>::max() - digit) / base) {
      return std::nullopt;
    }
    value = value * base + digit;
  }
  return value;
}

}  // namespace

std::optional<bool> ParseBool(absl::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

std::optional<int64_t> ParseInt(absl::string_view text) {
  if (absl::StartsWith(text, "0x")) return ParseRadix(text.substr(2), 16);
  if (absl::StartsWith(text, "0o")) return ParseRadix(text.substr(2), 8);
  absl::string_view digits = text;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  int64_t value = 0;
  // SimpleAtoi alone would take blanks around the digits.
  if (digits.empty() || !absl::ascii_isdigit(digits.front()) ||
      !absl::ascii_isdigit(digits.back()) || !absl::SimpleAtoi(text, &value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<double> ParseNumber(absl::string_view text) {
  if (const auto whole = ParseInt(text)) return static_cast<double>(*whole);
  if (text.find_first_not_of("0123456789+-.eE") != absl::string_view::npos) return std::nullopt;
  double value = 0;
  if (!absl::SimpleAtod(text, &value) || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<absl::Duration> ParseDuration(absl::string_view text) {
  if (text == "0") return absl::ZeroDuration();
  if (text.empty()) return std::nullopt;
  absl::Duration sum;
  while (!text.empty()) {
    const auto count = ConsumeDigits(text);
    if (!count) return std::nullopt;
    const auto unit = ConsumeDurationUnit(text);
    if (!unit) return std::nullopt;
    sum += *count * *unit;
    if (sum > kMaxDuration) return std::nullopt;
  }
  return sum;
}

std::optional<int64_t> ParseBytes(absl::string_view text) {
  const auto count = ConsumeDigits(text);
  if (!count) return std::nullopt;
  text = absl::StripLeadingAsciiWhitespace(text);
  for (const SizeUnit& unit : kSizeUnits) {
    if (!absl::EqualsIgnoreCase(text, unit.name)) continue;
    if (*count > std::numeric_limits<int64_t>::max() / unit.bytes) return std::nullopt;
    return *count * unit.bytes;
  }
  return std::nullopt;
}

std::string Quoted(absl::string_view text) {
  constexpr size_t kShown = 60;
  size_t size = std::min(text.size(), kShown);
  // Never cut inside a character.
  while (size < text.size() && size > 0 &&
         (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) {
    --size;
  }
  return absl::StrCat("'", absl::Utf8SafeCEscape(text.substr(0, size)),
                      size < text.size() ? "..." : "", "'");
}

}  // namespace sequitur::yaml
