#include "decode/httpd_access.h"

#include "absl/strings/str_cat.h"
#include "decode/decoded_line.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using ::testing::HasSubstr;

class HttpdAccessTest : public ::testing::Test {
 protected:
  std::string Decode(absl::string_view line) { return decoded_.Decode(stock_, line); }
  std::string DecodeAs(absl::string_view format, absl::string_view line) {
    const auto decoder = HttpdAccess::Create(format);
    return decoder.ok() ? decoded_.Decode(*decoder, line) : std::string(decoder.status().message());
  }
  std::string Get(absl::string_view path) { return decoded_[path]; }

  const HttpdAccess stock_ = *HttpdAccess::Create("");
  DecodedLine decoded_;
};

TEST_F(HttpdAccessTest, DatesCommonByTheStart) {
  ASSERT_EQ(Decode(R"(::1 - - [26/Dec/2026:16:16:29 +0200] "GET /favicon.ico HTTP/1.1" 404 209)"),
            "decoded");
  EXPECT_EQ(decoded_.time(), "2026-12-26T14:16:29.000Z");
  EXPECT_EQ(Get("event.start"), "2026-12-26T14:16:29.000Z");
  EXPECT_EQ(Get("event.end"), "null");
  EXPECT_EQ(Get("source.ip"), "::1");
  EXPECT_EQ(Get("event.module"), "apache");
  EXPECT_EQ(Get("event.dataset"), "apache.access");
  EXPECT_EQ(Get("sequitur.source"), "httpd-access");
  EXPECT_EQ(Get("event.outcome"), "failure");
  EXPECT_EQ(Get("user_agent.original"), "null");
}

TEST_F(HttpdAccessTest, UndoesItsEscapes) {
  ASSERT_EQ(
      Decode(R"(192.0.2.1 - - [26/Dec/2026:16:16:29 +0000] "GET /?a=\"b\"\\c HTTP/1.1" 200 - )"
             R"("http://r/\x01" "a\"b\\c\t\xe2")"),
      "decoded");
  EXPECT_EQ(Get("url.original"), R"(/?a="b"\c)");
  EXPECT_EQ(Get("http.request.referrer"), "http://r/\x01");
  EXPECT_EQ(Get("user_agent.original"), "a\"b\\c\t\xe2");
  EXPECT_EQ(Get("http.response.body.bytes"), "0") << "%b writes - for no bytes";
}

TEST_F(HttpdAccessTest, TakesRequestsThatAreNone) {
  struct Case {
    absl::string_view request, status, method, target;
  };
  const Case kCases[] = {
      {"-", "408", "null", "null"},
      {R"(\x03)", "400", "null", "\x03"},
      {"GET /x", "400", "GET", "/x"},
      {"GET /a b HTTP/1.1", "400", "GET", "/a b"},
  };
  for (const Case& c : kCases) {
    const std::string line = absl::StrCat("192.0.2.1 - - [26/Dec/2026:16:16:48 +0200] \"",
                                          c.request, "\" ", c.status, " -");
    ASSERT_EQ(Decode(line), "decoded") << line;
    EXPECT_EQ(Get("http.request.method"), c.method) << line;
    EXPECT_EQ(Get("url.original"), c.target) << line;
    EXPECT_EQ(Get("event.outcome"), "failure");
  }
}

TEST_F(HttpdAccessTest, ReadsHostIdentAndUser) {
  struct Case {
    absl::string_view head, address, user, domain;
  };
  const Case kCases[] = {
      {"192.0.2.1 - -", "192.0.2.1", "null", "null"},
      {"192.0.2.1 - alice", "192.0.2.1", "alice", "null"},
      {"192.0.2.1 - a b - c", "192.0.2.1", "a b - c", "null"},
      {R"(192.0.2.1 - a\"b)", "192.0.2.1", "a\"b", "null"},
      {R"(192.0.2.1 - "")", "192.0.2.1", "null", "null"},
      {"192.0.2.1 joe alice", "192.0.2.1", "alice", "null"},
      {"192.0.2.1 joe -", "192.0.2.1", "null", "null"},
      {"vhost.example:443 192.0.2.1 - bob", "192.0.2.1", "bob", "vhost.example"},
      {"vhost.example 192.0.2.1 - -", "192.0.2.1", "null", "vhost.example"},
      {"client.example - -", "client.example", "null", "null"},
  };
  for (const Case& c : kCases) {
    const std::string line =
        absl::StrCat(c.head, R"( [26/Dec/2026:16:16:29 +0000] "GET / HTTP/1.1" 200 1 "-" "-")");
    ASSERT_EQ(Decode(line), "decoded") << line;
    EXPECT_EQ(Get("source.address"), c.address) << line;
    EXPECT_EQ(Get("user.name"), c.user) << line;
    EXPECT_EQ(Get("url.domain"), c.domain) << line;
  }
}

