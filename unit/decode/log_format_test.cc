#include "decode/log_format.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(TakeList, EndsAtABlankThatDividesNothing) {
  struct Case {
    absl::string_view text, list, rest;
  };
  const Case kCases[] = {
      {"10.0.0.1:80 x", "10.0.0.1:80", "x"},
      {"10.0.0.1:80, be : - x", "10.0.0.1:80, be : -", "x"},
      {"502, 500", "502, 500", ""},
      {"- - -", "-", "- -"},
      {"", "", ""},
  };
  for (const Case& c : kCases) {
    absl::string_view rest = c.text;
    EXPECT_EQ(TakeList(&rest), c.list) << c.text;
    EXPECT_EQ(rest, c.rest) << c.text;
  }
}

TEST(LogFormat, RefusesTooManyFields) {
  std::string format = "$time_local";
  for (size_t i = 0; i < LogFormat::kMaxItems; ++i) absl::StrAppend(&format, " $x");
  EXPECT_FALSE(CompileNginxLogFormat(format).ok());
}

TEST(LogFormat, KeepsTheFirstValueOfAField) {
  const LogFormat format = *CompileNginxLogFormat("$time_iso8601 $host $http_host $remote_addr");
  AccessLine line;
  ASSERT_EQ(format.Split("2026-09-28T12:00:01Z - h.example 192.0.2.1", LineContext(), &line),
            DecodeResult::kDecoded);
  EXPECT_EQ(line[AccessField::kHost], "h.example");
  EXPECT_EQ(line[AccessField::kRemote], "192.0.2.1");
}

TEST(LogFormat, KnowsWhetherBytesAreEscaped) {
  EXPECT_TRUE(CompileNginxLogFormat("$time_local")->escaped());
  EXPECT_TRUE(CompileNginxLogFormat("escape=json $time_local")->escaped());
  EXPECT_FALSE(CompileNginxLogFormat("escape=none $time_local")->escaped());
}

}  // namespace
}  // namespace sequitur::decode
