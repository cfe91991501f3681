#include "enrich/inventory.h"

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "enrich/event_builder.h"
#include "enrich/service.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::enrich {
namespace {

namespace field = event::field;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

InventorySpec Shipped() {
  Diagnostics diagnostics;
  const std::string path = std::string(SEQUITUR_SOURCE_DIR) + "/config/services.yaml";
  auto spec = ParseInventory(ReadFile(path), path, diagnostics);
  for (const Diagnostic& each : diagnostics) ADD_FAILURE() << each.ToString();
  return spec.value_or(InventorySpec());
}

std::string AreasOf(const Inventory& inventory, absl::string_view path) {
  std::string out;
  const uint32_t areas = inventory.Areas(path);
  for (size_t i = 0; i < kFileAreas; ++i) {
    if ((areas >> i & 1) == 0) continue;
    absl::StrAppend(&out, out.empty() ? "" : " ", FileAreaName(static_cast<FileArea>(i)));
  }
  return out;
}

TEST(ShippedInventory, KnowsWhereFilesLie) {
  const Inventory inventory(Shipped());
  const struct {
    absl::string_view path, areas;
  } kCases[] = {
      {"/Library/WebServer/Documents/shell.php", "web_root"},
      {"/library/webserver/documents/a/b.php", "web_root"},
      {"/System/Volumes/Data/Library/WebServer/Documents/x", "web_root"},
      {"/Library/WebServer/CGI-Executables/x.cgi", "web_root"},
      {"/Library/WebServer/Documents2/x", ""},
      {"/usr/local/var/www/index.php", "web_root"},
      {"/opt/homebrew/var/www", "web_root"},
      {"/opt/homebrew/Cellar/nginx/1.27.2/html/x.html", "web_root"},
      {"/Users/ann/Sites/x.php", "web_root"},
      {"/Users/ann/deep/Sites/x.php", ""},
      {"/private/var/www/x.php", "web_root"},
      {"/private/var/log/apache2/access_log", "log"},
      {"/opt/homebrew/var/log/nginx/error.log", "log"},
      {"/usr/local/nginx/client_body_temp/0000000001", "temp"},
      {"/private/tmp/x", "shared_temp"},
      {"/private/var/folders/zz/abc/T/x", "shared_temp"},
      {"/Users/Shared/x", "shared_temp"},
      {"/Library/LaunchDaemons/com.x.plist", "persistence"},
      {"/Users/ann/Library/LaunchAgents/com.x.plist", "persistence"},
      {"/private/var/root/.ssh/authorized_keys", "persistence"},
      {"/private/etc/apache2/httpd.conf", "config"},
      {"/private/etc/sudoers.d/x", "persistence"},
      {"/Users/ann/Documents/notes.txt", ""},
      {"", ""},
  };
  for (const auto& each : kCases) EXPECT_EQ(AreasOf(inventory, each.path), each.areas) << each.path;
}

TEST(ShippedInventory, KnowsServicesByTheirProcesses) {
  const Inventory inventory(Shipped());
  const struct {
    absl::string_view executable;
    std::vector<absl::string_view> args;
    absl::string_view user, service, runtime;
  } kCases[] = {
      {"/opt/homebrew/Cellar/nginx/1.27.2/bin/nginx", {"nginx"}, "", "nginx", ""},
      {"/usr/sbin/httpd", {"httpd", "-D", "FOREGROUND"}, "", "httpd", ""},
      {"/usr/sbin/apache2", {}, "", "httpd", ""},
      {"/usr/sbin/php-fpm8.3", {}, "", "php-fpm", ""},
      {"/usr/bin/php-cgi", {}, "", "php-fpm", ""},
      {"/usr/bin/php8.3", {"php8.3", "artisan"}, "ann", "", "php-fpm"},
      {"/usr/bin/php", {"php", "-r", "system('id');"}, "_www", "", ""},
      {"/usr/local/bin/node", {"node", "-r", "./tracing.js", "server.js"}, "ann", "", "node"},
      {"/usr/local/bin/node", {"node", "-e", "1"}, "_www", "", ""},
      {"/usr/bin/perl", {"perl", "-we", "1"}, "_www", "", ""},
      {"/Library/Frameworks/Python.framework/Versions/3.12/Resources/Python.app/Contents/MacOS/"
       "Python",
       {"python3", "app.py"},
       "ann",
       "",
       "python"},
      {"/usr/bin/python3.12",
       {"python3", "/srv/venv/bin/gunicorn", "app"},
       "ann",
       "python",
       "python"},
      {"/usr/bin/java",
       {"java", "-cp", "x", "org.apache.catalina.startup.Bootstrap"},
       "ann",
       "tomcat",
       "tomcat"},
      {"/usr/bin/java", {"java", "-version"}, "ann", "", "tomcat"},
      {"/usr/local/bin/caddy", {}, "", "caddy", ""},
      {"/private/tmp/nginx", {}, "", "", ""},
      {"/Library/WebServer/Documents/httpd", {}, "", "", ""},
      {"/bin/sh", {"sh", "-c", "nginx"}, "", "", ""},
      {"/usr/bin/nginx-helper", {}, "", "", ""},
  };
  for (const auto& each : kCases) {
    Inventory::Program program;
    program.executable = each.executable;
    program.args = each.args;
    program.user = each.user;
    const auto judged = inventory.Judge(program);
    const auto name = [&](int16_t i) { return i < 0 ? absl::string_view() : inventory.name(i); };
    EXPECT_EQ(name(judged.service), each.service) << each.executable;
    EXPECT_EQ(name(judged.runtime), each.runtime) << each.executable;
  }
}

constexpr char kSite[] = R"(
services:
  - name: shop
    runtimes: [node]
    datasets: [shop]
    expected_egress:
      - 203.0.113.0/24:443
      - 198.51.100.7
      - "[2001:db8::1]:8443"
      - api.example.com:443
      - "*.cdn.example.net"
)";

