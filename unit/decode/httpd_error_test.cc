#include "decode/httpd_error.h"

#include "absl/strings/str_cat.h"
#include "decode/decoded_line.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

class HttpdErrorTest : public ::testing::Test {
 protected:
  std::string Decode(absl::string_view line) { return decoded_.Decode(stock_, line); }
  std::string Get(absl::string_view path) { return decoded_[path]; }

  const HttpdError stock_ = *HttpdError::Create("");
  DecodedLine decoded_;
};

TEST_F(HttpdErrorTest, DecodesThe24Form) {
  decoded_.lines.zone = absl::FixedTimeZone(-2 * 3600);
  decoded_.lines.zone_is_assumed = false;
  ASSERT_EQ(Decode("[Fri Sep 09 10:42:29.902022 2026] [core:error] [pid 35708:tid 4328636416] "
                   "(13)Permission denied: [client 203.0.113.7:51234] AH00132: file permissions "
                   "deny server access: /www/a\\\\b\\x01, referer: http://r.example/"),
            "decoded");
  EXPECT_EQ(decoded_.time(), "2026-09-09T12:42:29.902022Z");
  EXPECT_EQ(Get("event.module"), "apache");
  EXPECT_EQ(Get("event.dataset"), "apache.error");
  EXPECT_EQ(Get("event.category"), "web");
  EXPECT_EQ(Get("event.type"), "error");
  EXPECT_EQ(Get("apache.error.module"), "core");
  EXPECT_EQ(Get("log.level"), "error");
  EXPECT_EQ(Get("process.pid"), "35708");
  EXPECT_EQ(Get("process.thread.id"), "4328636416");
  EXPECT_EQ(Get("error.message"), "(13)Permission denied");
  EXPECT_EQ(Get("error.code"), "AH00132");
  EXPECT_EQ(Get("source.ip"), "203.0.113.7");
  EXPECT_EQ(Get("source.port"), "51234");
  EXPECT_EQ(Get("http.request.referrer"), "http://r.example/");
  EXPECT_EQ(
      Get("message"),
      "AH00132: file permissions deny server access: /www/a\\b\x01, referer: http://r.example/");
  EXPECT_EQ(Get("sequitur.flags"), "null");
}

TEST_F(HttpdErrorTest, DecodesPrefixesInPart) {
  struct Case {
    absl::string_view line, path, value;
  };
  const Case kCases[] = {
      {"[Mon Dec 26 16:22:08 2026] [error] [client 192.0.2.1] File does not exist: /var/www/x",
       "source.ip", "192.0.2.1"},
      {"[Mon Dec 26 16:22:08 2026] [error] [client 192.0.2.1] File does not exist: /var/www/x",
       "file.path", "/var/www/x"},
      {"[Mon Dec 26 16:22:08 2026] [error] [client 2001:db8::1] denied", "source.ip",
       "2001:db8::1"},
      {"[Mon Dec 26 16:22:08.1 2026] [core:info] [pid 1] [client 2001:db8::1:51234] AH00128: File "
       "does not exist: /x",
       "source.ip", "2001:db8::1"},
      {"[Mon Dec 26 16:22:08.1 2026] [core:info] [pid 1] [client 2001:db8::1:51234] AH00128: File "
       "does not exist: /x",
       "source.port", "51234"},
      {"[Mon Dec 26 16:22:08.1 2026] [core:info] [pid 1] [client 2001:db8::1:51234] AH00128: File "
       "does not exist: /x, referer: http://r/",
       "file.path", "/x"},
      {"[Mon Dec 26 16:22:08.1 2026] [core:info] [pid 1] x", "event.type", "info"},
      {"[Mon Dec 26 16:22:08.1 2026] [:error] [pid 1] [client 192.0.2.1:5] PHP Warning:  x",
       "log.level", "error"},
      {"[Mon Dec 26 16:22:08.1 2026] [:error] [pid 1] [client 192.0.2.1:5] PHP Warning:  x",
       "event.action", "script_error"},
      {"[Mon Dec 26 16:22:08.1 2026] [proxy:debug] [pid 1:tid 2] proxy_util.c(1850): AH00925: x",
       "error.code", "AH00925"},
      {"[Mon Dec 26 16:22:08.1 2026] [proxy:error] [pid 1:tid 2] [remote 10.0.0.9:80] AH00898: x",
       "destination.ip", "10.0.0.9"},
      {"[Mon Dec 26 16:22:08.1 2026] [proxy:error] [pid 1:tid 2] [remote 10.0.0.9:80] AH00898: x",
       "source.ip", "null"},
      {"[Mon Dec 26 16:22:08.1 2026] [core:error] [pid 1] AH1: [client 6.6.6.6:1] forged",
       "source.ip", "null"},
      {"[Mon Dec 26 16:22:08 2026] [notice] Apache/2.2.22 (Ubuntu) configured", "message",
       "Apache/2.2.22 (Ubuntu) configured"},
  };
  for (const Case& c : kCases) {
    ASSERT_EQ(Decode(c.line), "decoded") << c.line;
    EXPECT_EQ(Get(c.path), c.value) << c.line;
  }
}

