#include "decode/nginx_access.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "decode/decoded_line.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using ::testing::HasSubstr;

class NginxAccessTest : public ::testing::Test {
 protected:
  std::string Decode(absl::string_view line) { return decoded_.Decode(stock_, line); }
  std::string DecodeAs(absl::string_view format, absl::string_view line) {
    const auto decoder = NginxAccess::Create(format);
    return decoder.ok() ? decoded_.Decode(*decoder, line) : std::string(decoder.status().message());
  }
  std::string Get(absl::string_view path) { return decoded_[path]; }

  const NginxAccess stock_ = *NginxAccess::Create("");
  DecodedLine decoded_;
};

TEST_F(NginxAccessTest, DecodesCombined) {
  ASSERT_EQ(Decode(R"(203.0.113.7 - alice [28/Sep/2026:12:00:01 +0200] "POST /a.php?x=1 HTTP/1.1" )"
                   R"(500 177 "https://shop.example/" "curl/8.1")"),
            "decoded");
  EXPECT_EQ(decoded_.time(), "2026-09-28T10:00:01.000Z");
  EXPECT_EQ(Get("@timestamp"), "2026-09-28T10:00:01.000Z");
  EXPECT_EQ(Get("event.end"), "2026-09-28T10:00:01.000Z");
  EXPECT_EQ(Get("event.start"), "null") << "only an upper bound is known";
  EXPECT_EQ(Get("event.category"), "web");
  EXPECT_EQ(Get("event.type"), "access");
  EXPECT_EQ(Get("event.action"), "http_request");
  EXPECT_EQ(Get("event.outcome"), "failure");
  EXPECT_EQ(Get("event.module"), "nginx");
  EXPECT_EQ(Get("event.dataset"), "nginx.access");
  EXPECT_EQ(Get("sequitur.source"), "nginx-access");
  EXPECT_EQ(Get("source.ip"), "203.0.113.7");
  EXPECT_EQ(Get("user.name"), "alice");
  EXPECT_EQ(Get("http.request.method"), "POST");
  EXPECT_EQ(Get("http.version"), "1.1");
  EXPECT_EQ(Get("http.response.status_code"), "500");
  EXPECT_EQ(Get("http.response.body.bytes"), "177");
  EXPECT_EQ(Get("http.request.referrer"), "https://shop.example/");
  EXPECT_EQ(Get("user_agent.original"), "curl/8.1");
  EXPECT_EQ(Get("url.original"), "/a.php?x=1");
  EXPECT_EQ(Get("url.path"), "/a.php");
  EXPECT_EQ(Get("url.query"), "x=1");
}

TEST_F(NginxAccessTest, LeavesOutWhatIsUnset) {
  ASSERT_EQ(Decode(R"(192.0.2.1 - - [28/Sep/2026:12:00:01 +0000] "GET / HTTP/1.1" 204 0 "-" "-")"),
            "decoded");
  EXPECT_EQ(Get("event.outcome"), "success");
  EXPECT_EQ(Get("user.name"), "null");
  EXPECT_EQ(Get("http.request.referrer"), "null");
  EXPECT_EQ(Get("user_agent.original"), "null");
  EXPECT_EQ(Get("http.response.body.bytes"), "0");
}

TEST_F(NginxAccessTest, TakesAnyRequest) {
  struct Case {
    absl::string_view request, method, target, status;
  };
  const Case kCases[] = {
      {"", "null", "null", "400"},
      {"hello", "hello", "null", "400"},
      {R"(\x16\x03\x01\x02\x00)", "null", absl::string_view("\x16\x03\x01\x02\x00", 5), "400"},
      {"GET http://h.example/p HTTP/1.1", "GET", "http://h.example/p", "200"},
      {"GET /a b c HTTP/1.1", "GET", "/a b c", "400"},
      {R"(GET /?q=\x22\x5C\x22 HTTP/1.1)", "GET", "/?q=\"\\\"", "200"},
      {R"(GET /?q=%22%0a HTTP/1.1)", "GET", "/?q=%22%0a", "200"},
  };
  for (const Case& c : kCases) {
    const std::string line = absl::StrCat("192.0.2.1 - - [28/Sep/2026:12:00:01 +0000] \"",
                                          c.request, "\" ", c.status, " 0 \"-\" \"-\"");
    ASSERT_EQ(Decode(line), "decoded") << line;
    EXPECT_EQ(Get("http.request.method"), c.method) << line;
    EXPECT_EQ(Get("url.original"), c.target) << line;
  }
  EXPECT_EQ(Get("url.query"), "q=\"\n");
}

TEST_F(NginxAccessTest, ReadsWhatStandsBeforeTheUser) {
  struct Case {
    absl::string_view head, ip, address, domain;
  };
  const Case kCases[] = {
      {"192.0.2.1 - -", "192.0.2.1", "192.0.2.1", "null"},
      {"2001:db8::1 - -", "2001:db8::1", "2001:db8::1", "null"},
      {"shop.example 192.0.2.1 - -", "192.0.2.1", "192.0.2.1", "shop.example"},
      {"shop.example:8443 192.0.2.1 - -", "192.0.2.1", "192.0.2.1", "shop.example"},
      {"10.0.0.2, 10.0.0.1, 203.0.113.9 - -", "203.0.113.9", "203.0.113.9", "null"},
      {"\"10.5.102.222, 203.0.113.9\" 10.2.1.185 - -", "203.0.113.9", "203.0.113.9", "null"},
      {"\"8.8.8.8\" 203.0.113.9 - -", "203.0.113.9", "203.0.113.9", "null"},
      {"\"-\" 10.2.1.185 - -", "10.2.1.185", "10.2.1.185", "null"},
      {"\"x - y\" 10.2.1.185 - -", "10.2.1.185", "10.2.1.185", "null"},
      {"\"1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
       "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1\" 203.0.113.9 - -",
       "203.0.113.9", "203.0.113.9", "null"},
      {"unix: - -", "null", "unix:", "null"},
      {"localhost - -", "null", "localhost", "null"},
      {"unknown, 10.0.0.1 - -", "10.0.0.1", "10.0.0.1", "null"},
  };
  for (const Case& c : kCases) {
    const std::string line =
        absl::StrCat(c.head, R"( [28/Sep/2026:12:00:01 +0000] "GET / HTTP/1.1" 200 0 "-" "-")");
    ASSERT_EQ(Decode(line), "decoded") << line;
    EXPECT_EQ(Get("source.ip"), c.ip) << line;
    EXPECT_EQ(Get("source.address"), c.address) << line;
    EXPECT_EQ(Get("url.domain"), c.domain) << line;
  }
}

TEST_F(NginxAccessTest, IsNotFooledByTheUsersName) {
  ASSERT_EQ(
      Decode(R"(203.0.113.7 - x - y [28/Sep/2020:00:00:00 +0000] \x22GET /forged HTTP/1.1\x22 )"
             R"(200 0 [28/Sep/2026:12:00:01 +0000] "GET /real HTTP/1.1" 401 0 "-" "-")"),
      "decoded");
  EXPECT_EQ(Get("source.ip"), "203.0.113.7");
  EXPECT_EQ(Get("url.original"), "/real");
  EXPECT_EQ(decoded_.time(), "2026-09-28T12:00:01.000Z");
  EXPECT_EQ(Get("user.name"), "x - y [28/Sep/2020:00:00:00 +0000] \"GET /forged HTTP/1.1\" 200 0");
}

TEST_F(NginxAccessTest, ReadsWhatMainAndSitesAppend) {
  ASSERT_EQ(Decode(R"(10.0.0.1 - - [28/Sep/2026:12:00:11 +0000] "GET / HTTP/1.1" 502 0 "-" "x" )"
                   R"("203.0.113.7, 10.1.1.1" rt=10.9 uct="-" us="502, 500 : 200" )"
                   R"(ua="be, 10.0.0.9:80 : -" urt="0.000, 0.006 : 0.1" pid=412)"),
            "decoded");
  EXPECT_EQ(Get("source.ip"), "10.0.0.1") << "the peer; a header is the client's word";
  EXPECT_EQ(Get("network.forwarded_ip"), "203.0.113.7");
  EXPECT_EQ(decoded_.time(), "2026-09-28T12:00:00.100Z");
  EXPECT_EQ(Get("event.duration"), "10900000000");
  EXPECT_EQ(Get("nginx.access.upstream.status_code"), "[502, 500, 200]");
  EXPECT_EQ(Get("nginx.access.upstream.address"), "[be, 10.0.0.9:80, -]");
  EXPECT_EQ(Get("nginx.access.upstream.response_time"), "[0.000, 0.006, 0.1]");
  EXPECT_EQ(Get("process.pid"), "412");
}

TEST_F(NginxAccessTest, ReadsIngress) {
  ASSERT_EQ(Decode(R"(203.0.113.7 - - [28/Sep/2026:12:00:01 +0000] "GET /v2 HTTP/1.1" 200 61 "-" )"
                   R"("x" 348 0.250 [ns-web-80] [] 10.0.0.6:80, 10.0.0.7:80 0, 100 0.100, 0.004 )"
                   R"(502, 203 835136ae24486dbb)"),
            "decoded");
  EXPECT_EQ(Get("event.start"), "2026-09-28T12:00:00.750Z");
  EXPECT_EQ(decoded_.time(), Get("event.start"));
  EXPECT_EQ(Get("http.request.bytes"), "348");
  EXPECT_EQ(Get("http.request.id"), "835136ae24486dbb");
  EXPECT_EQ(Get("nginx.access.upstream.name"), "ns-web-80");
  EXPECT_EQ(Get("nginx.access.upstream.address"), "[10.0.0.6:80, 10.0.0.7:80]");
  EXPECT_EQ(Get("nginx.access.upstream.status_code"), "[502, 203]");
}

TEST_F(NginxAccessTest, RefusesDamageByItsKind) {
  EXPECT_EQ(Decode(""), "empty");
  EXPECT_EQ(Decode(" \t"), "empty");
  EXPECT_EQ(Decode("hello"), "not_recognised");
  EXPECT_EQ(Decode(R"(1.2.3.4 - - [28/Sep/2026:12:00:01 +0000] "GET / HTTP/1.1)"),
            "not_recognised");
  EXPECT_EQ(Decode(R"(1.2.3.4 - - [28/Xxx/2026:12:00:01 +0000] "GET / HTTP/1.1" 200 1)"),
            "bad_timestamp");
  EXPECT_EQ(Decode(R"(1.2.3.4 [28/Sep/2026:12:00:01 +0000] "GET / HTTP/1.1" 200 1)"),
            "malformed_line");
}

TEST_F(NginxAccessTest, ReadsConfiguredFormats) {
  struct Case {
    absl::string_view format, line, path, value;
  };
  const Case kCases[] = {
      {R"($remote_addr [$time_local] "$request" $status $request_time)",
       R"(192.0.2.1 [28/Sep/2026:12:00:01 +0000] "GET /x HTTP/1.1" 200 0.250)", "event.start",
       "2026-09-28T12:00:00.750Z"},
      {R"($msec $request_time $remote_addr "$request_method $request_uri" $status)",
       R"(1790596801.500 1.250 192.0.2.1 "GET /x?y" 200)", "event.start",
       "2026-09-28T12:00:00.250Z"},
      {R"($time_iso8601 $remote_addr $status $scheme://$host$request_uri)",
       R"(2026-09-28T14:00:01+02:00 192.0.2.1 200 https://h.example/x?y=1)", "url.original",
       "/x?y=1"},
      {R"($time_iso8601 $host:$server_port $remote_addr $status $uri$is_args$args)",
       R"(2026-09-28T14:00:01+02:00 h.example:443 192.0.2.1 200 /x?y=1)", "url.original", "/x?y=1"},
      {R"($time_iso8601 $host:$server_port $remote_addr $uri$is_args$args $status)",
       R"(2026-09-28T14:00:01+02:00 h.example:443 192.0.2.1 /x 404)", "http.response.status_code",
       "404"},
      {R"('$remote_addr - $remote_user [$time_local] ' '"$request" $status';)",
       R"(192.0.2.1 - a [b [28/Sep/2026:12:00:01 +0000] "GET / HTTP/1.1" 200)", "user.name",
       "a [b"},
      {R"(log_format x escape=json '{"t":"$time_iso8601","a":"$remote_addr","u":"$http_user_agent",)"
       R"("s":"$status"}';)",
       R"({"t":"2026-09-28T12:00:01Z","a":"192.0.2.1","u":"x\",\"s\":\"999","s":"200"})",
       "http.response.status_code", "200"},
      {R"([$time_local] $remote_addr $status $upstream_addr $upstream_status $pid)",
       R"([28/Sep/2026:12:00:01 +0000] 192.0.2.1 502 10.0.0.1:80, be : 10.0.0.2:80 502, 502 : 200 77)",
       "process.pid", "77"},
      {R"([$time_local] ${remote_addr} "$request" $status id=$request_id c=$connection)",
       R"([28/Sep/2026:12:00:01 +0000] 192.0.2.1 "GET /x HTTP/1.1" 200 id=abc c=42)",
       "nginx.access.connection_id", "42"},
      {R"(escape=none [$time_local] $remote_addr $status "$http_user_agent")",
       R"([28/Sep/2026:12:00:01 +0000] 192.0.2.1 200 "a\x41"b")", "user_agent.original",
       R"(a\x41"b)"},
      {R"($remote_addr [$time_local] $request $status $http_x_unknown)",
       R"(192.0.2.1 [28/Sep/2026:12:00:01 +0000] GET /a b HTTP/1.1 200 z)", "url.original", "/a b"},
  };
  for (const Case& c : kCases) {
    ASSERT_EQ(DecodeAs(c.format, c.line), "decoded") << c.format << "\n" << c.line;
    EXPECT_EQ(Get(c.path), c.value) << c.format;
  }
}

