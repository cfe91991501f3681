#include "gtest/gtest.h"
#include "loadgen/clock_text.h"
#include "loadgen/json_text.h"
#include "loadgen/random.h"

namespace sequitur::loadgen {
namespace {

constexpr TimeNs kInstant = 1'795'507'505 * kSecond + 7 * kMillisecond + 8 * kMicrosecond + 9;

TEST(ClockText, WritesAnInstantAsEachLogDoes) {
  ClockText clock;
  EXPECT_EQ(clock.Iso(kInstant, 0), "2026-11-24T08:05:05Z");
  EXPECT_EQ(clock.Iso(kInstant, 3), "2026-11-24T08:05:05.007Z");
  EXPECT_EQ(clock.Iso(kInstant, 9), "2026-11-24T08:05:05.007008009Z");
  EXPECT_EQ(clock.NginxAccess(kInstant), "24/Nov/2026:08:05:05 +0000");
  EXPECT_EQ(clock.NginxError(kInstant), "2026/11/24 08:05:05");
  EXPECT_EQ(clock.HttpdError(kInstant), "Tue Nov 24 08:05:05.007008 2026");
  EXPECT_EQ(clock.PhpFpm(kInstant), "24-Nov-2026 08:05:05");
  EXPECT_EQ(DecimalSeconds(kInstant, 6), "1795507505.007008");
}

TEST(ClockText, DoesNotKeepTheCalendarOfAnotherSecond) {
  ClockText clock;
  EXPECT_EQ(clock.Iso(kInstant, 0), "2026-11-24T08:05:05Z");
  EXPECT_EQ(clock.Iso(kInstant + kMinute, 0), "2026-11-24T08:06:05Z");
  EXPECT_EQ(clock.Iso(kInstant, 0), "2026-11-24T08:05:05Z");
}

TEST(AppendEscaped, EscapesWhatAJsonStringMayNotHold) {
  const struct {
    absl::string_view text, plain, apple;
  } cases[] = {
      {"", "", ""},
      {"plain", "plain", "plain"},
      {"/bin/sh", "/bin/sh", "\\/bin\\/sh"},
      {"a\"b\\c", "a\\\"b\\\\c", "a\\\"b\\\\c"},
      {"\n\t\r", "\\n\\t\\r", "\\n\\t\\r"},
      {absl::string_view("\0\x1f", 2), "\\u0000\\u001f", "\\u0000\\u001f"},
      {"caf\xc3\xa9", "caf\xc3\xa9", "caf\xc3\xa9"},
  };
  for (const auto& c : cases) {
    std::string plain, apple;
    AppendEscaped(c.text, Slashes::kPlain, plain);
    AppendEscaped(c.text, Slashes::kEscaped, apple);
    EXPECT_EQ(plain, c.plain);
    EXPECT_EQ(apple, c.apple);
  }
}

TEST(JsonText, PutsCommasBetweenMembersAndNowhereElse) {
  std::string out;
  JsonText(out)
      .BeginObject()
      .Text("a", "x")
      .BeginObject("b")
      .EndObject()
      .BeginArray("c")
      .Item("1")
      .Item("2")
      .EndArray()
      .Number("d", -3)
      .Null("e")
      .Flag("f", true)
      .Json("g", "{}")
      .EndObject();
  EXPECT_EQ(out, R"({"a":"x","b":{},"c":["1","2"],"d":-3,"e":null,"f":true,"g":{}})");
}

TEST(Random, GivesTheSameChoicesOnEveryPlatform) {
  // The first outputs of splitmix64 for seed 0, as published with it.
  Random random(0);
  EXPECT_EQ(random.Next(), 0xe220a8397b1dcdafu);
  EXPECT_EQ(random.Next(), 0x6e789e6aa1b965f4u);
  EXPECT_EQ(random.Next(), 0x06c45d188009454fu);
}

TEST(Random, ReachesBothEndsOfARangeAndNothingOutside) {
  Random random(1);
  bool low = false, high = false;
  for (int i = 0; i < 1'000; ++i) {
    const int64_t value = random.Between(-2, 3);
    ASSERT_GE(value, -2);
    ASSERT_LE(value, 3);
    low |= value == -2;
    high |= value == 3;
  }
  EXPECT_TRUE(low && high);
}

}  // namespace
}  // namespace sequitur::loadgen