TEST_F(HttpdAccessTest, IsNotFooledByTheUsersName) {
  ASSERT_EQ(Decode(R"(203.0.113.7 - x [26/Dec/2020:00:00:00 +0000] \"GET /forged HTTP/1.1\" 200 0 )"
                   R"([26/Dec/2026:16:16:29 +0000] "GET /real HTTP/1.1" 401 381)"),
            "decoded");
  EXPECT_EQ(Get("url.original"), "/real");
  EXPECT_EQ(Get("source.ip"), "203.0.113.7");
  EXPECT_EQ(decoded_.time(), "2026-12-26T16:16:29.000Z");
}

TEST_F(HttpdAccessTest, ReadsTheTlsRequestLog) {
  ASSERT_EQ(Decode(R"([10/Aug/2026:09:45:56 +0200] 192.0.2.7 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 )"
                   R"("GET /a HTTP/1.1" 1375)"),
            "decoded");
  EXPECT_EQ(Get("tls.version"), "1.2");
  EXPECT_EQ(Get("tls.version_protocol"), "tls");
  EXPECT_EQ(Get("tls.cipher"), "ECDHE-RSA-AES128-GCM-SHA256");
  EXPECT_EQ(Get("source.ip"), "192.0.2.7");
  EXPECT_EQ(Get("http.response.status_code"), "null");
  EXPECT_EQ(Get("event.outcome"), "unknown");
}

TEST_F(HttpdAccessTest, ReadsConfiguredFormats) {
  struct Case {
    absl::string_view format, line, path, value;
  };
  constexpr absl::string_view kCommonD = R"(%h %l %u %t "%r" %>s %b %D)";
  constexpr absl::string_view kLineD =
      R"(192.0.2.1 - - [26/Dec/2026:16:16:29 +0000] "GET / HTTP/1.1" 200 - 1500000)";
  const Case kCases[] = {
      {kCommonD, kLineD, "event.end", "2026-12-26T16:16:30.500Z"},
      {kCommonD, kLineD, "event.duration", "1500000000"},
      {kCommonD, kLineD, "event.start", "2026-12-26T16:16:29.000Z"},
      {R"(%h %t \"%r\" %s %T)", R"(192.0.2.1 [26/Dec/2026:16:16:29 +0000] "GET / HTTP/1.1" 200 3)",
       "event.duration", "3000000000"},
      {R"(%h %t "%r" %s %T/%D)",
       R"(192.0.2.1 [26/Dec/2026:16:16:29 +0000] "GET / HTTP/1.1" 200 3/3000001)", "event.duration",
       "3000001000"},
      {R"(%h %t "%r" %s %{ms}T)",
       R"(192.0.2.1 [26/Dec/2026:16:16:29 +0000] "GET / HTTP/1.1" 200 1500)", "event.end",
       "2026-12-26T16:16:30.500Z"},
      {R"(%a %{usec}t "%r" %>s)", R"(192.0.2.1 1798301789123456 "GET / HTTP/1.1" 200)",
       "event.start", "2026-12-26T16:16:29.123456Z"},
      {R"(%a %{sec}t.%{msec_frac}t "%r" %>s)", R"(192.0.2.1 1798301789.120 "GET / HTTP/1.1" 200)",
       "event.start", "2026-12-26T16:16:29.120Z"},
      {R"(%a [%{%Y-%m-%dT%H:%M:%S}t.%{usec_frac}t %{%z}t] "%r" %>s)",
       R"(192.0.2.1 [2026-12-26T17:16:29.000250 +0100] "GET / HTTP/1.1" 200)", "event.start",
       "2026-12-26T16:16:29.00025Z"},
      {R"(%a %{begin:%F %T}t|%{end:%F %T}t "%r" %>s)",
       R"(192.0.2.1 2026-12-26 16:16:29|2026-12-26 16:16:31 "GET / HTTP/1.1" 200)", "event.end",
       "2026-12-26T16:16:31.000Z"},
      {R"(%{end:sec}t %D %h "%r" %>s)", R"(1798301789 500000 192.0.2.1 "GET / HTTP/1.1" 200)",
       "event.start", "2026-12-26T16:16:28.500Z"},
      {R"(%v:%p %h %t "%r" %>s %O %I %P %{tid}P %{UNIQUE_ID}e %L %k %X)",
       R"(v.example:443 192.0.2.1 [26/Dec/2026:16:16:29 +0000] "GET / HTTP/1.1" 200 500 300 77 )"
       R"(140413273032448 aZ-@x - 3 +)",
       "process.pid", "77"},
      {R"(%h %t "%r" %>s %L)", R"(192.0.2.1 [26/Dec/2026:16:16:29 +0000] "GET / HTTP/1.1" 500 abc)",
       "http.request.id", "abc"},
      {R"(%h %t "%r" %>s %{UNIQUE_ID}e %L)",
       R"(192.0.2.1 [26/Dec/2026:16:16:29 +0000] "GET / HTTP/1.1" 500 uid abc)", "http.request.id",
       "uid"},
      {R"(%{c}a %a %t %m %U%q %H %>s)",
       R"(10.0.0.1 192.0.2.1 [26/Dec/2026:16:16:29 +0000] GET /x?y=1 HTTP/1.1 200)", "url.original",
       "/x?y=1"},
      {R"(%{c}a %a %t %m %U%q %H %>s)",
       R"(10.0.0.1 192.0.2.1 [26/Dec/2026:16:16:29 +0000] GET /x HTTP/1.1 200)", "source.ip",
       "192.0.2.1"},
      {R"(LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\"" mine)",
       R"(192.0.2.1 - - [26/Dec/2026:16:16:29 +0000] "GET / HTTP/1.1" 200 1 "-" "a\" 999 \"b")",
       "user_agent.original", "a\" 999 \"b"},
      {"vhost_combined",
       R"(v.example:80 192.0.2.1 - x [y [26/Dec/2026:16:16:29 +0000] "GET / HTTP/1.1" 200 1 "-" "-")",
       "user.name", "x [y"},
      {R"(%h %t "%r" %400,501{User-agent}i %!200s %% %^FB)",
       R"(192.0.2.1 [26/Dec/2026:16:16:29 +0000] "GET / HTTP/1.1" - 404 % 77)",
       "http.response.status_code", "404"},
      {R"({"t":"%{%FT%T%z}t","ip":"%a","r":"%r","s":%>s,"ua":"%{User-Agent}i"})",
       R"({"t":"2026-12-26T16:16:29+0000","ip":"192.0.2.1","r":"GET / HTTP/1.1","s":200,"ua":"a\"}\x01"})",
       "user_agent.original", "a\"}\x01"},
  };
  for (const Case& c : kCases) {
    ASSERT_EQ(DecodeAs(c.format, c.line), "decoded") << c.format << "\n" << c.line;
    EXPECT_EQ(Get(c.path), c.value) << c.format;
  }
}

