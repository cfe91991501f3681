#pragma once

// Event time: nanoseconds since the Unix epoch, as every comparison in the
// correlator makes it. absl::Time stays at the edges (config, calendars).

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sequitur::event {

using TimeNs = int64_t;

inline constexpr TimeNs kNoTime = std::numeric_limits<TimeNs>::min();
inline constexpr TimeNs kEndOfTime = std::numeric_limits<TimeNs>::max();
inline constexpr TimeNs kMicrosecond = 1'000;
inline constexpr TimeNs kMillisecond = 1'000'000;
inline constexpr TimeNs kSecond = 1'000'000'000;

// a + b, saturating at the ends of the range instead of wrapping.
constexpr TimeNs AddSaturating(TimeNs a, TimeNs b) {
  TimeNs out = 0;
  if (__builtin_add_overflow(a, b, &out)) return b < 0 ? kNoTime + 1 : kEndOfTime;
  return out;
}

// RFC 3339 / ISO 8601 with 'T' or a blank, any number of fraction digits, and
// a zone as Z, +hh:mm, +hhmm or +hh. Without a zone the text is taken to be in
// `zone` when one is given, else refused. Leap seconds become the next second.
std::optional<TimeNs> ParseIso8601(absl::string_view text, const absl::TimeZone* zone = nullptr);

// Seconds since the epoch as text or number, fraction kept to the nanosecond
// (text) or the microsecond (double).
std::optional<TimeNs> ParseEpochSeconds(absl::string_view text);
std::optional<TimeNs> FromEpochSeconds(double seconds);

// Calendar fields as read from a log line -> instant; nullopt when a field is
// out of range. `nanos` is the fraction. In the hour that a zone repeats or
// skips, the earlier reading.
std::optional<TimeNs> FromCivil(int year, int month, int day, int hour, int minute, int second,
                                int64_t nanos, const absl::TimeZone& zone);
std::optional<TimeNs> FromCivilUtcOffset(int year, int month, int day, int hour, int minute,
                                         int second, int64_t nanos, int utc_offset_seconds);

// "Jan".."Dec" -> 1..12, case-sensitive as the loggers write them; 0 = none.
int MonthFromAbbreviation(absl::string_view name);

// 2026-11-24T03:49:10.123456789Z, trailing zeros of the fraction cut to
// milliseconds at least.
std::string FormatIso8601(TimeNs time);

}  // namespace sequitur::event
