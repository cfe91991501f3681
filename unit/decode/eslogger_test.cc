#include "decode/eslogger.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "decode/host_json_fixture.h"

namespace sequitur::decode {
namespace {

// nginx, pid 412, exec'd once since its fork; `more` are further keys.
std::string Process(int pid, int version, absl::string_view path, absl::string_view more = "") {
  return absl::Substitute(
      R"({"audit_token":{"auid":4294967295,"euid":70,"egid":70,"ruid":501,"rgid":20,"pid":$0,)"
      R"("asid":100001,"pidversion":$1},"ppid":400,"original_ppid":400,)"
      R"("parent_audit_token":{"auid":0,"euid":0,"egid":0,"ruid":0,"rgid":0,"pid":400,"asid":1,)"
      R"("pidversion":801},"executable":{"path":"$2","path_truncated":false},)"
      R"("signing_id":"com.example.web","team_id":null,"group_id":411,"session_id":410,)"
      R"("tty":null,"start_time":"2026-11-24T03:00:00.000001Z"$3})",
      pid, version, path, more);
}

std::string Record(absl::string_view event, absl::string_view process = "",
                   absl::string_view more = "") {
  return absl::StrCat(
      R"({"schema_version":1,"version":10,"event_type":9,"mach_time":5,)",
      R"("seq_num":3,"global_seq_num":77,"action_type":1,"thread":{"thread_id":9},)",
      R"("action":{"result":{"result_type":0,"result":{"auth":0}}},)",
      R"("time":"2026-11-24T03:00:01.123456789Z","process":)",
      process.empty() ? Process(412, 900, "\\/opt\\/nginx\\/bin\\/nginx") : process,
      ",\"event\":", event, more, "}");
}

std::string FileInfo(absl::string_view path) {
  return absl::StrCat(R"({"path":")", path,
                      R"(","path_truncated":false,"stat":{"st_ino":1152921500312525701,)",
                      R"("st_size":83,"st_mode":33261,"st_uid":4294967294,"st_gid":20}})");
}

class EsloggerTest : public ::testing::Test {
 protected:
  EsloggerTest() : eslogger_({}) {}
  JsonDecoding<Eslogger> eslogger_;
};

TEST_F(EsloggerTest, DecodesAnExecAsItsTarget) {
  const EmittedEvent e = eslogger_.One(Record(absl::StrCat(
      R"({"exec":{"script":{"path":"/private/tmp/x.sh"},"dyld_exec_path":"/bin/sh",)",
      R"("args":["sh","-c","id; uname"],"env":["A=1"],"cwd":{"path":"/private/var/www"},)",
      R"("last_fd":2,"fds":[{"fd":2,"fdtype":6},{"fd":0,"fdtype":2},{"fd":1,"fdtype":1},)",
      R"({"fd":7,"fdtype":2}],"target":)", Process(412, 901, "/bin/sh"), "}}")));
  ExpectFields(e, {{"event.category", "process"},
                   {"event.type", "start"},
                   {"event.action", "exec"},
                   {"event.outcome", "success"},
                   {"event.sequence", "77"},
                   {"host.os.type", "macos"},
                   {"process.pid", "412"},
                   {"process.Ext.pidversion", "901"},
                   {"process.executable", "/bin/sh"},
                   {"process.name", "sh"},
                   {"process.args", "[sh, -c, id; uname]"},
                   {"process.args_count", "3"},
                   {"process.command_line", "sh -c \"id; uname\""},
                   {"process.env_vars", "A=1"},
                   {"process.working_directory", "/var/www"},
                   {"process.script.path", "/tmp/x.sh"},
                   {"process.start", "2026-11-24T03:00:00.000001Z"},
                   {"process.thread.id", "9"},
                   {"process.group_leader.pid", "411"},
                   {"process.session_leader.pid", "410"},
                   {"process.io.stdio_types", "[socket, file, pipe]"},
                   {"process.code_signature.signing_id", "com.example.web"},
                   {"process.code_signature.team_id", ""},
                   {"process.previous.executable", "/opt/nginx/bin/nginx"},
                   {"process.previous.name", "nginx"},
                   {"process.previous.Ext.pidversion", "900"},
                   {"process.parent.pid", "400"},
                   {"process.parent.Ext.pidversion", "801"},
                   {"process.parent.executable", ""},
                   {"user.id", "501"},
                   {"user.effective.id", "70"},
                   {"sequitur.flags", ""}});
  EXPECT_EQ(e.kinds.at("user.id"), event::Value::Kind::kString);
  EXPECT_EQ(e.iso_time(), "2026-11-24T03:00:01.123456789Z");
  EXPECT_EQ(e.sequence, 77);
  EXPECT_NE(e.identity, 0u);
  EXPECT_EQ(e.host_id + e.host_name + e.agent_id, "") << "eslogger names no host";
}

TEST_F(EsloggerTest, LinksImagesOverExecAndParentByEntityId) {
  const EmittedEvent exec = eslogger_.One(Record(
      absl::StrCat(R"({"exec":{"args":["sh"],"target":)", Process(412, 901, "/bin/sh"), "}}")));
  const EmittedEvent shell =
      eslogger_.One(Record(R"({"exit":{"stat":0}})", Process(412, 901, "/bin/sh")));
  const EmittedEvent parent =
      eslogger_.One(Record(R"({"exit":{"stat":0}})", Process(400, 801, "/opt/nginx/bin/nginx")));
  EXPECT_EQ(exec["process.entity_id"], shell["process.entity_id"]);
  EXPECT_EQ(exec["process.parent.entity_id"], parent["process.entity_id"]);
  EXPECT_NE(exec["process.previous.entity_id"], exec["process.entity_id"]);
}

TEST_F(EsloggerTest, ReadsAuditTokensAsArraysWhateverTheVersion) {
  const std::string process =
      R"({"audit_token":[501,70,71,502,20,97391,100001,149091],"ppid":1,)"
      R"("parent_audit_token":[0,0,0,0,0,88,1,90],"executable":{"path":"/bin/zsh"}})";
  for (absl::string_view version : {"6", "10", "12"}) {
    const EmittedEvent e = eslogger_.One(absl::StrCat(
        R"({"version":)", version, R"(,"event_type":15,"global_seq_num":1,"time":)",
        R"("2026-11-24T03:00:01Z","process":)", process, R"(,"event":{"exit":{"stat":256}}})"));
    ExpectFields(e, {{"process.pid", "97391"},
                     {"process.Ext.pidversion", "149091"},
                     {"process.parent.pid", "88"},
                     {"process.parent.Ext.pidversion", "90"},
                     {"user.id", "502"},
                     {"user.effective.id", "70"},
                     {"process.exit_code", "1"}});
  }
}

TEST_F(EsloggerTest, TakesTheBirthParentOfAnOrphan) {
  const std::string orphan =
      R"({"audit_token":{"pid":9,"pidversion":10},"ppid":1,"original_ppid":412,)"
      R"("parent_audit_token":{"pid":1,"pidversion":1},"executable":{"path":"/usr/bin/curl"}})";
  ExpectFields(eslogger_.One(Record(R"({"exit":{"stat":0}})", orphan)),
               {{"process.parent.pid", "412"},
                {"process.parent.Ext.pidversion", ""},
                {"process.parent.entity_id", ""}});
  const std::string old_message =
      R"({"audit_token":{"pid":9,"pidversion":10},"ppid":412,"executable":{"path":"/bin/sh"}})";
  ExpectFields(eslogger_.One(Record(R"({"exit":{"stat":0}})", old_message)),
               {{"process.parent.pid", "412"}});
}

TEST_F(EsloggerTest, DecodesAForkAsTheChild) {
  const EmittedEvent e = eslogger_.One(Record(
      absl::StrCat(R"({"fork":{"child":)", Process(500, 950, "/opt/nginx/bin/nginx"), "}}")));
  ExpectFields(e, {{"event.action", "fork"},
                   {"event.type", "start"},
                   {"process.pid", "500"},
                   {"process.Ext.pidversion", "950"},
                   {"process.parent.pid", "412"},
                   {"process.parent.Ext.pidversion", "900"},
                   {"process.parent.name", "nginx"},
                   {"process.previous.executable", ""}});
}

TEST_F(EsloggerTest, TellsCrashesByTheWaitWord) {
  ExpectFields(eslogger_.One(Record(R"({"exit":{"stat":139}})")), {{"event.category", "process"},
                                                                   {"event.type", "end"},
                                                                   {"event.action", "worker_crash"},
                                                                   {"event.outcome", "failure"},
                                                                   {"process.exit_code", ""},
                                                                   {"sequitur.exit.signal", "11"},
                                                                   {"process.parent.pid", "400"}});
  ExpectFields(
      eslogger_.One(Record(R"({"exit":{"stat":512}})")),
      {{"event.action", "exit"}, {"process.exit_code", "2"}, {"sequitur.exit.signal", ""}});
}

struct FileCase {
  std::string event;
  absl::string_view action, type, path, original;
};

TEST_F(EsloggerTest, DecodesFileEventsToTheirFinalPath) {
  const std::string a = FileInfo("/private/tmp/a.tmp");
  const std::string b = FileInfo("/Library/WebServer/Documents/b.php");
  const std::string dir = R"({"path":"/Library/WebServer/Documents"})";
  const std::string path = "/Library/WebServer/Documents/b.php";
  const FileCase kCases[] = {
      {absl::StrCat(R"({"create":{"destination_type":0,"destination":{"existing_file":)", b, "}}}"),
       "creation", "creation", path, ""},
      {absl::StrCat(R"({"create":{"destination_type":1,"destination":{"new_path":{"dir":)", dir,
                    R"(,"filename":"b.php","mode":420}}}})"),
       "creation", "creation", path, ""},
      {absl::StrCat(R"({"write":{"target":)", b, "}}"), "modification", "change", path, ""},
      {absl::StrCat(R"({"truncate":{"target":)", b, "}}"), "modification", "change", path, ""},
      {absl::StrCat(R"({"close":{"modified":true,"was_mapped_writable":false,"target":)", b, "}}"),
       "modification", "change", path, ""},
      {absl::StrCat(R"({"close":{"modified":false,"was_mapped_writable":true,"target":)", b, "}}"),
       "modification", "change", path, ""},
      {absl::StrCat(R"({"open":{"fflag":3,"file":)", b, "}}"), "modification", "change", path, ""},
      {absl::StrCat(R"({"rename":{"source":)", a,
                    R"(,"destination_type":0,"destination":{"existing_file":)", b, "}}}"),
       "rename", "change", path, "/tmp/a.tmp"},
      {absl::StrCat(R"({"rename":{"source":)", a,
                    R"(,"destination_type":1,"destination":{"new_path":{"dir":)", dir,
                    R"(,"filename":"b.php"}}}})"),
       "rename", "change", path, "/tmp/a.tmp"},
      {absl::StrCat(R"({"unlink":{"target":)", b, R"(,"parent_dir":)", dir, "}}"), "deletion",
       "deletion", path, ""},
      {absl::StrCat(R"({"link":{"source":)", a, R"(,"target_dir":)", dir,
                    R"(,"target_filename":"b.php"}})"),
       "creation", "creation", path, "/tmp/a.tmp"},
      {absl::StrCat(R"({"clone":{"source":)", a, R"(,"target_dir":)", dir,
                    R"(,"target_name":"b.php"}})"),
       "creation", "creation", path, "/tmp/a.tmp"},
      {absl::StrCat(R"({"copyfile":{"source":)", a, R"(,"target_file":null,"target_dir":)", dir,
                    R"(,"target_name":"b.php","mode":0,"flags":0}})"),
       "creation", "creation", path, "/tmp/a.tmp"},
      {absl::StrCat(R"({"copyfile":{"source":)", a, R"(,"target_file":)", b, R"(,"target_dir":)",
                    dir, R"(,"target_name":"b.php","mode":0,"flags":0}})"),
       "modification", "change", path, "/tmp/a.tmp"},
      {absl::StrCat(R"({"setmode":{"mode":493,"target":)", b, "}}"), "setmode", "change", path, ""},
  };
  for (const FileCase& c : kCases) {
    const EmittedEvent e = eslogger_.One(Record(c.event));
    ExpectFields(e, {{"event.category", "file"},
                     {"event.action", std::string(c.action)},
                     {"event.type", std::string(c.type)},
                     {"file.path", std::string(c.path)},
                     {"file.name", "b.php"},
                     {"file.extension", "php"},
                     {"file.Ext.original.path", std::string(c.original)},
                     {"process.name", "nginx"},
                     {"process.pid", "412"}});
  }
}

TEST_F(EsloggerTest, KeepsInodesExact) {
  ExpectFields(
      eslogger_.One(Record(absl::StrCat(R"({"write":{"target":)", FileInfo("/a/b"), "}}"))),
      {{"file.inode", "1152921500312525701"},
       {"file.size", "83"},
       {"file.mode", "0755"},
       {"file.uid", "4294967294"},
       {"file.gid", "20"}});
}

TEST_F(EsloggerTest, PassesOverWhatChangesNothing) {
  const std::string file = FileInfo("/a/b");
  for (const std::string& event :
       {absl::StrCat(R"({"close":{"modified":false,"was_mapped_writable":false,"target":)", file,
                     "}}"),
        absl::StrCat(R"({"close":{"modified":false,"target":)", file, "}}"),
        absl::StrCat(R"({"open":{"fflag":1,"file":)", file, "}}"),
        absl::StrCat(R"({"stat":{"target":)", file, "}}"),
        absl::StrCat(R"({"mmap":{"source":)", file, "}}")}) {
    EXPECT_EQ(eslogger_.Decode(Record(event)), DecodeResult::kNotAnEvent) << event;
    EXPECT_TRUE(eslogger_.events.empty()) << event;
  }
}

TEST_F(EsloggerTest, ShowsADeniedExecAsNoStart) {
  std::string record =
      Record(absl::StrCat(R"({"exec":{"args":["x"],"target":)", Process(412, 901, "/tmp/x"), "}}"));
  const std::string allowed = R"("auth":0)";
  record.replace(record.find(allowed), allowed.size(), R"("auth":1)");
  ExpectFields(eslogger_.One(record), {{"event.action", "exec_denied"},
                                       {"event.type", "denied"},
                                       {"event.outcome", "failure"},
                                       {"process.executable", "/tmp/x"}});
}

TEST_F(EsloggerTest, KeepsOtherKindsUnderTheirOwnName) {
  struct Case {
    absl::string_view event, category, action, outcome;
  };
  const Case kCases[] = {
      {R"({"uipc_connect":{"file":{"path":"/var/run/mDNSResponder"},"domain":1}})", "process",
       "uipc_connect", "success"},
      {R"({"signal":{"sig":9,"target":{}}})", "process", "signal", "success"},
      {R"({"remote_thread_create":{"target":{}}})", "process", "remote_thread_create", "success"},
      {R"({"tcc_modify":{"service":"kTCCServiceAppleEvents"}})", "configuration", "tcc_modify",
       "success"},
      {R"({"btm_launch_item_add":{"item":{}}})", "configuration", "btm_launch_item_add", "success"},
      {R"({"authentication":{"success":false,"type":0}})", "authentication", "authentication",
       "failure"},
      {R"({"sudo":{"success":true}})", "authentication", "sudo", "success"},
      {R"({"of_a_later_release":{"x":[{"y":1}]}})", "process", "of_a_later_release", "success"},
      {R"({"dataset":"es","tags":["a",{"b":1}],"n":1,"signal":{"sig":9}})", "process", "signal",
       "success"},
  };
  for (const Case& c : kCases) {
    ExpectFields(eslogger_.One(Record(c.event)), {{"event.category", std::string(c.category)},
                                                  {"event.action", std::string(c.action)},
                                                  {"event.outcome", std::string(c.outcome)},
                                                  {"process.pid", "412"},
                                                  {"network.direction", ""}});
  }
}

TEST_F(EsloggerTest, IdentifiesARecordByCounterAndTime) {
  const std::string record = Record(R"({"exit":{"stat":0}})");
  const uint64_t identity = eslogger_.One(record).identity;
  EXPECT_EQ(eslogger_.One(record).identity, identity);
  std::string later = record;
  later.replace(later.find("123456789Z"), 10, "123456780Z");
  EXPECT_NE(eslogger_.One(later).identity, identity) << "the counter starts anew with each client";
}

TEST_F(EsloggerTest, TellsWhatIsWrong) {
  std::string no_time = Record(R"({"exit":{"stat":0}})");
  no_time.replace(no_time.find("\"time\""), 6, "\"tine\"");
  EXPECT_EQ(eslogger_.Decode(no_time), DecodeResult::kNoTimestamp);
  eslogger_.lines.read_time = 5 * event::kSecond;
  const EmittedEvent e = eslogger_.One(no_time);
  EXPECT_EQ(e.time, 5 * event::kSecond);
  EXPECT_EQ(e["sequitur.flags"], "[time_of_read]");

  std::string bad_time = Record(R"({"exit":{"stat":0}})");
  bad_time.replace(bad_time.find("2026-11-24"), 10, "2026-13-24");
  EXPECT_EQ(eslogger_.Decode(bad_time), DecodeResult::kBadTimestamp);
  EXPECT_EQ(eslogger_.Decode(Record(R"({"exec":{"args":["x"]}})")), DecodeResult::kMalformedLine);
  EXPECT_EQ(eslogger_.Decode(Record(R"({"fork":{}})")), DecodeResult::kMalformedLine);
  EXPECT_EQ(eslogger_.Decode(Record(R"({"x":1})")), DecodeResult::kMalformedLine);
}

TEST_F(EsloggerTest, LeavesOtherDocumentsToOthers) {
  for (absl::string_view json :
       {R"({"@timestamp":"2026-11-24T03:00:01Z","event":{"action":"exec"},)"
        R"("process":{"executable":"/bin/sh","pid":1}})",
        R"({"event_type":"flow","event":{"x":{}},"seq_num":1})",
        R"({"event":{"exit":{"stat":0}},"process":{"audit_token":{"pid":1}}})", R"({})"}) {
    eslogger_.Decode(json);
    EXPECT_FALSE(eslogger_.recognised) << json;
  }
}

TEST_F(EsloggerTest, DecodesThePublicSamples) {
  const auto real = SampleLines("eslogger/tmc-eslog-sample.json");
  if (!real) GTEST_SKIP() << "no public samples here";
  ASSERT_EQ(real->size(), 2u);
  const EmittedEvent exec = eslogger_.One((*real)[0]);
  ExpectFields(exec, {{"event.action", "exec"},
                      {"process.pid", "7338"},
                      {"process.Ext.pidversion", "14982"},
                      {"process.name", "bash"},
                      {"process.previous.name", "node"},
                      {"process.previous.Ext.pidversion", "14981"},
                      {"process.parent.pid", "7322"},
                      {"process.parent.Ext.pidversion", "14951"},
                      {"process.responsible.pid", "5171"},
                      {"process.io.stdio_types", "[socket, socket, socket]"},
                      {"process.args_count", "4"},
                      {"user.id", "501"},
                      {"process.working_directory", "/Volumes/tmc/go/src/github.com/tmc/mcp"}});
  EXPECT_EQ(exec.iso_time(), "2025-05-15T10:41:23.377274753Z");
  EXPECT_EQ(eslogger_.One((*real)[1]).sequence, 2276);

  const auto exit = SampleLines("eslogger/mac-monitor-exit.jsonl");
  ExpectFields(eslogger_.One(exit->at(0)), {{"event.action", "worker_crash"},
                                            {"sequitur.exit.signal", "9"},
                                            {"process.pid", "4242"},
                                            {"process.parent.pid", "1"}});
  const auto open = SampleLines("eslogger/mac-monitor-open.jsonl");
  EXPECT_EQ(eslogger_.Decode(open->at(0)), DecodeResult::kNotAnEvent) << "opened for reading";
  const auto cut_down = SampleLines("eslogger/tmc-eslog-test.ndjson");
  for (const std::string& line : *cut_down) {
    EXPECT_EQ(eslogger_.Decode(line), DecodeResult::kNoTimestamp);
    EXPECT_TRUE(eslogger_.recognised);
  }
}

}  // namespace
}  // namespace sequitur::decode
