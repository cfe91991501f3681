#include "decode/log_text.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(DecodeLogEscapes, UndoesNginxAndHttpdAlike) {
  Arena arena;
  struct Case {
    absl::string_view logged, text;
  };
  const Case kCases[] = {
      {"plain", "plain"},
      {R"(a\x22b\x5Cc)", "a\"b\\c"},                             // nginx
      {R"(a\"b\\c\n\t\r\v\b)", "a\"b\\c\n\t\r\v\b"},             // httpd
      {R"(\xff\xC3\xa9)", "\xff\xC3\xA9"},                       // either case of digit
      {R"(\\x41)", R"(\x41)"},                                   // an escaped backslash
      {R"(\u0001\u00e9\u20ac\/)", "\x01\xC3\xA9\xE2\x82\xAC/"},  // escape=json
      {R"(\x4)", R"(\x4)"},
      {R"(\xzz\q)", R"(\xzz\q)"},
      {R"(end\)", R"(end\)"},
  };
  for (const Case& c : kCases) EXPECT_EQ(DecodeLogEscapes(c.logged, arena), c.text) << c.logged;
}

TEST(DecodePercent, DecodesOnceAndKeepsDamage) {
  Arena arena;
  EXPECT_EQ(DecodePercent("/a%20b%2e%2E", arena), "/a b..");
  EXPECT_EQ(DecodePercent("%252e", arena), "%2e");
  EXPECT_EQ(DecodePercent("100%", arena), "100%");
  EXPECT_EQ(DecodePercent("%zz%4", arena), "%zz%4");
}

TEST(FindClosingQuote, SkipsEscapedQuotes) {
  EXPECT_EQ(FindClosingQuote(R"("ab" c)", 1), 3u);
  EXPECT_EQ(FindClosingQuote(R"("a\"b" c)", 1), 5u);
  EXPECT_EQ(FindClosingQuote(R"("a\\" c)", 1), 4u);
  EXPECT_EQ(FindClosingQuote(R"("abc)", 1), absl::string_view::npos);
}

TEST(IsIpAddress, TellsAddressesFromNames) {
  for (absl::string_view yes : {"1.2.3.4", "::1", "2001:db8::1", "fe80::1%en0", "::ffff:1.2.3.4"}) {
    EXPECT_TRUE(IsIpAddress(yes)) << yes;
  }
  for (absl::string_view no : {"", "-", "localhost", "unix:", "1.2.3", "1.2.3.4:80", "1.2.3.4.5",
                               "[::1]", "cafe", "1.2.3.256"}) {
    EXPECT_FALSE(IsIpAddress(no)) << no;
  }
  EXPECT_FALSE(IsIpAddress(absl::string_view("1.2.3.4\0x", 9)));
}

TEST(IsPublicAddress, KnowsPrivateRanges) {
  for (absl::string_view yes : {"8.8.8.8", "172.32.0.1", "2a02::1", "::ffff:8.8.8.8"}) {
    EXPECT_TRUE(IsPublicAddress(yes)) << yes;
  }
  for (absl::string_view no : {"10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.1.1",
                               "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1", "name"}) {
    EXPECT_FALSE(IsPublicAddress(no)) << no;
  }
}

TEST(SplitHostPort, KnowsWhichColonIsThePorts) {
  struct Case {
    absl::string_view text;
    ColonRule rule;
    absl::string_view host;
    int64_t port;
  };
  using enum ColonRule;
  const Case kCases[] = {
      {"example.com", kBracketed, "example.com", -1},
      {"example.com:80", kBracketed, "example.com", 80},
      {"[2001:db8::1]:80", kBracketed, "2001:db8::1", 80},
      {"[2001:db8::1]", kBracketed, "2001:db8::1", -1},
      {"2001:db8::1", kBracketed, "2001:db8::1", -1},
      {"2001:db8::1:51234", kLastIsPort, "2001:db8::1", 51234},
      {"1.2.3.4:5", kLastIsPort, "1.2.3.4", 5},
      {"unix:", kBracketed, "unix:", -1},
      {"", kBracketed, "", -1},
  };
  for (const Case& c : kCases) {
    const HostPort parts = SplitHostPort(c.text, c.rule);
    EXPECT_EQ(parts.host, c.host) << c.text;
    EXPECT_EQ(parts.port.value_or(-1), c.port) << c.text;
  }
}

TEST(ForEachListed, SplitsAsProxiesWrite) {
  std::vector<std::string> seen;
  ForEachListed(R"("10.5.102.222, 175.16.199.1,204.246.1.1" - 10.2.1.185)",
                [&](absl::string_view element) { seen.emplace_back(element); });
  EXPECT_THAT(seen,
              ::testing::ElementsAre("10.5.102.222", "175.16.199.1", "204.246.1.1", "10.2.1.185"));
}

}  // namespace
}  // namespace sequitur::decode