TEST_F(HttpdAccessTest, ReadsZonelessTimesInTheLinesZone) {
  decoded_.lines.zone = absl::FixedTimeZone(3600);
  ASSERT_EQ(
      DecodeAs(R"(%h %{%F %T}t "%r" %>s)", R"(192.0.2.1 2026-12-26 16:16:29 "GET / HTTP/1.1" 200)"),
      "decoded");
  EXPECT_EQ(decoded_.time(), "2026-12-26T15:16:29.000Z");
  EXPECT_EQ(Get("sequitur.flags"), "[time_assumed_utc]") << "nobody said whose zone it is";
}

TEST_F(HttpdAccessTest, RefusesFormatsItCouldNotSplit) {
  EXPECT_THAT(DecodeAs("%h %>s", ""), HasSubstr("no field for the time"));
  EXPECT_THAT(DecodeAs("%h%u%t", ""), HasSubstr("nothing separates"));
  EXPECT_THAT(DecodeAs("%h %{%c}t", ""), HasSubstr("cannot read times"));
}

TEST_F(HttpdAccessTest, RefusesDamageByItsKind) {
  EXPECT_EQ(Decode(""), "empty");
  EXPECT_EQ(Decode("sh: 1: foo: not found"), "not_recognised");
  EXPECT_EQ(Decode(R"(1.2.3.4 - - [26/Foo/2026:16:16:29 +0000] "GET / HTTP/1.1" 200 1)"),
            "bad_timestamp");
}

TEST_F(HttpdAccessTest, RecognisesItsStockForms) {
  EXPECT_TRUE(
      HttpdAccess::Recognises(R"(::1 - - [26/Dec/2026:16:16:28 +0200] "GET / HTTP/1.1" 200 45)"));
  EXPECT_TRUE(HttpdAccess::Recognises(
      R"([10/Aug/2026:09:45:56 +0200] 192.0.2.7 TLSv1.3 AES "GET / HTTP/1.1" 13)"));
  EXPECT_FALSE(HttpdAccess::Recognises("[Mon Dec 26 16:22:08 2026] [error] x"));
  EXPECT_FALSE(HttpdAccess::Recognises(""));
}

}  // namespace
}  // namespace sequitur::decode