TEST_F(HttpdErrorTest, TellsActionsByCodeWordsAndModule) {
  struct Case {
    absl::string_view module, message, action;
  };
  const Case kCases[] = {
      {"core:error", "AH10244: invalid URI path (/cgi-bin/.%2e/.%2e/bin/sh)", "invalid_request"},
      {"core:error", "AH00135: Invalid method in request FOO /x HTTP/1.1", "invalid_request"},
      {"authz_core:error", "AH01630: client denied by server configuration: /x", "access_denied"},
      {"auth_basic:error", "AH01618: user x not found: /", "access_denied"},
      {"proxy_fcgi:error", "AH01071: Got error 'PHP message: x'", "script_error"},
      {"cgi:error", "AH01215: sh: 1: foo: not found: /x.cgi", "script_error"},
      {"cgid:error", "End of script output before headers: x.cgi", "script_error"},
      {"proxy:error", "AH00957: HTTP: attempt to connect to 10.0.0.9:80 failed", "upstream_error"},
      {"proxy_http:error", "AH01102: error reading status line from remote server h:80",
       "upstream_error"},
      {"proxy_uwsgi:error", "something new", "upstream_error"},
      {"proxy_http:debug", "something old", "null"},
      {"core:notice", "AH00094: Command line: 'httpd'", "null"},
  };
  for (const Case& c : kCases) {
    ASSERT_EQ(Decode(absl::StrCat("[Mon Dec 26 16:22:08.1 2026] [", c.module,
                                  "] [pid 1:tid 2] [client 192.0.2.1:5] ", c.message)),
              "decoded");
    EXPECT_EQ(Get("event.action"), c.action) << c.message;
  }
}

TEST_F(HttpdErrorTest, TakesWhatTheMessageSaysOfTheRequest) {
  ASSERT_EQ(
      Decode("[Mon Dec 26 16:22:08.1 2026] [core:error] [pid 1] [client 192.0.2.1:5] AH10244: "
             "invalid URI path (/cgi-bin/.%2e/(x)?a), referer: http://r/)"),
      "decoded");
  EXPECT_EQ(Get("url.original"), "/cgi-bin/.%2e/(x)?a");
  ASSERT_EQ(
      Decode("[Mon Dec 26 16:22:08.1 2026] [core:error] [pid 1] [client 192.0.2.1:5] AH00135: "
             "Invalid method in request \\x16\\x03 / HTTP/1.1"),
      "decoded");
  EXPECT_EQ(Get("url.original"), "\x16\x03 / HTTP/1.1");
}

TEST_F(HttpdErrorTest, ReadsHowChildrenEnd) {
  struct Case {
    absl::string_view line, pid, parent, signal, code;
  };
  const Case kCases[] = {
      {"[Sat May 18 12:13:50.883186 2026] [core:notice] [pid 4428:tid 1] AH00051: child pid 4574 "
       "exit signal Segmentation fault (11), possible coredump in /etc/apache2",
       "4574", "4428", "11", "139"},
      {"[Mon Mar 09 09:33:41.657477 2026] [core:notice] [pid 465:tid 465] AH00052: child pid 474 "
       "exit signal Abort (6)",
       "474", "465", "6", "134"},
      {"[Sat Jan 17 13:58:40 2009] [notice] child pid 26479 exit signal Bus error (10)", "26479",
       "null", "10", "138"},
      {"[Mon Mar 09 09:33:41.6 2026] [core:alert] [pid 465:tid 465] AH00050: child pid 474 "
       "returned a Fatal error... Apache is exiting!",
       "474", "465", "null", "null"},
  };
  for (const Case& c : kCases) {
    ASSERT_EQ(Decode(c.line), "decoded") << c.line;
    EXPECT_EQ(Get("event.category"), "process");
    EXPECT_EQ(Get("event.type"), "end");
    EXPECT_EQ(Get("event.action"), "worker_crash");
    EXPECT_EQ(Get("process.name"), "httpd");
    EXPECT_EQ(Get("process.pid"), c.pid);
    EXPECT_EQ(Get("process.parent.pid"), c.parent);
    EXPECT_EQ(Get("sequitur.exit.signal"), c.signal);
    EXPECT_EQ(Get("process.exit_code"), c.code);
  }
}

