#include "decode/error_line.h"

#include "decode/decoded_line.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(ErrorLine, TellsErrorsFromNotices) {
  for (absl::string_view level : {"emerg", "alert", "crit", "error", "warn", "warning", ""}) {
    EXPECT_TRUE(IsErrorLevel(level)) << level;
  }
  for (absl::string_view level : {"notice", "info", "debug", "trace1", "trace8"}) {
    EXPECT_FALSE(IsErrorLevel(level)) << level;
  }
}

TEST(ErrorLine, IsDatedByMemoryBeforeReadTime) {
  DecodedLine decoded;
  ErrorLine line;
  EXPECT_FALSE(DateByMemory(decoded.lines, &line));
  decoded.lines.read_time = 7;
  ASSERT_TRUE(DateByMemory(decoded.lines, &line));
  EXPECT_EQ(line.time, 7);
  ErrorLine entry;
  entry.time = 5;
  entry.pid = 12;
  Remember(entry, decoded.lines);
  ASSERT_TRUE(DateByMemory(decoded.lines, &line));
  EXPECT_EQ(line.time, 5);
  EXPECT_EQ(decoded.memory.last_pid, 12);
}

TEST(TakeInteger, TakesDigitsOnly) {
  absl::string_view text = "12x";
  EXPECT_EQ(TakeInteger(&text), 12);
  EXPECT_EQ(text, "x");
  EXPECT_EQ(TakeInteger(&text), std::nullopt);
  text = "99999999999999999999";
  EXPECT_EQ(TakeInteger(&text), std::nullopt);
}

}  // namespace
}  // namespace sequitur::decode