Inventory Site() {
  Diagnostics diagnostics;
  return Inventory(*ParseInventory(kSite, "services.yaml", diagnostics));
}

TEST(Inventory, ExpectsDeclaredEgressOnly) {
  const Inventory inventory = Site();
  const struct {
    absl::string_view address, host;
    int64_t port;
    bool expected;
  } kCases[] = {
      {"203.0.113.9", "", 443, true},
      {"::ffff:203.0.113.9", "", 443, true},
      {"203.0.113.9", "", 80, false},
      {"198.51.100.7", "", 9999, true},
      {"198.51.100.8", "", 443, false},
      {"2001:db8:0:0::1", "", 8443, true},
      {"2001:db8::1", "", 443, false},
      {"192.0.2.1", "API.example.com", 443, true},
      {"192.0.2.1", "api.example.com.evil.test", 443, false},
      {"192.0.2.1", "a.b.cdn.example.net", 80, true},
      {"", "", 443, false},
  };
  for (const auto& each : kCases) {
    EXPECT_EQ(inventory.ExpectsEgress(0, each.address, each.host, each.port), each.expected)
        << each.address << " " << each.host << " " << each.port;
  }
}

TEST(Inventory, ReportsMistakesWithTheirPlace) {
  const struct {
    absl::string_view yaml, message;
  } kCases[] = {
      {"services:\n  - processes: [x]\n", "name"},
      {"services:\n  - {name: a}\n  - {name: a}\n", "second service"},
      {"services:\n  - {name: a, workers: [b]}\n", "no service here"},
      {"services:\n  - {name: a, web_rots: [/x]}\n", "web_roots"},
      {"services:\n  - name: a\n    expected_children: [{program: x}]\n", "arguments"},
      {"services:\n  - name: a\n    expected_children: [{program: x, arguments: most}]\n", "any"},
      {"service: []\n", "services"},
  };
  for (const auto& each : kCases) {
    Diagnostics diagnostics;
    EXPECT_FALSE(ParseInventory(each.yaml, "s.yaml", diagnostics)) << each.yaml;
    ASSERT_FALSE(diagnostics.empty()) << each.yaml;
    EXPECT_THAT(diagnostics[0].message, HasSubstr(std::string(each.message))) << each.yaml;
    EXPECT_GT(diagnostics[0].line, 0);
  }
}

TEST(Service, NamesTheServiceOfLogRecords) {
  const Inventory inventory(Shipped());
  const Service service(inventory);
  event::Event event(AllFields());
  const struct {
    absl::string_view dataset, name;
  } kCases[] = {
      {"nginx.access", "nginx"},    {"nginx.error", "nginx"},        {"apache.error", "httpd"},
      {"php_fpm.error", "php-fpm"}, {"endpoint.events.process", ""}, {"", ""},
  };
  for (const auto& each : kCases) {
    EventBuilder(event, "web", "x", 0).Text(field::kEventDataset, each.dataset);
    service.Enrich(event);
    EXPECT_EQ(event.Text(field::kServiceName), each.name) << each.dataset;
  }
}

