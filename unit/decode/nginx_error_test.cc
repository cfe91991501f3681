#include "decode/nginx_error.h"

#include "absl/strings/str_cat.h"
#include "decode/decoded_line.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

class NginxErrorTest : public ::testing::Test {
 protected:
  std::string Decode(absl::string_view line) { return decoded_.Decode(decoder_, line); }
  // Behind a prefix of an [error] on connection 7.
  std::string DecodeMessage(absl::string_view message) {
    return Decode(absl::StrCat("2026/10/25 14:49:34 [error] 54053#0: *7 ", message));
  }
  std::string Get(absl::string_view path) { return decoded_[path]; }

  const NginxError decoder_ = *NginxError::Create("");
  DecodedLine decoded_;
};

constexpr absl::string_view kTail =
    R"(, client: 203.0.113.7, server: shop, request: "POST /a.php?x=1 HTTP/1.1", )"
    R"(upstream: "http://10.0.0.9:8080/a.php?x=1", host: "shop.example:8443", )"
    R"(referrer: "https://r.example/")";

TEST_F(NginxErrorTest, DecodesPrefixAndTail) {
  decoded_.lines.zone = absl::FixedTimeZone(2 * 3600);
  decoded_.lines.zone_is_assumed = false;
  ASSERT_EQ(Decode(absl::StrCat("2026/10/25 14:49:34 [error] 54053#300123: *7 connect() failed ",
                                "(61: Connection refused) while connecting to upstream", kTail)),
            "decoded");
  EXPECT_EQ(decoded_.time(), "2026-10-25T12:49:34.000Z");
  EXPECT_EQ(Get("event.category"), "web");
  EXPECT_EQ(Get("event.type"), "error");
  EXPECT_EQ(Get("event.action"), "upstream_error");
  EXPECT_EQ(Get("event.outcome"), "failure");
  EXPECT_EQ(Get("event.dataset"), "nginx.error");
  EXPECT_EQ(Get("log.level"), "error");
  EXPECT_EQ(Get("process.pid"), "54053");
  EXPECT_EQ(Get("process.thread.id"), "300123");
  EXPECT_EQ(Get("nginx.error.connection_id"), "7");
  EXPECT_EQ(Get("source.ip"), "203.0.113.7");
  EXPECT_EQ(Get("http.request.method"), "POST");
  EXPECT_EQ(Get("url.original"), "/a.php?x=1");
  EXPECT_EQ(Get("url.path"), "/a.php");
  EXPECT_EQ(Get("url.domain"), "shop.example");
  EXPECT_EQ(Get("http.request.referrer"), "https://r.example/");
  EXPECT_EQ(Get("destination.ip"), "10.0.0.9");
  EXPECT_EQ(Get("destination.port"), "8080");
  EXPECT_EQ(Get("message").substr(0, 16), "connect() failed");
  EXPECT_EQ(Get("sequitur.flags"), "null");
}

TEST_F(NginxErrorTest, FlagsAnAssumedZone) {
  ASSERT_EQ(Decode("2026/10/25 14:49:34 [notice] 1#1: start worker processes"), "decoded");
  EXPECT_EQ(decoded_.time(), "2026-10-25T14:49:34.000Z");
  EXPECT_EQ(Get("sequitur.flags"), "[time_assumed_utc]");
  EXPECT_EQ(Get("event.type"), "info");
  EXPECT_EQ(Get("nginx.error.connection_id"), "null");
}

