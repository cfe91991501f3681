#include "event/time.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"

namespace sequitur::event {
namespace {

// Reads exactly `digits` decimal digits off the front of `text`.
bool TakeDigits(absl::string_view* text, int digits, int* out) {
  if (text->size() < static_cast<size_t>(digits)) return false;
  int value = 0;
  for (int i = 0; i < digits; ++i) {
    const char c = (*text)[i];
    if (!absl::ascii_isdigit(c)) return false;
    value = value * 10 + (c - '0');
  }
  text->remove_prefix(digits);
  *out = value;
  return true;
}

bool TakeChar(absl::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// Digits of a fraction, to nanoseconds; further digits are dropped.
int64_t TakeFraction(absl::string_view* text) {
  int64_t nanos = 0;
  int64_t unit = 100'000'000;
  while (!text->empty() && absl::ascii_isdigit(text->front())) {
    nanos += (text->front() - '0') * unit;
    unit /= 10;
    text->remove_prefix(1);
  }
  return nanos;
}

// Z, +hh:mm, +hhmm, +hh; the whole rest of the text.
bool TakeZone(absl::string_view* text, int* offset_seconds) {
  if (*text == "Z" || *text == "z") {
    *offset_seconds = 0;
    text->remove_prefix(1);
    return true;
  }
  if (text->empty() || (text->front() != '+' && text->front() != '-')) return false;
  const int sign = text->front() == '-' ? -1 : 1;
  text->remove_prefix(1);
  int hours = 0, minutes = 0;
  if (!TakeDigits(text, 2, &hours)) return false;
  if (!text->empty()) {
    TakeChar(text, ':');
    if (!TakeDigits(text, 2, &minutes)) return false;
  }
  if (hours > 23 || minutes > 59) return false;
  *offset_seconds = sign * (hours * 3600 + minutes * 60);
  return text->empty();
}

constexpr int kDaysBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

bool IsLeap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysIn(int year, int month) {
  return kDaysBefore[month] - kDaysBefore[month - 1] + (month == 2 && IsLeap(year) ? 1 : 0);
}

bool InRange(int year, int month, int day, int hour, int minute, int second) {
  if (year < 1678 || year > 2261 || month < 1 || month > 12 || day < 1) return false;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
  // absl normalises 31 February; a log that says so is wrong.
  return day <= DaysIn(year, month);
}

// REQUIRES: a date in range. Days since 1970-01-01 of the proleptic Gregorian
// calendar.
int64_t DaysSinceEpoch(int year, int month, int day) {
  const int whole = year - 1;  // years over at the year's beginning, from year 1
  const int64_t leap_days = whole / 4 - whole / 100 + whole / 400;
  constexpr int64_t kEpoch = 719162;  // the same sum for 1970-01-01
  const int this_year = kDaysBefore[month - 1] + (month > 2 && IsLeap(year) ? 1 : 0) + day - 1;
  return int64_t{365} * whole + leap_days + this_year - kEpoch;
}

}  // namespace

std::optional<TimeNs> FromCivilUtcOffset(int year, int month, int day, int hour, int minute,
                                         int second, int64_t nanos, int utc_offset_seconds) {
  if (!InRange(year, month, day, hour, minute, second)) return std::nullopt;
  const int64_t days = DaysSinceEpoch(year, month, day);
  const int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - utc_offset_seconds;
  return seconds * kSecond + nanos;
}

std::optional<TimeNs> FromCivil(int year, int month, int day, int hour, int minute, int second,
                                int64_t nanos, const absl::TimeZone& zone) {
  if (!InRange(year, month, day, hour, minute, second)) return std::nullopt;
  const auto info = zone.At(absl::CivilSecond(year, month, day, hour, minute, second));
  return absl::ToUnixSeconds(info.pre) * kSecond + nanos;
}

namespace {

// The form that most records have, 2026-11-24T08:00:00.123Z; nullopt for others.
std::optional<TimeNs> ParseUtcTime(absl::string_view text) {
  constexpr size_t kSeconds = 19;
  if (text.size() <= kSeconds || text.back() != 'Z' || text[4] != '-' || text[7] != '-' ||
      text[10] != 'T' || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  // Bytes less '0': what is no digit is above nine.
  uint8_t digits[kSeconds];
  bool odd = false;
  for (size_t at = 0; at < kSeconds; ++at) digits[at] = static_cast<uint8_t>(text[at] - '0');
  for (const int at : {0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18}) odd |= digits[at] > 9;
  const int year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3];
  const int month = digits[5] * 10 + digits[6];
  const int day = digits[8] * 10 + digits[9];
  const int hour = digits[11] * 10 + digits[12];
  const int minute = digits[14] * 10 + digits[15];
  const int second = digits[17] * 10 + digits[18];
  int64_t nanos = 0;
  if (text[kSeconds] == '.') {
    int64_t unit = 100'000'000;
    for (size_t at = kSeconds + 1; at + 1 < text.size(); ++at, unit /= 10) {
      const auto digit = static_cast<uint8_t>(text[at] - '0');
      odd |= digit > 9;
      nanos += digit * unit;
    }
  } else if (text.size() != kSeconds + 1) {
    return std::nullopt;
  }
  if (odd) return std::nullopt;
  return FromCivilUtcOffset(year, month, day, hour, minute, second, nanos, 0);
}

}  // namespace

std::optional<TimeNs> ParseIso8601(absl::string_view text, const absl::TimeZone* zone) {
  if (const auto time = ParseUtcTime(text)) return time;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!TakeDigits(&text, 4, &year) || !TakeChar(&text, '-') || !TakeDigits(&text, 2, &month) ||
      !TakeChar(&text, '-') || !TakeDigits(&text, 2, &day)) {
    return std::nullopt;
  }
  int64_t nanos = 0;
  if (!text.empty()) {
    if (!TakeChar(&text, 'T') && !TakeChar(&text, 't') && !TakeChar(&text, ' ')) {
      return std::nullopt;
    }
    if (!TakeDigits(&text, 2, &hour) || !TakeChar(&text, ':') || !TakeDigits(&text, 2, &minute)) {
      return std::nullopt;
    }
    if (TakeChar(&text, ':') && !TakeDigits(&text, 2, &second)) return std::nullopt;
    if (TakeChar(&text, '.') || TakeChar(&text, ',')) nanos = TakeFraction(&text);
  }
  while (TakeChar(&text, ' ')) {
  }
  int offset = 0;
  if (!text.empty()) {
    if (!TakeZone(&text, &offset)) return std::nullopt;
    return FromCivilUtcOffset(year, month, day, hour, minute, second, nanos, offset);
  }
  if (zone == nullptr) return std::nullopt;
  return FromCivil(year, month, day, hour, minute, second, nanos, *zone);
}

std::optional<TimeNs> ParseEpochSeconds(absl::string_view text) {
  const bool negative = TakeChar(&text, '-');
  if (text.empty() || !absl::ascii_isdigit(text.front())) return std::nullopt;
  int64_t seconds = 0;
  while (!text.empty() && absl::ascii_isdigit(text.front())) {
    if (seconds > 9'000'000'000) return std::nullopt;
    seconds = seconds * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  if (seconds > 9'000'000'000) return std::nullopt;
  int64_t nanos = 0;
  if (TakeChar(&text, '.')) nanos = TakeFraction(&text);
  if (!text.empty()) return std::nullopt;
  const TimeNs time = seconds * kSecond + nanos;
  return negative ? -time : time;
}

std::optional<TimeNs> FromEpochSeconds(double seconds) {
  if (!std::isfinite(seconds) || std::fabs(seconds) > 9e9) return std::nullopt;
  return static_cast<TimeNs>(std::llround(seconds * 1e6)) * kMicrosecond;
}

int MonthFromAbbreviation(absl::string_view name) {
  if (name.size() != 3) return 0;
  constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  for (int i = 0; i < 12; ++i) {
    const char* const month = kMonths + 3 * i;
    if (month[0] == name[0] && month[1] == name[1] && month[2] == name[2]) return i + 1;
  }
  return 0;
}

std::string FormatIso8601(TimeNs time) {
  int64_t seconds = time / kSecond;
  int64_t nanos = time % kSecond;
  if (nanos < 0) {
    nanos += kSecond;
    --seconds;
  }
  const absl::CivilSecond civil = absl::CivilSecond(1970, 1, 1) + seconds;
  std::string fraction = absl::StrFormat("%09d", nanos);
  while (fraction.size() > 3 && fraction.back() == '0') fraction.pop_back();
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d.%sZ", civil.year(), civil.month(),
                         civil.day(), civil.hour(), civil.minute(), civil.second(), fraction);
}

}  // namespace sequitur::event