TEST(Service, NamesTheAreasOfFileEventsOnly) {
  const Inventory inventory(Shipped());
  const Service service(inventory);
  event::Event event(AllFields());
  EventBuilder(event, "file", "creation", 0).Text(field::kFilePath, "/var/www/tmp/x.php");
  service.Enrich(event);
  EXPECT_EQ(event.Get(field::kSequiturFileArea).ToString(), "[web_root]");
  EventBuilder(event, "process", "exec", 0).Text(field::kFilePath, "/var/www/tmp/x.php");
  service.Enrich(event);
  EXPECT_FALSE(event.Has(field::kSequiturFileArea));
}

TEST(Service, JudgesEgressWhereTheServiceIsKnown) {
  const Inventory inventory = Site();
  const Service service(inventory);
  event::Event event(AllFields());
  const auto judge = [&](int16_t of, absl::string_view address) {
    EventBuilder(event, "network", "network_flow", 0)
        .Text(field::kDestinationIp, address)
        .Int(field::kDestinationPort, 443);
    service.JudgeEgress(of, event);
    return event.Get(field::kSequiturServiceExpectedEgress).ToString();
  };
  EXPECT_EQ(judge(0, "203.0.113.1"), "true");
  EXPECT_EQ(judge(0, "192.0.2.1"), "false");
  // A flow without a process is expected when any service's would be.
  EXPECT_EQ(judge(Inventory::kNone, "203.0.113.1"), "true");
  EXPECT_EQ(judge(Inventory::kNone, "192.0.2.1"), "null");
  EventBuilder(event, "network", "network_flow", 0)
      .Text(field::kDestinationIp, "203.0.113.1")
      .Int(field::kDestinationPort, 443)
      .Int(field::kProcessPid, 7);
  service.JudgeEgress(Inventory::kNone, event);
  EXPECT_FALSE(event.Has(field::kSequiturServiceExpectedEgress));
}

TEST(FoldPath, FoldsWhatMacOsLinks) {
  EXPECT_EQ(FoldPath("/private/tmp/x"), "/tmp/x");
  EXPECT_EQ(FoldPath("/private/var"), "/var");
  EXPECT_EQ(FoldPath("/private/varnish"), "/private/varnish");
  EXPECT_EQ(FoldPath("/private/x"), "/private/x");
  EXPECT_EQ(FoldPath("/System/Volumes/Data/private/etc/x"), "/etc/x");
  EXPECT_EQ(FoldPath("/System/Volumes/Database"), "/System/Volumes/Database");
  EXPECT_EQ(FoldPath(""), "");
}

TEST(PatternSet, MatchesInItsDialect) {
  using Dialect = PatternSet::Dialect;
  const struct {
    Dialect dialect;
    absl::string_view pattern, text;
    bool matches;
  } kCases[] = {
      {Dialect::kName, "python", "python3.12", true},
      {Dialect::kName, "python", "pythonista", false},
      {Dialect::kName, "php-fpm", "PHP-FPM8.3", true},
      {Dialect::kName, "passenger*", "passenger-agent", true},
      {Dialect::kPath, "/a/*/c", "/a/b/c/d", true},
      {Dialect::kPath, "/a/*/c", "/a/b/x/c", false},
      {Dialect::kPath, "/a/**/c", "/a/b/x/c", true},
      {Dialect::kPath, "/a.b", "/aXb", false},
      {Dialect::kProgram, "/usr/bin/x", "/usr/bin/x/y", false},
      {Dialect::kArgument, "*", "word", true},
      {Dialect::kArgument, "*", "two words", false},
      {Dialect::kArgument, "*", "-option", false},
      {Dialect::kArgument, "**", "two words", true},
      {Dialect::kArgument, "**", "two -words", false},
      {Dialect::kArgument, "**", "two; words", false},
      {Dialect::kArgument, "a*", "a-b", true},
      {Dialect::kArgument, "*", "a\nb", false},
      {Dialect::kText, "*x*", "a\nx b", true},
  };
  for (const auto& each : kCases) {
    PatternSet set(each.dialect);
    set.Add(each.pattern);
    set.Compile();
    EXPECT_EQ(set.Matches(each.text), each.matches) << each.pattern << " " << each.text;
  }
}

}  // namespace
}  // namespace sequitur::enrich
