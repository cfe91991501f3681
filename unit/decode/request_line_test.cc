#include "decode/request_line.h"

#include "decode/decoded_line.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(ParseRequestLine, NeedsNoThreeWords) {
  struct Case {
    absl::string_view text, method, target, version;
  };
  const Case kCases[] = {
      {"GET / HTTP/1.1", "GET", "/", "1.1"},
      {"PATCHp /x HTTP/2.0", "PATCHp", "/x", "2.0"},
      {"GET /a b  c HTTP/1.0", "GET", "/a b  c", "1.0"},
      {"GET /old", "GET", "/old", ""},
      {"GET /x FTP/1.1", "GET", "/x FTP/1.1", ""},
      {"GET HTTP/1.1", "GET", "", "1.1"},
      {"GET  HTTP/1.1", "GET", "", "1.1"},
      {"hello", "hello", "", ""},
      {"", "", "", ""},
      {"-", "", "", ""},
      {"\x16\x03\x01 x", "", "\x16\x03\x01 x", ""},
      {"CONNECT example.com:443 HTTP/1.1", "CONNECT", "example.com:443", "1.1"},
  };
  for (const Case& c : kCases) {
    const RequestLine request = ParseRequestLine(c.text);
    EXPECT_EQ(request.method, c.method) << c.text;
    EXPECT_EQ(request.target, c.target) << c.text;
    EXPECT_EQ(request.version, c.version) << c.text;
  }
}

TEST(SplitTarget, ReadsOriginAbsoluteAndAuthorityForms) {
  struct Case {
    absl::string_view method, target, scheme, domain, path, query;
    int64_t port;
  };
  const Case kCases[] = {
      {"GET", "/a?b=c?d", "", "", "/a", "b=c?d", -1},
      {"GET", "/a", "", "", "/a", "", -1},
      {"GET", "http://h.example:8080/p?q", "http", "h.example", "/p", "q", 8080},
      {"GET", "http://user:pw@h/p", "http", "h", "/p", "", -1},
      {"GET", "https://[2001:db8::1]?q", "https", "2001:db8::1", "", "q", -1},
      {"CONNECT", "h.example:443", "", "h.example", "", "", 443},
      {"GET", "/redirect?to=http://x/", "", "", "/redirect", "to=http://x/", -1},
      {"OPTIONS", "*", "", "", "*", "", -1},
      {"GET", "", "", "", "", "", -1},
  };
  for (const Case& c : kCases) {
    const RequestTarget parts = SplitTarget(c.method, c.target);
    EXPECT_EQ(parts.scheme, c.scheme) << c.target;
    EXPECT_EQ(parts.domain, c.domain) << c.target;
    EXPECT_EQ(parts.path, c.path) << c.target;
    EXPECT_EQ(parts.query, c.query) << c.target;
    EXPECT_EQ(parts.port.value_or(-1), c.port) << c.target;
  }
}

TEST(SetRequest, KeepsTheTargetAndDecodesItsParts) {
  DecodedLine decoded;
  SetRequest(ParseRequestLine("GET /a%20b/c.tar.gz?x=%7B%22 HTTP/1.1"), decoded.event());
  EXPECT_EQ(decoded["url.original"], "/a%20b/c.tar.gz?x=%7B%22");
  EXPECT_EQ(decoded["url.path"], "/a b/c.tar.gz");
  EXPECT_EQ(decoded["url.query"], "x={\"");
  EXPECT_EQ(decoded["url.extension"], "gz");
}

}  // namespace
}  // namespace sequitur::decode