TEST_F(NginxErrorTest, TellsActionsByHowMessagesBegin) {
  struct Case {
    absl::string_view message, action;
  };
  const Case kCases[] = {
      {"upstream prematurely closed connection while reading response header from upstream",
       "upstream_error"},
      {"recv() failed (54: Connection reset by peer) while reading response header from upstream",
       "upstream_error"},
      {"upstream timed out (60: Operation timed out) while connecting to upstream",
       "upstream_error"},
      {"no live upstreams while connecting to upstream", "upstream_error"},
      {"recv() failed (54: Connection reset by peer) while waiting for request", "null"},
      {R"(FastCGI sent in stderr: "sh: 1: x: not found" while reading response header from upstream)",
       "script_error"},
      {R"(client sent invalid method while reading client request line)", "invalid_request"},
      {"access forbidden by rule", "access_denied"},
      {R"(user "upstream ": password mismatch)", "access_denied"},
      {R"(open() "/html/upstream connect() failed" failed (2: No such file or directory))", "null"},
  };
  for (const Case& c : kCases) {
    ASSERT_EQ(DecodeMessage(absl::StrCat(c.message, kTail)), "decoded") << c.message;
    EXPECT_EQ(Get("event.action"), c.action) << c.message;
    EXPECT_EQ(Get("source.ip"), "203.0.113.7") << c.message;
  }
}

TEST_F(NginxErrorTest, ReadsHowWorkersEnd) {
  struct Case {
    absl::string_view level, message, action, signal, code, outcome;
  };
  const Case kCases[] = {
      {"alert", "worker process 412 exited on signal 11", "worker_crash", "11", "139", "failure"},
      {"alert", "worker process 412 exited on signal 6 (core dumped)", "worker_crash", "6", "134",
       "failure"},
      {"alert", "cache manager process 412 exited on signal 9", "worker_crash", "9", "137",
       "failure"},
      {"alert", "worker process 412 exited with fatal code 2 and cannot be respawned",
       "worker_crash", "null", "2", "failure"},
      {"notice", "worker process 412 exited with code 0", "worker_exit", "null", "0", "success"},
      {"notice", "worker process 412 exited with code 1", "worker_exit", "null", "1", "failure"},
  };
  for (const Case& c : kCases) {
    ASSERT_EQ(Decode(absl::StrCat("2026/10/25 14:49:34 [", c.level, "] 400#0: ", c.message)),
              "decoded");
    EXPECT_EQ(Get("event.category"), "process") << c.message;
    EXPECT_EQ(Get("event.type"), "end") << c.message;
    EXPECT_EQ(Get("event.action"), c.action) << c.message;
    EXPECT_EQ(Get("event.outcome"), c.outcome) << c.message;
    EXPECT_EQ(Get("process.pid"), "412") << c.message;
    EXPECT_EQ(Get("process.parent.pid"), "400") << c.message;
    EXPECT_EQ(Get("process.name"), "nginx") << c.message;
    EXPECT_EQ(Get("sequitur.exit.signal"), c.signal) << c.message;
    EXPECT_EQ(Get("process.exit_code"), c.code) << c.message;
  }
}

TEST_F(NginxErrorTest, BelievesNoCrashFromAClient) {
  for (absl::string_view message :
       {R"(*7 worker process 412 exited on signal 11)",
        R"(worker process 412 exited on signal 11, client: 1.2.3.4)",
        R"(*7 open() "/worker process 412 exited on signal 11" failed (2: No such file))",
        R"(worker process 412 exited on signal)", R"(signal 17 (SIGCHLD) received from 412)"}) {
    ASSERT_EQ(Decode(absl::StrCat("2026/10/25 14:49:34 [alert] 400#0: ", message)), "decoded");
    EXPECT_EQ(Get("event.category"), "web") << message;
    EXPECT_NE(Get("event.action"), "worker_crash") << message;
  }
}

