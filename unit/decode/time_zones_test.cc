#include "decode/time_zones.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

int OffsetOf(absl::string_view name, absl::Time at = absl::FromUnixSeconds(1782864000)) {  // July
  TimeZones zones;
  const auto zone = zones.Find(name);
  return zone ? zone->At(at).offset : -1;
}

TEST(TimeZones, ReadsOffsetsAndNames) {
  EXPECT_EQ(OffsetOf("+02:00"), 7200);
  EXPECT_EQ(OffsetOf("-0230"), -9000);
  EXPECT_EQ(OffsetOf("+05"), 18000);
  EXPECT_EQ(OffsetOf("Z"), 0);
  EXPECT_EQ(OffsetOf("UTC"), 0);
  EXPECT_EQ(OffsetOf("Europe/Vienna"), 7200);
  EXPECT_EQ(OffsetOf("Europe/Vienna", absl::FromUnixSeconds(1795500000)), 3600);
}

TEST(TimeZones, RefusesWhatIsNoZoneAndNeverNamesAFile) {
  for (absl::string_view name :
       {"", "+", "+2", "+25:00", "+02:60", "+02:000", "Mars/Olympus", "/etc/localtime",
        "file:/etc/localtime", "../../../../etc/localtime", "Europe/../Europe/Vienna", "localtime",
        "libc:localtime"}) {
    EXPECT_EQ(OffsetOf(name), -1) << name;
  }
  EXPECT_EQ(OffsetOf(std::string(1000, 'a')), -1);
}

TEST(TimeZones, LoadsABoundedNumberOfNames) {
  TimeZones zones;
  for (size_t i = 0; i < TimeZones::kMaxZones; ++i) zones.Find(absl::StrCat("Nowhere/", i));
  EXPECT_FALSE(zones.Find("Europe/Vienna"));
}

}  // namespace
}  // namespace sequitur::decode
