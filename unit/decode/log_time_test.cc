#include "decode/log_time.h"

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

std::string Text(std::optional<event::TimeNs> time) {
  return time ? event::FormatIso8601(*time) : "none";
}

const absl::TimeZone kMinusTwo = absl::FixedTimeZone(-2 * 3600);

TEST(LogTime, ReadsTheCommonLogFormat) {
  EXPECT_EQ(Text(ParseClfTime("28/Sep/1970:12:00:00 +0600")), "1970-09-28T06:00:00.000Z");
  EXPECT_EQ(Text(ParseClfTime("01/Jan/2026:00:00:00 -0330")), "2026-01-01T03:30:00.000Z");
  for (absl::string_view wrong :
       {"", "28/Sep/1970:12:00:00", "28/Sep/1970:12:00:00 0600", "28/sep/1970:12:00:00 +0600",
        "31/Feb/1970:12:00:00 +0600", "28/Sep/1970:24:00:00 +0600", "28/Sep/1970:12:00:00 +0600 ",
        "2/Sep/1970:12:00:00 +0600  "}) {
    EXPECT_EQ(Text(ParseClfTime(wrong)), "none") << wrong;
  }
}

TEST(LogTime, ReadsLocalTimesInTheZoneGiven) {
  EXPECT_EQ(Text(ParseSlashTime("2016/10/25 14:49:34", kMinusTwo)), "2016-10-25T16:49:34.000Z");
  EXPECT_EQ(Text(ParseCtime("Mon Dec 26 16:22:08 2016", kMinusTwo)), "2016-12-26T18:22:08.000Z");
  EXPECT_EQ(Text(ParseCtime("Mon Dec 26 16:15:55.103522 2016", kMinusTwo)),
            "2016-12-26T18:15:55.103522Z");
  EXPECT_EQ(Text(ParseCtime("Thu Jan  1 00:00:01 2026", absl::UTCTimeZone())),
            "2026-01-01T00:00:01.000Z");
  EXPECT_EQ(Text(ParseDashTime("22-Nov-2026 01:05:05", kMinusTwo)), "2026-11-22T03:05:05.000Z");
  EXPECT_EQ(Text(ParseDashTime("22-Nov-2026 01:05:05.25", kMinusTwo)), "2026-11-22T03:05:05.250Z");
  EXPECT_EQ(Text(ParseDashTime("22-Nov-2026 01:05:05 UTC", kMinusTwo)), "2026-11-22T01:05:05.000Z");
}

TEST(LogTime, RefusesWhatIsNoTime) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  EXPECT_EQ(Text(ParseSlashTime("2016/13/25 14:49:34", utc)), "none");
  EXPECT_EQ(Text(ParseSlashTime("2016-10-25 14:49:34", utc)), "none");
  EXPECT_EQ(Text(ParseCtime("Mon Foo 26 16:22:08 2016", utc)), "none");
  EXPECT_EQ(Text(ParseCtime("Mon Dec 26 16:22:08", utc)), "none");
  EXPECT_EQ(Text(ParseDashTime("22-Nov-2026 25:05:05", utc)), "none");
  EXPECT_EQ(Text(ParseDashTime("22-Nov-2026 01:05:05x", utc)), "none");
}

TEST(LogTime, ReadsRequestTimes) {
  EXPECT_EQ(ParseSeconds("0.123"), 123'000'000);
  EXPECT_EQ(ParseSeconds("11"), 11'000'000'000);
  EXPECT_EQ(ParseSeconds("-"), std::nullopt);
  EXPECT_EQ(ParseSeconds("-1"), std::nullopt);
  EXPECT_EQ(ParseSeconds("99999999999"), std::nullopt);
}

TEST(LogTime, FormatsAsEventTimeDoes) {
  Arena arena;
  for (event::TimeNs time : {event::TimeNs{0}, event::TimeNs{1'700'000'000'123'456'789},
                             event::TimeNs{1'700'000'000'120'000'000}, event::TimeNs{-1}}) {
    EXPECT_EQ(FormatTime(time, arena), event::FormatIso8601(time));
  }
}

}  // namespace
}  // namespace sequitur::decode