TEST_F(NginxErrorTest, BelievesOnlyTheGenuineClient) {
  // 6.6.6.6 is what a client wrote, 203.0.113.7 where it came from.
  constexpr absl::string_view kForged =
      R"(, client: 6.6.6.6, server: evil, request: "GET / HTTP/1.1", host: "evil)";
  constexpr absl::string_view kReal = R"(, client: 203.0.113.7, server: localhost, request: ")";
  const std::string host = R"( HTTP/1.1", host: "shop.example")";
  struct Case {
    std::string message, client;
  };
  const Case kCases[] = {
      // In the request, behind the genuine tail.
      {absl::StrCat("access forbidden by rule", kReal, "GET /nofile\"", kForged, host),
       "203.0.113.7"},
      {absl::StrCat(R"(open() "/html/nofile" failed (2: No such file or directory))", kReal,
                    "GET /nofile\"", kForged, host),
       "203.0.113.7"},
      {absl::StrCat("limiting requests, excess: 1.2 by zone \"one\"", kReal, "GET /x\"", kForged,
                    host),
       "203.0.113.7"},
      // In the path too, before it.
      {absl::StrCat(R"(open() "/html/nofile")", kForged,
                    R"(" failed (2: No such file or directory))", kReal, "GET /nofile\"", kForged,
                    host),
       "203.0.113.7"},
      {absl::StrCat(R"(open() "/html/nofile)", kForged,
                    R"(" failed (2: No such file or directory))", kReal, "GET /n%22", host),
       "203.0.113.7"},
      // In a user's name.
      {absl::StrCat(R"(user "x")", kForged, R"(": password mismatch)", kReal, "GET /", host),
       "203.0.113.7"},
      // In the referrer.
      {absl::StrCat("access forbidden by rule", kReal,
                    "GET / HTTP/1.1\", host: \"h\", referrer: ", "\"x\"", kForged, "\""),
       "203.0.113.7"},
      // As complete as the genuine one: nobody is believed.
      {absl::StrCat(R"(open() "/html/nofile" failed (2: No such file or directory))", kForged,
                    R"(" failed (2: No such file or directory))", kReal, "GET /n%22", host),
       "null"},
      {absl::StrCat(R"(user "x": password mismatch)", kForged, R"(": password mismatch)", kReal,
                    "GET /", host),
       "null"},
      // No address.
      {R"(message, client: evil, server: x, request: "GET / HTTP/1.1")", "null"},
      {R"(message, client: 1.2.3.4 5, server: x, request: "GET / HTTP/1.1")", "null"},
  };
  for (const Case& c : kCases) {
    ASSERT_EQ(DecodeMessage(c.message), "decoded");
    EXPECT_EQ(Get("source.ip"), c.client) << c.message;
    EXPECT_NE(Get("url.domain"), "evil") << c.message;
  }
}

TEST_F(NginxErrorTest, FlagsAmbiguousClients) {
  ASSERT_EQ(DecodeMessage(R"(user "x": password mismatch, client: 6.6.6.6, server: e, request: "G)"
                          R"(": password mismatch, client: 203.0.113.7, server: s, request: "G")"),
            "decoded");
  EXPECT_EQ(Get("sequitur.flags"), "[time_assumed_utc, ambiguous_client]");
}

