#include "loadgen/clock_text.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace sequitur::loadgen {
namespace {

constexpr absl::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr absl::string_view kWeekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

std::string Fraction(TimeNs time, int digits) {
  char text[16];
  std::snprintf(text, sizeof text, "%09d", static_cast<int>(time % kSecond));
  return std::string(text, digits);
}

}  // namespace

const ClockText::Calendar& ClockText::At(TimeNs time) {
  const int64_t second = time / kSecond;
  if (second == last_.second) return last_;
  const auto civil = absl::ToCivilSecond(absl::FromUnixSeconds(second), absl::UTCTimeZone());
  last_.second = second;
  last_.year = static_cast<int>(civil.year());
  last_.month = civil.month();
  last_.day = civil.day();
  last_.hour = civil.hour();
  last_.minute = civil.minute();
  last_.seconds = civil.second();
  last_.month_name = kMonths[civil.month() - 1];
  last_.weekday_name = kWeekdays[static_cast<int>(absl::GetWeekday(civil))];
  return last_;
}

std::string ClockText::Iso(TimeNs time, int fraction_digits) {
  const Calendar& c = At(time);
  char text[24];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day, c.hour,
                c.minute, c.seconds);
  if (fraction_digits == 0) return absl::StrCat(text, "Z");
  return absl::StrCat(text, ".", Fraction(time, fraction_digits), "Z");
}

std::string ClockText::NginxAccess(TimeNs time) {
  const Calendar& c = At(time);
  char text[32];
  std::snprintf(text, sizeof text, "%02d/%s/%04d:%02d:%02d:%02d +0000", c.day, c.month_name.data(),
                c.year, c.hour, c.minute, c.seconds);
  return text;
}

std::string ClockText::NginxError(TimeNs time) {
  const Calendar& c = At(time);
  char text[24];
  std::snprintf(text, sizeof text, "%04d/%02d/%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour,
                c.minute, c.seconds);
  return text;
}

std::string ClockText::HttpdError(TimeNs time) {
  const Calendar& c = At(time);
  char text[40];
  std::snprintf(text, sizeof text, "%s %s %02d %02d:%02d:%02d.%06d %04d", c.weekday_name.data(),
                c.month_name.data(), c.day, c.hour, c.minute, c.seconds,
                static_cast<int>(time % kSecond / kMicrosecond), c.year);
  return text;
}

std::string ClockText::PhpFpm(TimeNs time) {
  const Calendar& c = At(time);
  char text[24];
  std::snprintf(text, sizeof text, "%02d-%s-%04d %02d:%02d:%02d", c.day, c.month_name.data(),
                c.year, c.hour, c.minute, c.seconds);
  return text;
}

std::string DecimalSeconds(TimeNs time, int fraction_digits) {
  return absl::StrCat(time / kSecond, ".", Fraction(time, fraction_digits));
}

}  // namespace sequitur::loadgen
