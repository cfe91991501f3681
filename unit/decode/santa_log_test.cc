#include "decode/santa_log.h"

#include "absl/strings/str_cat.h"
#include "decode/host_json_fixture.h"
#include "rapidjson/document.h"

namespace sequitur::decode {
namespace {

class SantaLogTest : public ::testing::Test {
 protected:
  SantaLogTest() : projection_(All(table_)), event_(projection_) {}

  static event::Projection All(const event::FieldTable& table) {
    event::Projection projection(table);
    projection.AddAllKnown();
    return projection;
  }
  DecodeResult Decode(absl::string_view line) {
    event_.Reset();
    return SantaLog().Decode(line, lines_, event_);
  }
  EmittedEvent One(absl::string_view pairs) {
    const std::string line = absl::StrCat("[2026-11-24T03:00:01.802Z] I santad: ", pairs);
    EXPECT_TRUE(SantaLog::Recognises(line)) << line;
    EXPECT_EQ(Decode(line), DecodeResult::kDecoded) << line;
    return EmittedEvent(event_);
  }

  event::FieldTable table_;
  event::Projection projection_;
  LineContext lines_;
  event::Event event_;
};

TEST_F(SantaLogTest, DecodesExecsInAnyOrderOfKeys) {
  for (absl::string_view pairs :
       {"action=EXEC|decision=ALLOW|reason=CERT|sha256=ab12|path=/private/tmp/sh|args=sh -c id"
        "|cert_sha256=cd|cert_cn=X|pid=29678|pidversion=45|ppid=12|uid=-2|user=nobody|gid=0"
        "|group=wheel|mode=M|machineid=m-1",
        "action=EXEC|decision=ALLOW|reason=CERT|explain=critical system binary|sha256=ab12|"
        "cert_sha256=cd|cert_cn=X|teamid=T|pid=29678|pidversion=45|ppid=12|uid=-2|user=nobody|"
        "gid=0|group=wheel|mode=M|path=/private/tmp/sh|args=sh -c id|machineid=m-1\n"}) {
    const EmittedEvent e = One(pairs);
    ExpectFields(e, {{"event.category", "process"},
                     {"event.type", "start"},
                     {"event.action", "exec"},
                     {"host.os.type", "macos"},
                     {"process.pid", "29678"},
                     {"process.Ext.pidversion", "45"},
                     {"process.parent.pid", "12"},
                     {"process.executable", "/tmp/sh"},
                     {"process.name", "sh"},
                     {"process.command_line", "sh -c id"},
                     {"process.args", "[sh, -c, id]"},
                     {"process.args_count", "3"},
                     {"process.hash.sha256", "ab12"},
                     {"user.id", "4294967294"},
                     {"user.name", "nobody"},
                     {"event.reason", "CERT"}});
    EXPECT_EQ(e.host_id, "m-1");
    EXPECT_EQ(e.iso_time(), "2026-11-24T03:00:01.802Z");
  }
}

TEST_F(SantaLogTest, UndoesItsEscapes) {
  ExpectFields(One("action=EXEC|decision=ALLOW|path=/bin/sh|args=sh -c a<pipe>b=c\\nd|pid=1"),
               {{"process.command_line", "sh -c a|b=c\nd"},
                {"process.args", "[sh, -c, a|b=c\nd]"},
                {"process.pid", "1"}});
}

TEST_F(SantaLogTest, LetsNoValueForgeAKey) {
  ExpectFields(One("action=EXEC|decision=ALLOW|pid=5|path=/bin/sh|args=x<pipe>pid=1|pid=9"),
               {{"process.pid", "5"}});
}

TEST_F(SantaLogTest, DecodesTheOtherActions) {
  struct Case {
    absl::string_view pairs, category, action, path, original;
  };
  const Case kCases[] = {
      {"action=WRITE|path=/private/tmp/a.sh|pid=5|ppid=4|process=curl|processpath=/usr/bin/curl",
       "file", "modification", "/tmp/a.sh", ""},
      {"action=RENAME|path=/tmp/a|newpath=/Library/LaunchDaemons/a.plist|pid=5|ppid=4|"
       "processpath=/usr/bin/curl",
       "file", "rename", "/Library/LaunchDaemons/a.plist", "/tmp/a"},
      {"action=DELETE|path=/tmp/a|pid=5|ppid=4|processpath=/usr/bin/curl", "file", "deletion",
       "/tmp/a", ""},
      {"action=LINK|path=/tmp/a|newpath=/tmp/b|pid=5|ppid=4|processpath=/usr/bin/curl", "file",
       "creation", "/tmp/b", "/tmp/a"},
      {"action=CLONE|path=/tmp/a|newpath=/tmp/b|pid=5|ppid=4|processpath=/usr/bin/curl", "file",
       "creation", "/tmp/b", "/tmp/a"},
  };
  for (const Case& c : kCases) {
    ExpectFields(One(c.pairs), {{"event.category", std::string(c.category)},
                                {"event.action", std::string(c.action)},
                                {"file.path", std::string(c.path)},
                                {"file.Ext.original.path", std::string(c.original)},
                                {"process.name", "curl"},
                                {"process.pid", "5"},
                                {"process.parent.pid", "4"}});
  }
  ExpectFields(One("action=FORK|pid=6|pidversion=7|ppid=5|uid=0|gid=0"),
               {{"event.action", "fork"}, {"process.pid", "6"}, {"process.parent.pid", "5"}});
  ExpectFields(One("action=EXIT|pid=6|pidversion=7|ppid=5|uid=0|gid=0"),
               {{"event.action", "exit"}, {"event.type", "end"}, {"process.exit_code", ""}});
  ExpectFields(One("action=EXEC|decision=DENY|path=/tmp/x|pid=6"),
               {{"event.action", "exec_denied"}, {"event.outcome", "failure"}});
}

TEST_F(SantaLogTest, TellsWhatIsWrong) {
  struct Case {
    absl::string_view line;
    DecodeResult result;
  };
  const Case kCases[] = {
      {"[2018-12-17T03:03:52.337Z] I santad: action=DISKAPPEAR|mount=/Volumes/Recovery",
       DecodeResult::kNotAnEvent},
      {"[2018-13-17T03:03:52.337Z] I santad: action=EXEC|path=/x", DecodeResult::kBadTimestamp},
      {"[2018-12-17T03:03:52.337Z] I santad: action=EXEC|pid=1", DecodeResult::kMalformedLine},
      {"[2018-12-17T03:03:52.337Z] I santad: action=WRITE|pid=1", DecodeResult::kMalformedLine},
      {"santad: action=EXEC|path=/x", DecodeResult::kMalformedLine},
      {"", DecodeResult::kMalformedLine},
  };
  for (const Case& c : kCases) EXPECT_EQ(Decode(c.line), c.result) << c.line;
  EXPECT_FALSE(SantaLog::Recognises("[Sun Nov 24 03:00:01 2026] [error] santad: no action"));
  EXPECT_FALSE(SantaLog::Recognises("santad: action=EXEC"));
}

// Filebeat's expectation of one line, as flat keys or nested ones.
std::string Expected(const rapidjson::Value& document, const char* flat, const char* outer,
                     const char* inner) {
  const rapidjson::Value* value = nullptr;
  if (document.HasMember(flat)) {
    value = &document[flat];
  } else if (document.HasMember(outer) && document[outer].HasMember(inner)) {
    value = &document[outer][inner];
  }
  if (value == nullptr) return "";
  return value->IsInt() ? std::to_string(value->GetInt()) : value->GetString();
}

TEST_F(SantaLogTest, AgreesWithFilebeatOnThePublicSamples) {
  // Ours is other on purpose in: process.args (Filebeat puts the executable before
  // argv[0] and sorts), process.start (the exec's time there; a process starts at
  // its fork), DISKAPPEAR (an event there; nothing a process did).
  for (absl::string_view name : {"filebeat-santa.log", "integrations-test-santa-raw.log"}) {
    const auto lines = SampleLines(absl::StrCat("santa/", name));
    if (!lines) GTEST_SKIP() << "no public samples here";
    rapidjson::Document oracle;
    oracle.Parse(SampleText(absl::StrCat("santa/", name, "-expected.json"))->c_str());
    const rapidjson::Value& documents = oracle.IsArray() ? oracle : oracle["expected"];
    ASSERT_EQ(documents.Size(), lines->size());
    for (rapidjson::SizeType i = 0; i < documents.Size(); ++i) {
      const std::string& line = (*lines)[i];
      EXPECT_TRUE(SantaLog::Recognises(line));
      if (line.find("DISKAPPEAR") != line.npos) {
        EXPECT_EQ(Decode(line), DecodeResult::kNotAnEvent);
        continue;
      }
      ASSERT_EQ(Decode(line), DecodeResult::kDecoded) << line;
      const EmittedEvent e(event_);
      const rapidjson::Value& d = documents[i];
      EXPECT_EQ(e.iso_time(), Expected(d, "@timestamp", "", ""));
      EXPECT_EQ(e["event.action"], Expected(d, "event.action", "event", "action"));
      EXPECT_EQ(e["event.outcome"], Expected(d, "event.outcome", "event", "outcome"));
      EXPECT_EQ(e["process.pid"], Expected(d, "process.pid", "process", "pid"));
      EXPECT_EQ(e["process.executable"],
                Expected(d, "process.executable", "process", "executable"));
      EXPECT_EQ(e["process.parent.pid"], Expected(d, "process.parent.pid", "process", "ppid"));
      EXPECT_EQ(e["user.id"], Expected(d, "user.id", "user", "id"));
      EXPECT_EQ(e["user.name"], Expected(d, "user.name", "user", "name"));
    }
  }
}

}  // namespace
}  // namespace sequitur::decode