TEST_F(HttpdErrorTest, BelievesNoCrashFromAClient) {
  for (absl::string_view message :
       {"[client 6.6.6.6:1] child pid 4574 exit signal Segmentation fault (11)",
        "AH00128: File does not exist: /child pid 4574 exit signal Segmentation fault (11)",
        "AH00046: child process 4574 still did not exit, sending a SIGKILL"}) {
    ASSERT_EQ(Decode(absl::StrCat("[Mon Mar 09 09:33:41.6 2026] [core:error] [pid 465] ", message)),
              "decoded");
    EXPECT_EQ(Get("event.category"), "web") << message;
  }
}

TEST_F(HttpdErrorTest, KeepsTheStderrOfScripts) {
  EXPECT_EQ(Decode("sh: 1: foo: not found"), "no_timestamp");
  ASSERT_EQ(Decode("[Mon Dec 26 16:22:08.5 2026] [core:notice] [pid 1] x"), "decoded");
  EXPECT_EQ(decoded_.memory.last_pid, 1);
  ASSERT_EQ(Decode("sh: 1: foo: not found"), "decoded");
  EXPECT_EQ(decoded_.time(), "2026-12-26T16:22:08.500Z");
  EXPECT_EQ(Get("event.action"), "script_error");
  EXPECT_EQ(Get("event.type"), "error");
  EXPECT_EQ(Get("event.category"), "web");
  EXPECT_EQ(Get("message"), "sh: 1: foo: not found");
  EXPECT_EQ(Get("source.ip"), "null");
}

TEST_F(HttpdErrorTest, ReadsAConfiguredFormat) {
  const HttpdError decoder = *HttpdError::Create(
      R"(ErrorLogFormat "[%{cu}t] [%-m:%l] [pid %P:tid %T] [%L] %7F: %E: [client\ %a] )"
      R"([host\ %v] %M% ,\ referer\ %{Referer}i")");
  ASSERT_EQ(decoded_.Decode(decoder,
                            "[2026-12-26 16:22:08.103522] [core:error] [pid 7:tid 8] [abc] "
                            "(2)No such file or directory: [client 2001:db8::1:5] [host v.example] "
                            "AH00128: x y, referer http://r/"),
            "decoded");
  EXPECT_EQ(decoded_.time(), "2026-12-26T16:22:08.103522Z");
  EXPECT_EQ(Get("http.request.id"), "abc");
  EXPECT_EQ(Get("source.ip"), "2001:db8::1");
  EXPECT_EQ(Get("source.port"), "5");
  EXPECT_EQ(Get("url.domain"), "v.example");
  EXPECT_EQ(Get("error.message"), "(2)No such file or directory");
  EXPECT_EQ(Get("error.code"), "AH00128");
  EXPECT_EQ(Get("message"), "AH00128: x y");
  EXPECT_EQ(Get("http.request.referrer"), "http://r/");
  // Crashes have no client: their parts are left out.
  ASSERT_EQ(decoded_.Decode(decoder,
                            "[2026-12-26 16:22:08.103522] [core:notice] [pid 7:tid 8] AH00052: "
                            "child pid 9 exit signal Segmentation fault (11)"),
            "decoded");
  EXPECT_EQ(Get("event.action"), "worker_crash");
  EXPECT_EQ(Get("process.pid"), "9");
  EXPECT_EQ(decoded_.Decode(decoder, "sh: 1: foo: not found"), "decoded");
  EXPECT_EQ(Get("event.action"), "script_error");
}

TEST_F(HttpdErrorTest, RefusesFormatsWithoutTimeOrMessage) {
  EXPECT_FALSE(HttpdError::Create("[%l] %M").ok());
  EXPECT_FALSE(HttpdError::Create("[%t] [%l]").ok());
  EXPECT_FALSE(HttpdError::Create("[%t] %{x").ok());
}

TEST_F(HttpdErrorTest, RefusesDamageByItsKind) {
  EXPECT_EQ(Decode(""), "empty");
  EXPECT_EQ(Decode("[Mon Foo 26 16:22:08 2026] [error] x"), "bad_timestamp");
}

TEST_F(HttpdErrorTest, RecognisesItsPrefix) {
  EXPECT_TRUE(HttpdError::Recognises("[Mon Dec 26 16:22:08 2016] [error] x"));
  EXPECT_TRUE(HttpdError::Recognises("[Mon Dec 26 16:15:55.103522 2016] [core:notice] [pid 1] x"));
  EXPECT_FALSE(HttpdError::Recognises("[28/Sep/2026:12:00:01 +0000] x"));
  EXPECT_FALSE(HttpdError::Recognises("[22-Nov-2026 01:05:05] WARNING: x"));
  EXPECT_FALSE(HttpdError::Recognises("["));
}

}  // namespace
}  // namespace sequitur::decode
