#include "decode/nginx_error_tail.h"

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(NginxErrorTail, TakesEveryField) {
  const NginxErrorTail tail = FindNginxErrorTail(
      R"(oops, client: 192.0.2.1, server: s, request: "GET / HTTP/1.1", subrequest: "/auth", )"
      R"(upstream: "fastcgi://unix:/run/php.sock:", host: "h", referrer: "http://r/")",
      EntryPart::kWhole);
  EXPECT_EQ(tail.message, "oops");
  EXPECT_EQ(tail.client, "192.0.2.1");
  EXPECT_EQ(tail.server, "s");
  EXPECT_EQ(tail.request, "GET / HTTP/1.1");
  EXPECT_EQ(tail.upstream, "fastcgi://unix:/run/php.sock:");
  EXPECT_EQ(tail.host, "h");
  EXPECT_EQ(tail.referrer, "http://r/");
  EXPECT_FALSE(tail.ambiguous);
}

TEST(NginxErrorTail, HasNoneWithoutAClient) {
  const NginxErrorTail tail = FindNginxErrorTail("start worker processes", EntryPart::kWhole);
  EXPECT_EQ(tail.message, "start worker processes");
  EXPECT_EQ(tail.client, "");
}

TEST(NginxErrorTail, TakesNoFieldThatStandsTwice) {
  const NginxErrorTail tail = FindNginxErrorTail(
      R"(oops, client: 192.0.2.1, server: s, request: "GET /", host: "evil HTTP/1.1", host: "h")",
      EntryPart::kWhole);
  EXPECT_EQ(tail.client, "192.0.2.1");
  EXPECT_EQ(tail.host, "");
}

TEST(NginxErrorTail, NeedsNginxsWordsBehindAQuote) {
  constexpr absl::string_view kTail = R"(, client: 192.0.2.1, server: s, request: "G")";
  struct Case {
    absl::string_view message;
    EntryPart part;
    bool believed;
  };
  using enum EntryPart;
  const Case kCases[] = {
      {R"("/html/" is forbidden (13: Permission denied))", kWhole, true},
      {R"(directory index of "/html/" is forbidden)", kWhole, true},
      {R"("^/x" matches "/x")", kWhole, true},
      {R"(rewritten data: "/y", args: "")", kWhole, true},
      {R"(user "x" was not found in "/etc/htpasswd")", kWhole, true},
      {R"(client sent invalid header line: "x" while reading client request headers)", kWhole,
       true},
      {R"(open() "/html/x")", kWhole, false},
      {R"(open() "/html/x)", kWhole, false},
      {R"(user "x")", kWhole, false},
      {R"(end" while reading upstream)", kContinuation, true},
      {R"(end)", kContinuation, false},
      {R"(end")", kContinuation, false},
  };
  for (const Case& c : kCases) {
    const std::string text = std::string(c.message) + std::string(kTail);
    EXPECT_EQ(!FindNginxErrorTail(text, c.part).client.empty(), c.believed) << text;
  }
}

}  // namespace
}  // namespace sequitur::decode
