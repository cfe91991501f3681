#include "decode/calendar_scan.h"

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

std::string Read(absl::string_view text, absl::string_view format) {
  CalendarScan scan;
  if (scan.Read(text, format) != text.size()) return "unread";
  const auto time = scan.Resolve(absl::FixedTimeZone(3600));
  return time ? event::FormatIso8601(*time) : "no time";
}

TEST(CalendarScan, ReadsStrftimesConversions) {
  struct Case {
    absl::string_view text, format, time;
  };
  const Case kCases[] = {
      {"28/Sep/2026:12:00:01 +0600", "%d/%b/%Y:%H:%M:%S %z", "2026-09-28T06:00:01.000Z"},
      {"2026-09-28T12:00:01Z", "%FT%T%z", "2026-09-28T12:00:01.000Z"},
      {"2026-09-28 12:00:01", "%F %T", "2026-09-28T11:00:01.000Z"},
      {"Mon Sep  8 12:00 2026", "%a %b %e %R %Y", "2026-09-08T11:00:00.000Z"},
      {"09/28/26 12:00:01 CET", "%D %T %Z", "2026-09-28T11:00:01.000Z"},
      {"1790596801", "%s", "2026-09-28T12:00:01.000Z"},
      {"100% 1790596801", "100%% %s", "2026-09-28T12:00:01.000Z"},
      {"2026-02-31 12:00:01", "%F %T", "no time"},
      {"2026-Foo-01", "%Y-%b-%d", "no time"},
      {"2026-09", "%F", "unread"},
      {"x", "%Y", "unread"},
      {"+06", "%z", "unread"},
  };
  for (const Case& c : kCases) EXPECT_EQ(Read(c.text, c.format), c.time) << c.text;
}

TEST(CalendarScan, SaysWhatItCannotRead) {
  EXPECT_TRUE(CalendarScan::Understands("[%d/%b/%Y:%H:%M:%S %z] 100%%"));
  EXPECT_FALSE(CalendarScan::Understands("%c"));
  EXPECT_FALSE(CalendarScan::Understands("%H%"));
}

TEST(CalendarScan, PutsPartsTogether) {
  CalendarScan scan;
  EXPECT_TRUE(scan.empty());
  scan.Read("2026-09-28T12:00:01", "%FT%T");
  EXPECT_TRUE(scan.NeedsZone());
  scan.AddFraction(250 * event::kMicrosecond);
  scan.Read("-0100", "%z");
  EXPECT_FALSE(scan.NeedsZone());
  EXPECT_EQ(event::FormatIso8601(*scan.Resolve(absl::UTCTimeZone())), "2026-09-28T13:00:01.00025Z");
}

}  // namespace
}  // namespace sequitur::decode
