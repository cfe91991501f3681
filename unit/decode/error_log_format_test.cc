#include "decode/error_log_format.h"

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(ErrorLogFormat, LeavesOutPartsThatHaveNothingToSay) {
  const ErrorLogFormat format =
      *ErrorLogFormat::Create(R"([%t] [%l] [pid %P] %F: %E: [client %a] [ip\ %A] %M)");
  ErrorLine line;
  ASSERT_TRUE(format.Split("[Mon Dec 26 16:22:08 2026] [error] [pid 7] hello: world", LineContext(),
                           &line));
  EXPECT_EQ(line.level, "error");
  EXPECT_EQ(line.pid, 7);
  EXPECT_EQ(line.message, "hello: world");
  EXPECT_EQ(line.cause, "");
  EXPECT_EQ(line.client, "");
}

TEST(ErrorLogFormat, ReadsTheTimesPrecisions) {
  struct Case {
    absl::string_view format, line, time;
  };
  const Case kCases[] = {
      {"[%t] %M", "[Mon Dec 26 16:22:08 2026] x", "2026-12-26T16:22:08.000Z"},
      {"[%{u}t] %M", "[Mon Dec 26 16:22:08.103522 2026] x", "2026-12-26T16:22:08.103522Z"},
      {"[%{cu}t] %M", "[2026-12-26 16:22:08.103522] x", "2026-12-26T16:22:08.103522Z"},
      {"%{c}t %M", "2026-12-26 16:22:08 x", "2026-12-26T16:22:08.000Z"},
  };
  for (const Case& c : kCases) {
    ErrorLine line;
    ASSERT_TRUE(ErrorLogFormat::Create(c.format)->Split(c.line, LineContext(), &line)) << c.format;
    EXPECT_EQ(event::FormatIso8601(line.time), c.time);
    EXPECT_EQ(line.message, "x");
  }
}

TEST(ErrorLogFormat, TakesNoLineWithoutItsTime) {
  ErrorLine line;
  EXPECT_FALSE(ErrorLogFormat::Create("[%t] %M")->Split("sh: x", LineContext(), &line));
}

}  // namespace
}  // namespace sequitur::decode
