#include "decode/syslog_prefix.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

// "host|program|rest", or "none".
std::string Parse(absl::string_view line) {
  const auto prefix = ParseSyslogPrefix(line);
  if (!prefix) return "none";
  return absl::StrCat(prefix->host, "|", prefix->program, "|", prefix->rest);
}

TEST(SyslogPrefix, ReadsTheFormsThatRelaysSend) {
  EXPECT_EQ(Parse("<187>Nov 24 03:49:10 web-03 nginx[12]: LINE x"), "web-03|nginx|LINE x");
  EXPECT_EQ(Parse("<190>Nov  4 03:49:10 web-03 nginx: LINE"), "web-03|nginx|LINE");
  EXPECT_EQ(Parse("<190>Nov 24 03:49:10 nginx: LINE"), "|nginx|LINE");
  EXPECT_EQ(Parse("<190>nginx: LINE"), "|nginx|LINE");
  EXPECT_EQ(Parse("Nov 24 03:49:10 web-03 any.program[1]: LINE"), "web-03|any.program|LINE");
  EXPECT_EQ(Parse("2026-11-24T03:49:10.25+01:00 web-03 httpd[7]: LINE"), "web-03|httpd|LINE");
  EXPECT_EQ(Parse("web-03 nginx[12]: LINE"), "web-03|nginx|LINE");
  EXPECT_EQ(Parse("php-fpm8.3: LINE"), "|php-fpm8.3|LINE");
}

TEST(SyslogPrefix, ReadsRfc5424) {
  EXPECT_EQ(Parse("<165>1 2026-11-24T03:49:10.003Z web-03 nginx 12 - - LINE x"),
            "web-03|nginx|LINE x");
  EXPECT_EQ(Parse("<165>1 - - - - - - LINE"), "||LINE");
  EXPECT_EQ(
      Parse("<165>1 2026-11-24T03:49:10Z h app 1 ID [a@1 k=\"v]\\\"\"][b@1] \xEF\xBB\xBFLINE"),
      "h|app|LINE");
  EXPECT_EQ(Parse("<165>1 2026-11-24T03:49:10Z h app 1 ID -"), "h|app|");
  EXPECT_EQ(Parse("<165>1 2026-11-24T03:49:10Z h app 1 ID [never closed"), "none");
  EXPECT_EQ(Parse("<165>1 yesterday h app 1 - - LINE"), "none");
}

TEST(SyslogPrefix, KeepsATimeThatIsWhole) {
  EXPECT_EQ(ParseSyslogPrefix("<165>1 1970-01-01T00:00:02Z h app - - - L")->time,
            2 * event::kSecond);
  EXPECT_EQ(ParseSyslogPrefix("1970-01-01T00:00:02Z h nginx: L")->time, 2 * event::kSecond);
  EXPECT_EQ(ParseSyslogPrefix("Jan  1 00:00:02 h nginx: L")->time, event::kNoTime);
}

TEST(SyslogPrefix, LeavesOrdinaryLinesAlone) {
  for (absl::string_view line :
       {"", "<", "<>", "<1>", "<1234>nginx: x", "<13>no tag here", "error: something broke",
        "2026/11/24 03:49:10 [error] 12#0: *1 x", "host word: text",
        "192.0.2.1 - - [24/Nov/2026:03:49:10 +0000] \"GET /nginx: HTTP/1.1\" 200 1",
        "[Tue Nov 24 03:49:10 2026] [error] nginx: x", "Nov 24 03:49 web-03 nginx: x",
        "2026-11-24T03:49:10Z INFO worker: x", "nginx:", "nginx[12]: ", "{\"message\": nginx: x"}) {
    const std::string parsed = Parse(line);
    EXPECT_TRUE(parsed == "none" || absl::string_view(parsed) == "|nginx|")
        << line << " " << parsed;
  }
}

}  // namespace
}  // namespace sequitur::decode
