#include "decode/calendar_scan.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace sequitur::decode {
namespace {

constexpr absl::string_view kConversions = "YmdeHMSbhBaAyTFDRzZsn t%";

bool TakeNumber(absl::string_view* text, size_t digits, int* out) {
  // %e pads with a blank.
  size_t at = !text->empty() && text->front() == ' ' ? 1 : 0;
  if (text->size() < digits || at >= digits) return false;
  int value = 0;
  for (; at < digits; ++at) {
    if (!absl::ascii_isdigit((*text)[at])) return false;
    value = value * 10 + ((*text)[at] - '0');
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

// The conversions that stand for several.
absl::string_view Expansion(char conversion) {
  switch (conversion) {
    case 'T':
      return "%H:%M:%S";
    case 'R':
      return "%H:%M";
    case 'F':
      return "%Y-%m-%d";
    case 'D':
      return "%m/%d/%y";
    default:
      return {};
  }
}

}  // namespace

bool CalendarScan::Understands(absl::string_view format) {
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    if (++i == format.size() || !absl::StrContains(kConversions, format.substr(i, 1))) return false;
  }
  return true;
}

size_t CalendarScan::Read(absl::string_view text, absl::string_view format) {
  absl::string_view rest = text;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      if (!TakeChar(&rest, format[i])) return absl::string_view::npos;
      continue;
    }
    if (++i == format.size()) return absl::string_view::npos;
    const absl::string_view expansion = Expansion(format[i]);
    if (!expansion.empty()) {
      const size_t taken = Read(rest, expansion);
      if (taken == absl::string_view::npos) return taken;
      rest.remove_prefix(taken);
    } else if (!ReadOne(format[i], &rest)) {
      return absl::string_view::npos;
    }
  }
  return text.size() - rest.size();
}

bool CalendarScan::ReadOne(char conversion, absl::string_view* text) {
  switch (conversion) {
    case 'Y':
      return TakeNumber(text, 4, &year_);
    case 'y':
      if (!TakeNumber(text, 2, &year_)) return false;
      year_ += year_ < 69 ? 2000 : 1900;
      return true;
    case 'm':
      return TakeNumber(text, 2, &month_);
    case 'd':
    case 'e':
      return TakeNumber(text, 2, &day_);
    case 'H':
      return TakeNumber(text, 2, &hour_);
    case 'M':
      return TakeNumber(text, 2, &minute_);
    case 'S':
      return TakeNumber(text, 2, &second_);
    case 'b':
    case 'h':
    case 'B':
      return ReadName(text, true);
    case 'a':
    case 'A':
    case 'Z':
      return ReadName(text, false);
    case 'z':
      return ReadOffset(text);
    case 's': {
      const size_t digits = text->find_first_not_of("0123456789");
      const auto instant = event::ParseEpochSeconds(text->substr(0, digits));
      if (!instant) return false;
      instant_ = instant;
      text->remove_prefix(std::min(digits, text->size()));
      return true;
    }
    case 'n':
      return TakeChar(text, '\n');
    case 't':
      return TakeChar(text, '\t');
    default:
      return TakeChar(text, '%');
  }
}

bool CalendarScan::ReadName(absl::string_view* text, bool is_month) {
  size_t size = 0;
  while (size < text->size() && absl::ascii_isalpha((*text)[size])) ++size;
  const absl::string_view name = text->substr(0, size);
  text->remove_prefix(size);
  if (is_month) month_ = event::MonthFromAbbreviation(name.substr(0, 3));
  return size > 0;
}

bool CalendarScan::ReadOffset(absl::string_view* text) {
  if (TakeChar(text, 'Z')) {
    offset_ = 0;
    return true;
  }
  if (text->empty() || (text->front() != '+' && text->front() != '-')) return false;
  const int sign = text->front() == '-' ? -1 : 1;
  text->remove_prefix(1);
  int hours = 0, minutes = 0;
  if (!TakeNumber(text, 2, &hours)) return false;
  TakeChar(text, ':');
  if (!TakeNumber(text, 2, &minutes)) return false;
  offset_ = sign * (hours * 3600 + minutes * 60);
  return true;
}

std::optional<event::TimeNs> CalendarScan::Resolve(const absl::TimeZone& zone) const {
  if (instant_) return *instant_ + nanos_;
  if (offset_) {
    return event::FromCivilUtcOffset(year_, month_, day_, hour_, minute_, second_, nanos_,
                                     *offset_);
  }
  return event::FromCivil(year_, month_, day_, hour_, minute_, second_, nanos_, zone);
}

}  // namespace sequitur::decode
