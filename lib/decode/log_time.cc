#include "decode/log_time.h"

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"

namespace sequitur::decode {
namespace {

using event::TimeNs;

// True when `text` has a digit wherever `shape` has '0', a letter wherever it
// has 'a', and the very character elsewhere.
bool HasShape(absl::string_view text, absl::string_view shape) {
  if (text.size() < shape.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    const char c = text[i];
    if (shape[i] == '0'   ? !absl::ascii_isdigit(c)
        : shape[i] == 'a' ? !absl::ascii_isalpha(c)
                          : c != shape[i]) {
      return false;
    }
  }
  return true;
}

// REQUIRES: digits in those places.
int Number(absl::string_view text, size_t at, size_t digits) {
  int value = 0;
  for (size_t i = at; i < at + digits; ++i) value = value * 10 + (text[i] - '0');
  return value;
}

// ".123456" -> nanoseconds, taken off the front; 0 when there is none.
int64_t TakeFraction(absl::string_view* text) {
  if (text->empty() || text->front() != '.') return 0;
  text->remove_prefix(1);
  int64_t nanos = 0;
  int64_t unit = 100'000'000;
  while (!text->empty() && absl::ascii_isdigit(text->front())) {
    nanos += (text->front() - '0') * unit;
    unit /= 10;
    text->remove_prefix(1);
  }
  return nanos;
}

char* PutDigits(char* to, int64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    to[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return to + digits;
}

}  // namespace

bool LooksLikeClfTime(absl::string_view text) {
  if (text.size() < kClfTimeSize || text[2] != '/' || text[6] != '/' || text[11] != ':' ||
      text[14] != ':' || text[17] != ':' || text[20] != ' ' ||
      (text[21] != '+' && text[21] != '-')) {
    return false;
  }
  bool fits = true;
  for (const int at : {0, 1, 7, 8, 9, 10, 12, 13, 15, 16, 18, 19, 22, 23, 24, 25}) {
    fits &= absl::ascii_isdigit(static_cast<unsigned char>(text[at]));
  }
  for (const int at : {3, 4, 5}) fits &= absl::ascii_isalpha(static_cast<unsigned char>(text[at]));
  return fits;
}

std::optional<TimeNs> ParseClfTime(absl::string_view text) {
  if (text.size() != kClfTimeSize || !LooksLikeClfTime(text)) return std::nullopt;
  const int offset = Number(text, 22, 2) * 3600 + Number(text, 24, 2) * 60;
  return event::FromCivilUtcOffset(Number(text, 7, 4),
                                   event::MonthFromAbbreviation(text.substr(3, 3)),
                                   Number(text, 0, 2), Number(text, 12, 2), Number(text, 15, 2),
                                   Number(text, 18, 2), 0, text[21] == '-' ? -offset : offset);
}

std::optional<TimeNs> ParseSlashTime(absl::string_view text, const absl::TimeZone& zone) {
  constexpr absl::string_view kShape = "0000/00/00 00:00:00";
  if (text.size() != kShape.size() || !HasShape(text, kShape)) return std::nullopt;
  return event::FromCivil(Number(text, 0, 4), Number(text, 5, 2), Number(text, 8, 2),
                          Number(text, 11, 2), Number(text, 14, 2), Number(text, 17, 2), 0, zone);
}

std::optional<TimeNs> ParseCtime(absl::string_view text, const absl::TimeZone& zone) {
  // A day below ten is written with a zero by httpd, with a blank by ctime(3).
  if (!HasShape(text, "aaa aaa 00 00:00:00") && !HasShape(text, "aaa aaa  0 00:00:00")) {
    return std::nullopt;
  }
  absl::string_view rest = text.substr(19);
  const int64_t nanos = TakeFraction(&rest);
  if (rest.size() != 5 || !HasShape(rest, " 0000")) return std::nullopt;
  const int day = text[8] == ' ' ? Number(text, 9, 1) : Number(text, 8, 2);
  return event::FromCivil(Number(rest, 1, 4), event::MonthFromAbbreviation(text.substr(4, 3)), day,
                          Number(text, 11, 2), Number(text, 14, 2), Number(text, 17, 2), nanos,
                          zone);
}

std::optional<TimeNs> ParseDashTime(absl::string_view text, const absl::TimeZone& zone) {
  constexpr absl::string_view kShape = "00-aaa-0000 00:00:00";
  if (!HasShape(text, kShape)) return std::nullopt;
  absl::string_view rest = text.substr(kShape.size());
  const int64_t nanos = TakeFraction(&rest);
  if (!rest.empty() && rest.front() != ' ') return std::nullopt;
  const bool utc = rest == " UTC" || rest == " GMT";
  return event::FromCivil(Number(text, 7, 4), event::MonthFromAbbreviation(text.substr(3, 3)),
                          Number(text, 0, 2), Number(text, 12, 2), Number(text, 15, 2),
                          Number(text, 18, 2), nanos, utc ? absl::UTCTimeZone() : zone);
}

std::optional<int64_t> ParseSeconds(absl::string_view text) {
  constexpr TimeNs kYear = 366LL * 86400 * event::kSecond;
  const auto seconds = event::ParseEpochSeconds(text);
  if (!seconds || *seconds < 0 || *seconds > kYear) return std::nullopt;
  return seconds;
}

absl::string_view FormatTime(TimeNs time, Arena& arena) {
  int64_t seconds = time / event::kSecond;
  int64_t nanos = time % event::kSecond;
  if (nanos < 0) {
    nanos += event::kSecond;
    --seconds;
  }
  const absl::CivilSecond civil = absl::CivilSecond(1970, 1, 1) + seconds;
  constexpr absl::string_view kShape = "0000-00-00T00:00:00.000000000Z";
  char* const text = arena.Allocate<char>(kShape.size());
  char* to = PutDigits(text, civil.year(), 4);
  const auto put = [&to](char mark, int64_t value, int digits) {
    *to++ = mark;
    to = PutDigits(to, value, digits);
  };
  put('-', civil.month(), 2);
  put('-', civil.day(), 2);
  put('T', civil.hour(), 2);
  put(':', civil.minute(), 2);
  put(':', civil.second(), 2);
  put('.', nanos, 9);
  for (int cut = 0; cut < 6 && to[-1] == '0'; ++cut) --to;
  *to++ = 'Z';
  return {text, static_cast<size_t>(to - text)};
}

void FlagAssumedZone(const LineContext& lines, event::Event& event) {
  if (!lines.zone_is_assumed) return;
  event.Append(event::field::kSequiturFlags, event::Value::String("time_assumed_utc"));
}

}  // namespace sequitur::decode
