#include "yaml/scalar.h"

#include "gtest/gtest.h"

namespace sequitur::yaml {
namespace {

TEST(ParseDuration, ReadsSumsOfWholeUnits) {
  EXPECT_EQ(ParseDuration("250ms"), absl::Milliseconds(250));
  EXPECT_EQ(ParseDuration("30s"), absl::Seconds(30));
  EXPECT_EQ(ParseDuration("5m"), absl::Minutes(5));
  EXPECT_EQ(ParseDuration("1h30m"), absl::Minutes(90));
  EXPECT_EQ(ParseDuration("2d"), absl::Hours(48));
  EXPECT_EQ(ParseDuration("1d2h3m4s5ms"),
            absl::Hours(26) + absl::Minutes(3) + absl::Seconds(4) + absl::Milliseconds(5));
  EXPECT_EQ(ParseDuration("0"), absl::ZeroDuration());
  EXPECT_EQ(ParseDuration("0s"), absl::ZeroDuration());
}

TEST(ParseDuration, RefusesTheRest) {
  for (absl::string_view text : {"", "5", "5 m", "-5m", "1.5h", "m", "5x", "5m3", "5M", "1y",
                                 "99999999999999999999s", "40000d", "9223372036854775807d"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(ParseBytes, ReadsBinaryAndDecimalUnits) {
  EXPECT_EQ(ParseBytes("512"), 512);
  EXPECT_EQ(ParseBytes("512k"), 512 << 10);
  EXPECT_EQ(ParseBytes("512KiB"), 512 << 10);
  EXPECT_EQ(ParseBytes("64 MiB"), 64 << 20);
  EXPECT_EQ(ParseBytes("1GiB"), 1 << 30);
  EXPECT_EQ(ParseBytes("2MB"), 2'000'000);
  for (absl::string_view text : {"", "k", "-1k", "1.5g", "1t", "9223372036854775807k", "1kk"}) {
    EXPECT_EQ(ParseBytes(text), std::nullopt) << text;
  }
}

TEST(ParseInt, FollowsTheCoreSchema) {
  EXPECT_EQ(ParseInt("-12"), -12);
  EXPECT_EQ(ParseInt("+12"), 12);
  EXPECT_EQ(ParseInt("0x1F"), 31);
  EXPECT_EQ(ParseInt("0o17"), 15);
  EXPECT_EQ(ParseInt("9223372036854775807"), INT64_MAX);
  for (absl::string_view text : {"", "-", " 1", "1 ", "1_000", "1.0", "0x", "0xg",
                                 "9223372036854775808", "0x8000000000000000", "one"}) {
    EXPECT_EQ(ParseInt(text), std::nullopt) << text;
  }
}

TEST(ParseNumber, TakesFiniteDecimalsOnly) {
  EXPECT_EQ(ParseNumber("1.5"), 1.5);
  EXPECT_EQ(ParseNumber("-2e3"), -2000);
  EXPECT_EQ(ParseNumber("7"), 7);
  for (absl::string_view text : {"", "nan", ".inf", "inf", "0x1p3", "1e999", "1.5s", "-"}) {
    EXPECT_EQ(ParseNumber(text), std::nullopt) << text;
  }
}

TEST(ParseBool, KnowsOnlyTrueAndFalse) {
  EXPECT_EQ(ParseBool("true"), true);
  EXPECT_EQ(ParseBool("False"), false);
  EXPECT_EQ(ParseBool("yes"), std::nullopt);
  EXPECT_EQ(ParseBool("1"), std::nullopt);
}

TEST(Quoted, CutsLongTextBetweenCharactersAndShowsControls) {
  EXPECT_EQ(Quoted("a b"), "'a b'");
  EXPECT_EQ(Quoted("a\x1b\n"), "'a\\033\\n'");
  const std::string cut = Quoted(std::string(59, 'a') + "é and more");
  EXPECT_EQ(cut, "'" + std::string(59, 'a') + "...'");
}

}  // namespace
}  // namespace sequitur::yaml