TEST_F(NginxAccessTest, CountsLinesThatDoNotFitTheFormat) {
  const absl::string_view format = R"($remote_addr [$time_local] "$request" $status)";
  EXPECT_EQ(DecodeAs(format, "hello"), "malformed_line");
  EXPECT_EQ(DecodeAs(format, R"(1.2.3.4 [28/Sep/2026:12:00:01 +0000] "GET /" 200 trailing)"),
            "malformed_line");
  EXPECT_EQ(DecodeAs(format, R"(1.2.3.4 [31/Feb/2026:12:00:01 +0000] "GET /" 200)"),
            "bad_timestamp");
}

TEST_F(NginxAccessTest, RefusesFormatsItCouldNotSplit) {
  EXPECT_THAT(DecodeAs("$remote_addr $status", ""), HasSubstr("no field for the time"));
  EXPECT_THAT(DecodeAs("$time_local$remote_addr$status", ""), HasSubstr("nothing separates"));
}

TEST_F(NginxAccessTest, RecognisesItsStockForms) {
  EXPECT_TRUE(NginxAccess::Recognises(
      R"(1.2.3.4 - - [28/Sep/2026:12:00:01 +0000] "GET / HTTP/1.1" 200 1 "-" "-")"));
  EXPECT_FALSE(NginxAccess::Recognises("2026/09/28 12:00:01 [error] 1#1: x"));
  EXPECT_FALSE(NginxAccess::Recognises(R"({"a":"[28/Sep/2026:12:00:01 +0000] \"x\" 200 1"})"));
}

TEST_F(NginxAccessTest, TakesHugeLinesInOnePass) {
  // Each would take minutes if any step were quadratic.
  const size_t kSize = 1 << 20;
  for (absl::string_view unit : {"[", "\\\"", "\"", " - ", "[28/Sep/2026:12:00:01 +0000] ", "a,"}) {
    std::string filler;
    while (filler.size() < kSize) absl::StrAppend(&filler, unit);
    Decode(filler);
    Decode(absl::StrCat("1.2.3.4 - ", filler, R"( [28/Sep/2026:12:00:01 +0000] "G" 200 1)"));
    Decode(absl::StrCat(R"(1.2.3.4 - - [28/Sep/2026:12:00:01 +0000] "GET /)", filler));
    DecodeAs(R"($remote_addr - $remote_user [$time_local] "$request" $status "$http_user_agent")",
             absl::StrCat("1.2.3.4 - ", filler));
  }
}

}  // namespace
}  // namespace sequitur::decode
