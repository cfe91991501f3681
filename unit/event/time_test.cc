#include "event/time.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "gtest/gtest.h"

namespace sequitur::event {
namespace {

TEST(FromCivilUtcOffset, AgreesWithAbseilOnEveryDay) {
  const absl::CivilDay epoch(1970, 1, 1);
  size_t days = 0;
  for (int year = 1679; year < 2261; ++year) {
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= 32; ++day) {
        const auto time = FromCivilUtcOffset(year, month, day, 0, 0, 0, 0, 0);
        const absl::CivilDay civil(year, month, day);
        ASSERT_EQ(time.has_value(), civil.day() == day) << year << '-' << month << '-' << day;
        if (!time) continue;
        ASSERT_EQ(*time, (civil - epoch) * 86'400 * kSecond) << year << '-' << month << '-' << day;
        ++days;
      }
    }
  }
  EXPECT_GT(days, 582u * 365);
}

// The common form has a way of its own: with a blank before its Z, the same text
// goes the other.
TEST(ParseIso8601, ReadsTheCommonFormAsAnyOther) {
  std::mt19937 random(5);
  size_t times = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string text =
        absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d", 1900 + random() % 200, random() % 14,
                        random() % 33, random() % 26, random() % 62, random() % 62);
    if (random() % 4 != 0) {
      absl::StrAppend(&text, ".", std::to_string(random()).substr(0, random() % 11));
    }
    constexpr char kPieces[] = "0123456789-:T.Z x";
    if (random() % 3 == 0) text[random() % text.size()] = kPieces[random() % (sizeof kPieces - 1)];
    const auto common = ParseIso8601(absl::StrCat(text, "Z"));
    ASSERT_EQ(common, ParseIso8601(absl::StrCat(text, " Z"))) << text;
    times += common ? 1 : 0;
  }
  EXPECT_GT(times, 10'000u);
}

}  // namespace
}  // namespace sequitur::event
