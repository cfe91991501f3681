#include "alert/alert_fixture.h"
#include "alert/alert_json.h"
#include "alert/phrase.h"
#include "alert/printable.h"
#include "alert/timeline_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidjson/document.h"

namespace sequitur::alert {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Printable, ShowsControlBytesAndHiddenCharacters) {
  EXPECT_EQ(Printable("plain ünï ☃", 80), "plain ünï ☃");
  EXPECT_EQ(Printable("\x1b[31m\r\n\t", 80), "\\x1B[31m\\x0D\\x0A\\x09");
  EXPECT_EQ(Printable("\xff\xc0\x80", 80), "\\xFF\\xC0\\x80");
  EXPECT_EQ(Printable("a\u202Eb\u200Bc", 80), "a\\u{202E}b\\u{200B}c");
  EXPECT_EQ(Printable("abcdef", 3), "abc…");
  EXPECT_EQ(Printable("abc", 3), "abc");
}

TEST(ValidUtf8, ReplacesEveryByteThatIsNoCharacter) {
  EXPECT_EQ(ValidUtf8("a\xff"
                      "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(ValidUtf8("\xed\xa0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  EXPECT_EQ(ValidUtf8("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf");
  EXPECT_EQ(ValidUtf8("\xe2\x98"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_F(AlertTest, SaysTheWholeChainInOneLine) {
  EXPECT_EQ(Headline(Build({Request(0), {}, Flow(2)})),
            "web-test on web-03: 203.0.113.7 GET /x?<id> (500) → (nothing that was looked for) → "
            "curl connected to [2001:db8::9]:443, 2.0 s (nothing was seen in between)");
}

TEST_F(AlertTest, IsOneEcsDocument) {
  const std::string json = ToJson(Build({Request(0), {}, Flow(2)}), fields_, sources_);
  rapidjson::Document doc;
  ASSERT_FALSE(doc.Parse(json.c_str()).HasParseError()) << json;
  EXPECT_STREQ(doc["@timestamp"].GetString(), "2026-01-01T00:00:02.000Z");
  EXPECT_STREQ(doc["event"]["kind"].GetString(), "alert");
  EXPECT_EQ(doc["event"]["severity"].GetInt(), 73);
  EXPECT_STREQ(doc["rule"]["id"].GetString(), "web-test");
  EXPECT_STREQ(doc["threat"]["technique"][0]["id"].GetString(), "T1190");
  EXPECT_STREQ(doc["host"]["name"].GetString(), "web-03");
  EXPECT_STREQ(doc["related"]["user"][0].GetString(), "_www");
  EXPECT_EQ(doc["related"]["ip"].Size(), 2u);
  const auto& own = doc["sequitur"];
  EXPECT_STREQ(own["mode"].GetString(), "live");
  EXPECT_STREQ(own["key"]["host.id"].GetString(), "AAAA-1");
  EXPECT_TRUE(own["key"]["user.id"].IsNull());
  EXPECT_EQ(own["span_ms"].GetInt(), 2000);
  EXPECT_FALSE(own.HasMember("detect_ms"));  // files have no arrival
  ASSERT_EQ(own["evidence"].Size(), 3u);
  EXPECT_TRUE(own["evidence"][1].IsNull());
  const auto& flow = own["evidence"][2];
  EXPECT_EQ(flow["stage"].GetInt(), 2);
  EXPECT_STREQ(flow["position"]["file"].GetString(), "access.log");
  EXPECT_EQ(flow["position"]["line"].GetInt(), 3);
  EXPECT_EQ(flow["event"]["destination"]["port"].GetInt(), 443);
  // A path that is both a value and a parent keeps the dotted name below it.
  EXPECT_STREQ(flow["event"]["process"]["executable"].GetString(), "/usr/bin/curl");
  EXPECT_EQ(flow["event"]["process"]["executable.deep.er"].GetInt(), 7);
}

TEST_F(AlertTest, OfACanarySaysSoWhateverItsRulesMode) {
  Alert alert = Build({Request(0), {}, Flow(2)});
  alert.canary = true;
  EXPECT_THAT(ToJson(alert, fields_, sources_), ::testing::HasSubstr(R"("mode":"canary")"));
}

TEST_F(AlertTest, IdDependsOnRuleKeyAndPositionsOnly) {
  const std::string id = Build({Request(0), {}, Flow(2)}).id;
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(Build({Request(0, "/other"), {}, Flow(2)}).id, id);
  EXPECT_NE(Build({Request(0), {}, Flow(3)}).id, id);
  EXPECT_NE(Build({Request(0), Request(0), Flow(2)}).id, id);
}

TEST_F(AlertTest, DetectionDelayIsCountedFromTheBus) {
  Begin(1);
  event_->position.partition = 0;
  event_->record_time = 40;
  const Alert alert = Build({event::Snapshot::Of(*event_)});
  EXPECT_EQ(alert.detect, 2);
}

TEST_F(AlertTest, TimelineShowsStepsInOrderAndEscapesTheirText) {
  const Alert alert = Build({Request(0, "/\x1b[2J\xff"), {}, Flow(65)});
  const std::string text = ToTimeline(alert, sources_, Colour::kNone);
  EXPECT_THAT(text, HasSubstr("HIGH  web-test on web-03\n  Test of the web\n"));
  EXPECT_THAT(text, HasSubstr("   1  +0.000 s        203.0.113.7 GET /\\x1B[2J\\xFF (500)\n"));
  EXPECT_THAT(text, HasSubstr("   3  +1 min 05.000 s  curl connected"));
  EXPECT_THAT(text, HasSubstr("access.log:66"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(ToTimeline(alert, sources_, Colour::kAnsi), HasSubstr("\x1b[1;31mHIGH\x1b[0m"));
}

TEST_F(AlertTest, PhrasesSpeakOfEachKindOfEvent) {
  struct Case {
    std::vector<std::pair<event::FieldId, const char*>> fields;
    const char* phrase;
  };
  const Case cases[] = {
      {{{field::kEventCategory, "process"},
        {field::kEventAction, "worker_crash"},
        {field::kProcessName, "nginx"},
        {field::kProcessPid, "81"},
        {field::kSequiturExitSignal, "11"}},
       "nginx 81 crashed (signal 11)"},
      {{{field::kEventCategory, "process"},
        {field::kEventType, "start"},
        {field::kProcessParentName, "php-fpm"},
        {field::kProcessCommandLine, "sh -c id"}},
       "php-fpm spawned sh -c id"},
      {{{field::kEventCategory, "file"},
        {field::kEventAction, "creation"},
        {field::kProcessName, "php-fpm"},
        {field::kFilePath, "/var/www/x.php"}},
       "php-fpm created /var/www/x.php"},
      {{{field::kEventCategory, "network"},
        {field::kSourceIp, "10.0.0.8"},
        {field::kDestinationIp, "198.51.100.9"},
        {field::kDestinationPort, "443"}},
       "10.0.0.8 connected to 198.51.100.9:443"},
      {{{field::kEventCategory, "web"},
        {field::kEventType, "error"},
        {field::kMessage, "upstream prematurely closed"}},
       "error log: upstream prematurely closed"},
      {{{field::kEventCategory, "registry"}, {field::kEventAction, "modification"}},
       "registry: modification"},
  };
  for (const Case& c : cases) {
    Begin(0);
    for (const auto& [id, text] : c.fields) event_->SetString(id, text);
    EXPECT_EQ(Phrase(*event::Snapshot::Of(*event_)), c.phrase);
  }
}

}  // namespace
}  // namespace sequitur::alert