TEST_F(NginxErrorTest, DistrustsATailThatACutLeftAlone) {
  const std::string path(2000, 'a');
  ASSERT_EQ(DecodeMessage(absl::StrCat(
                R"(open() "/html/x" failed (2: No such file or directory), client: 6.6.6.6, )",
                R"(server: evil, request: "GET /)", path)),
            "decoded");
  EXPECT_EQ(Get("source.ip"), "null");
}

TEST_F(NginxErrorTest, KeepsQuotesAndBlanksOfTheRequest) {
  ASSERT_EQ(DecodeMessage(R"(access forbidden by rule, client: 192.0.2.1, server: s, )"
                          R"(request: "GET /a" b HTTP/1.1", host: "h")"),
            "decoded");
  EXPECT_EQ(Get("url.original"), R"(/a" b)");
  EXPECT_EQ(Get("url.domain"), "h");
}

TEST_F(NginxErrorTest, ReadsTailsInPart) {
  ASSERT_EQ(DecodeMessage("SSL_do_handshake() failed (SSL: error) while SSL handshaking, "
                          "client: 192.0.2.1, server: 0.0.0.0:443"),
            "decoded");
  EXPECT_EQ(Get("source.ip"), "192.0.2.1");
  EXPECT_EQ(Get("url.original"), "null");
  ASSERT_EQ(DecodeMessage(R"(x, client: unix:, server: , request: "GET / HTTP/1.1")"), "decoded");
  EXPECT_EQ(Get("source.address"), "unix:");
  EXPECT_EQ(Get("source.ip"), "null");
  EXPECT_EQ(Get("url.path"), "/");
}

TEST_F(NginxErrorTest, DatesContinuationsByTheirEntry) {
  EXPECT_EQ(Decode("PHP message: x"), "no_timestamp");
  ASSERT_EQ(DecodeMessage(R"(FastCGI sent in stderr: "PHP message: PHP Warning: a)"), "decoded");
  EXPECT_EQ(Get("event.action"), "script_error");
  EXPECT_EQ(Get("source.ip"), "null");
  ASSERT_EQ(Decode("PHP message: sh: 1: whoam: not found"), "decoded");
  EXPECT_EQ(decoded_.time(), "2026-10-25T14:49:34.000Z");
  EXPECT_EQ(Get("event.action"), "script_error");
  EXPECT_EQ(Get("event.type"), "error");
  EXPECT_EQ(Get("message"), "PHP message: sh: 1: whoam: not found");
  EXPECT_EQ(Get("source.ip"), "null");
  ASSERT_EQ(Decode(absl::StrCat(R"(last" while reading response header from upstream)", kTail)),
            "decoded");
  EXPECT_EQ(Get("source.ip"), "203.0.113.7") << "the client is on the last piece";
  EXPECT_EQ(Get("url.original"), "/a.php?x=1");
}

TEST_F(NginxErrorTest, BelievesNoClientInAScriptsWords) {
  ASSERT_EQ(DecodeMessage("FastCGI sent in stderr: \"a"), "decoded");
  ASSERT_EQ(Decode(R"(b, client: 6.6.6.6, server: evil, request: "GET / HTTP/1.1")"), "decoded");
  EXPECT_EQ(Get("source.ip"), "null");
}

TEST_F(NginxErrorTest, DatesContinuationsByWhenTheyWereRead) {
  decoded_.lines.read_time = 1'800'000'000 * event::kSecond;
  ASSERT_EQ(Decode("PHP message: x"), "decoded");
  EXPECT_EQ(decoded_.event().time, decoded_.lines.read_time);
}

TEST_F(NginxErrorTest, RefusesDamageByItsKind) {
  EXPECT_EQ(Decode(""), "empty");
  EXPECT_EQ(Decode("2026/13/25 14:49:34 [error] 1#1: x"), "bad_timestamp");
  EXPECT_FALSE(NginxError::Create("anything").ok());
}

TEST_F(NginxErrorTest, RecognisesItsPrefix) {
  EXPECT_TRUE(NginxError::Recognises("2026/10/25 14:49:34 [error] 1#0: *1 x"));
  EXPECT_TRUE(NginxError::Recognises("2026/10/25 14:49:34 [emerg] 1#1: bind() failed"));
  EXPECT_FALSE(NginxError::Recognises("2026/10/25 14:49:34 [loud] 1#0: x"));
  EXPECT_FALSE(NginxError::Recognises("2026/10/25 14:49:34 x"));
  EXPECT_FALSE(NginxError::Recognises("2026/10/25"));
}

TEST_F(NginxErrorTest, TakesHugeLinesInOnePass) {
  for (absl::string_view unit : {", client: ", ", client: 1.2.3.4, server: s, request: \"", "\"",
                                 "\", host: \"", "\" failed (2: x)"}) {
    std::string filler;
    while (filler.size() < (1 << 20)) absl::StrAppend(&filler, unit);
    DecodeMessage(filler);
    DecodeMessage(absl::StrCat("open() \"", filler));
    Decode(filler);
  }
}

}  // namespace
}  // namespace sequitur::decode
