#include "decode/stream_hint.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using Server = StreamHint::Server;
using Role = StreamHint::Role;

TEST(StreamHint, PathsNameServerAndRole) {
  struct Case {
    absl::string_view path;
    Server server;
    Role role;
    bool raw_log;
  };
  for (const Case& c : {
           Case{"/var/log/nginx/access.log", Server::kNginx, Role::kAccess, true},
           Case{"/var/log/nginx/error.log.1", Server::kNginx, Role::kError, true},
           Case{"/var/log/apache2/access.log", Server::kHttpd, Role::kAccess, true},
           Case{"/private/var/log/apache2/error_log", Server::kHttpd, Role::kError, true},
           Case{"/opt/site/logs/ssl_access_log-20261124", Server::kHttpd, Role::kAccess, true},
           Case{"/opt/homebrew/var/log/php-fpm.log", Server::kPhpFpm, Role::kUnknown, false},
           Case{"error.log", Server::kUnknown, Role::kError, true},
           Case{"C:\\nginx\\logs\\Access.Log", Server::kNginx, Role::kAccess, true},
           Case{"dumps/nginx-access.ndjson", Server::kNginx, Role::kAccess, false},
           Case{"/var/log/nginx/access.log.json", Server::kNginx, Role::kAccess, false},
           Case{"/var/log/system.log", Server::kUnknown, Role::kUnknown, false},
           Case{"", Server::kUnknown, Role::kUnknown, false},
       }) {
    const StreamHint hint = HintFromPath(c.path);
    EXPECT_EQ(hint.server, c.server) << c.path;
    EXPECT_EQ(hint.role, c.role) << c.path;
    EXPECT_EQ(hint.raw_log, c.raw_log) << c.path;
  }
}

TEST(StreamHint, NamesHintButNeverMakeARawLog) {
  EXPECT_EQ(HintFromName("nginx.error").error_kind(), SourceKind::kNginxError);
  EXPECT_EQ(HintFromName("Apache-Error").error_kind(), SourceKind::kHttpdError);
  EXPECT_EQ(HintFromName("wordpress:4.8-apache").server, Server::kHttpd);
  EXPECT_EQ(HintFromName("apache").error_kind(), SourceKind::kAuto);
  EXPECT_FALSE(HintFromName("error.log").raw_log);
}

TEST(StreamHint, WhatIsKnownStays) {
  StreamHint hint = HintFromPath("/var/log/nginx/x.log");
  hint.Fill(HintFromName("httpd-error"));
  EXPECT_EQ(hint.server, Server::kNginx);
  EXPECT_EQ(hint.role, Role::kError);
}

bool Same(const StreamHint& a, const StreamHint& b) {
  return a.server == b.server && a.role == b.role && a.raw_log == b.raw_log;
}

// More names than it holds, each asked for again after others took its place.
TEST(HintMemo, GivesTheHintsOfTheNamesThemselves) {
  HintMemo memo;
  for (int round = 0; round < 3; ++round) {
    for (int site = 0; site < 500; ++site) {
      for (absl::string_view name : {"access.log", "error.log", "nginx/access.log", "x", ""}) {
        const std::string path = absl::StrCat("/var/log/", site, "/", name);
        EXPECT_TRUE(Same(memo.FromPath(path), HintFromPath(path))) << path;
        EXPECT_TRUE(Same(memo.FromName(path), HintFromName(path))) << path;
      }
    }
  }
  const std::string longer = std::string(HintMemo::kMaxText, '/') + "nginx/error.log";
  EXPECT_TRUE(Same(memo.FromPath(longer), HintFromPath(longer)));
}

}  // namespace
}  // namespace sequitur::decode
