#pragma once

// The calendars of text logs: one function a form, each over the whole text.
// Formats: nginx's and httpd's access time is the Common Log Format's; the
// error logs write local time without a zone, which is why they take one.
//
// Bounds:   constant work; no allocation but the arena's.
// Threads:  none needed; pure.

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/arena.h"
#include "decode/text_source.h"
#include "event/event.h"
#include "event/time.h"

namespace sequitur::decode {

// Length of "28/Sep/1970:12:00:00 +0600", which is always the same.
inline constexpr size_t kClfTimeSize = 26;

// Punctuation and digits in the places of a Common Log Format time; says
// nothing of the values, so it is cheap enough to try at every '['.
bool LooksLikeClfTime(absl::string_view text);

// 28/Sep/1970:12:00:00 +0600
std::optional<event::TimeNs> ParseClfTime(absl::string_view text);

// 1970/09/28 12:00:00 (nginx error log)
std::optional<event::TimeNs> ParseSlashTime(absl::string_view text, const absl::TimeZone& zone);

// Mon Sep 28 12:00:00 1970, Mon Sep 28 12:00:00.123456 1970 (httpd error log);
// the day of the week is not checked.
std::optional<event::TimeNs> ParseCtime(absl::string_view text, const absl::TimeZone& zone);

// 22-Nov-2026 01:05:05, with a fraction at debug level (php-fpm), or with a
// zone's name behind (PHP's error_log): UTC and GMT are known, others read as
// `zone`.
std::optional<event::TimeNs> ParseDashTime(absl::string_view text, const absl::TimeZone& zone);

// Seconds with decimals, as request times are logged: "0.123" -> nanoseconds;
// nullopt for "-" and for what no request lasts (a year).
std::optional<int64_t> ParseSeconds(absl::string_view text);

// RFC 3339 in UTC with at least milliseconds, in the arena.
absl::string_view FormatTime(event::TimeNs time, Arena& arena);

// Notes on the event that its time was read in a zone nobody named.
void FlagAssumedZone(const LineContext& lines, event::Event& event);

}  // namespace sequitur::decode
