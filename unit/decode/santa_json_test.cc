#include "decode/santa_json.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "decode/host_json_fixture.h"

namespace sequitur::decode {
namespace {

std::string Message(absl::string_view kind, absl::string_view body) {
  return absl::StrCat(R"({"machine_id":"D9C40E3D-DFD7-5382-81EC-C31215E704CE",)",
                      R"("event_time":"2026-11-24T03:00:01.123456789Z",)",
                      R"("processed_time":"2026-11-24T03:00:02Z","boot_session_uuid":"B-1",")",
                      kind, "\":", body, "}");
}

std::string Process(int pid, int version, absl::string_view path, absl::string_view more = "") {
  return absl::Substitute(
      R"({"id":{"pid":$0,"pidversion":$1},"parent_id":{"pid":400,"pidversion":801},)"
      R"("responsible_id":{"pid":0,"pidversion":0},"original_parent_pid":400,"group_id":411,)"
      R"("session_id":410,"effective_user":{"uid":-2,"name":"nobody"},)"
      R"("real_user":{"uid":70,"name":"_www"},)"
      R"("code_signature":{"cdhash":"QUE=","signing_id":"com.x","team_id":"T"},)"
      R"("executable":{"path":"$2","truncated":false,)"
      R"("hash":{"type":"HASH_ALGO_SHA256","hash":"ab12"}},)"
      R"("start_time":"2026-11-24T02:59:00Z"$3})",
      pid, version, path, more);
}

class SantaJsonTest : public ::testing::Test {
 protected:
  SantaJsonTest() : santa_({}) {}
  JsonDecoding<SantaJson> santa_;
};

TEST_F(SantaJsonTest, DecodesAnExecution) {
  const EmittedEvent e = santa_.One(Message(
      "execution",
      absl::StrCat(
          R"({"instigator":)", Process(412, 900, "/opt/nginx/bin/nginx"), R"(,"target":)",
          Process(412, 901, "/bin/sh"),
          R"(,"script":{"path":"/private/tmp/x.sh"},"working_directory":{"path":"/var/www"},)",
          R"("args":["c2g=","LWM=","aWQ7IHVuYW1l"],"envs":["QT0x"],"fds":[)",
          R"({"fd":0,"fd_type":"FD_TYPE_SOCKET"},{"fd":2,"fd_type":"FD_TYPE_PIPE",)",
          R"("pipe_id":"123"}],"decision":"DECISION_ALLOW"})")));
  ExpectFields(e, {{"event.category", "process"},
                   {"event.type", "start"},
                   {"event.action", "exec"},
                   {"host.boot.id", "B-1"},
                   {"host.os.type", "macos"},
                   {"process.pid", "412"},
                   {"process.Ext.pidversion", "901"},
                   {"process.executable", "/bin/sh"},
                   {"process.args", "[sh, -c, id; uname]"},
                   {"process.command_line", "sh -c \"id; uname\""},
                   {"process.env_vars", "[A=1]"},
                   {"process.script.path", "/tmp/x.sh"},
                   {"process.working_directory", "/var/www"},
                   {"process.io.stdio_types", "[socket, closed, pipe]"},
                   {"process.previous.Ext.pidversion", "900"},
                   {"process.previous.name", "nginx"},
                   {"process.parent.pid", "400"},
                   {"process.parent.Ext.pidversion", "801"},
                   {"process.responsible.pid", ""},  // a printed default
                   {"process.hash.sha256", "ab12"},
                   {"process.start", "2026-11-24T02:59:00Z"},
                   {"process.code_signature.team_id", "T"},
                   {"user.id", "70"},
                   {"user.name", "_www"},
                   {"user.effective.id", "4294967294"}});
  EXPECT_EQ(e.host_id, "D9C40E3D-DFD7-5382-81EC-C31215E704CE");
  EXPECT_EQ(e.iso_time(), "2026-11-24T03:00:01.123456789Z");
}

TEST_F(SantaJsonTest, ShowsADeniedExecutionAsNoStart) {
  ExpectFields(
      santa_.One(Message("execution", absl::StrCat(R"({"target":)", Process(412, 901, "/tmp/x"),
                                                   R"(,"decision":"DECISION_DENY"})"))),
      {{"event.action", "exec_denied"}, {"event.type", "denied"}});
}

TEST_F(SantaJsonTest, DecodesForksAndExits) {
  const std::string nginx = Process(412, 900, "/sbin/nginx");
  ExpectFields(santa_.One(Message("fork", absl::StrCat(R"({"instigator":)", nginx, R"(,"child":)",
                                                       Process(500, 950, "/sbin/nginx"), "}"))),
               {{"event.action", "fork"},
                {"process.pid", "500"},
                {"process.parent.pid", "412"},
                {"process.parent.Ext.pidversion", "900"},
                {"process.parent.name", "nginx"}});
  ExpectFields(santa_.One(Message("exit", absl::StrCat(R"({"instigator":)", nginx,
                                                       R"(,"signaled":{"signal":11}})"))),
               {{"event.action", "worker_crash"}, {"sequitur.exit.signal", "11"}});
  ExpectFields(santa_.One(Message("exit", absl::StrCat(R"({"instigator":)", nginx,
                                                       R"(,"exited":{"exit_status":3}})"))),
               {{"event.action", "exit"}, {"process.exit_code", "3"}});
}

TEST_F(SantaJsonTest, DecodesFileMessages) {
  const std::string file =
      R"({"path":"/private/tmp/a","truncated":false,"stat":{"ino":"1152921500312525701",)"
      R"("size":"306","mode":33188}})";
  struct Case {
    absl::string_view kind;
    std::string body;
    absl::string_view action, path, original;
  };
  const Case kCases[] = {
      {"close", absl::StrCat(R"("modified":true,"target":)", file), "modification", "/tmp/a", ""},
      {"unlink", absl::StrCat(R"("target":)", file), "deletion", "/tmp/a", ""},
      {"rename", absl::StrCat(R"("target":"/var/www/b.php","target_existed":true,"source":)", file),
       "rename", "/var/www/b.php", "/tmp/a"},
      {"link", absl::StrCat(R"("target":"/x/b","source":)", file), "creation", "/x/b", "/tmp/a"},
      {"clone", absl::StrCat(R"("target":"/x/b","source":)", file), "creation", "/x/b", "/tmp/a"},
      {"copyfile", absl::StrCat(R"("target":"/x/b","target_existed":false,"source":)", file),
       "creation", "/x/b", "/tmp/a"},
      {"copyfile", absl::StrCat(R"("target":"/x/b","target_existed":true,"source":)", file),
       "modification", "/x/b", "/tmp/a"},
  };
  for (const Case& c : kCases) {
    const EmittedEvent e = santa_.One(Message(
        c.kind,
        absl::StrCat(R"({"instigator":)", Process(412, 900, "/sbin/nginx"), ",", c.body, "}")));
    ExpectFields(e, {{"event.category", "file"},
                     {"event.action", std::string(c.action)},
                     {"file.path", std::string(c.path)},
                     {"file.Ext.original.path", std::string(c.original)},
                     {"process.name", "nginx"}});
    if (c.kind == "close") {
      ExpectFields(
          e, {{"file.inode", "1152921500312525701"}, {"file.size", "306"}, {"file.mode", "0644"}});
    }
  }
  EXPECT_EQ(
      santa_.Decode(Message("close", absl::StrCat(R"({"modified":false,"target":)", file, "}"))),
      DecodeResult::kNotAnEvent);
  ExpectFields(
      santa_.One(
          Message("file_access", absl::StrCat(R"({"policy_decision":"POLICY_DECISION_DENIED",)",
                                              R"("policy_name":"cookies","target":)", file, "}"))),
      {{"event.action", "file_access"}, {"event.type", "denied"}, {"event.reason", "cookies"}});
}

TEST_F(SantaJsonTest, MakesOneEventOfEachFlow) {
  const std::string flows = absl::StrCat(
      R"([{"remote_address":"198.51.100.9","remote_port":443,"remote_hostname":"c2.example",)",
      R"("local_address":"10.0.0.3","local_port":50000,"protocol":"PROTOCOL_TCP",)",
      R"("direction":"DIRECTION_OUTBOUND","start_time":"2026-11-24T02:50:00Z",)",
      R"("close_time":"2026-11-24T02:51:00Z","decision":"DECISION_ALLOW"},)",
      R"({"remote_address":"2001:db8::7","remote_port":40000,"local_address":"2001:db8::1",)",
      R"("local_port":80,"protocol":17,"direction":"DIRECTION_INBOUND",)",
      R"("start_time":"1970-01-01T00:00:00Z","decision":"DECISION_DENY"}])");
  const std::string record = Message(
      "network_activity",
      absl::StrCat(R"({"processes":[{"process":)", Process(600, 970, "/usr/bin/curl"),
                   R"(,"flows":)", flows, R"(},{"process":)", Process(601, 971, "/usr/bin/nc"),
                   R"(,"flows":[{"remote_address":"203.0.113.5"},{"remote_address":""}]}]})"));
  ASSERT_EQ(santa_.Decode(record), DecodeResult::kDecoded);
  EXPECT_TRUE(santa_.recognised);
  ASSERT_EQ(santa_.events.size(), 3u);
  ExpectFields(santa_.events[0], {{"event.category", "network"},
                                  {"event.action", "network_flow"},
                                  {"event.type", "connection"},
                                  {"network.direction", "egress"},
                                  {"network.transport", "tcp"},
                                  {"source.ip", "10.0.0.3"},
                                  {"source.port", "50000"},
                                  {"destination.ip", "198.51.100.9"},
                                  {"destination.port", "443"},
                                  {"destination.domain", "c2.example"},
                                  {"event.start", "2026-11-24T02:50:00Z"},
                                  {"event.end", "2026-11-24T02:51:00Z"},
                                  {"process.pid", "600"},
                                  {"process.Ext.pidversion", "970"},
                                  {"process.name", "curl"}});
  EXPECT_EQ(santa_.events[0].iso_time(), "2026-11-24T02:50:00.000Z");
  ExpectFields(santa_.events[1], {{"event.type", "denied"},
                                  {"event.outcome", "failure"},
                                  {"network.direction", "ingress"},
                                  {"network.transport", "udp"},
                                  {"source.ip", "2001:db8::7"},
                                  {"destination.port", "80"},
                                  {"destination.domain", ""},
                                  {"event.start", ""},
                                  {"process.pid", "600"}});
  EXPECT_EQ(santa_.events[1].iso_time(), "2026-11-24T03:00:01.123456789Z");
  ExpectFields(santa_.events[2], {{"destination.ip", "203.0.113.5"},
                                  {"destination.port", ""},
                                  {"network.direction", ""},
                                  {"process.pid", "601"}});
  for (const EmittedEvent& e : santa_.events) {
    EXPECT_EQ(e.host_id, "D9C40E3D-DFD7-5382-81EC-C31215E704CE");
  }
}

TEST_F(SantaJsonTest, PassesOverOtherMessages) {
  for (absl::string_view kind : {"disk", "bundle", "allowlist", "of_a_later_release"}) {
    EXPECT_EQ(santa_.Decode(Message(kind, "{}")), DecodeResult::kNotAnEvent) << kind;
    EXPECT_TRUE(santa_.recognised);
  }
  EXPECT_EQ(santa_.Decode(Message("network_activity", R"({"processes":[{"flows":[]}]})")),
            DecodeResult::kNotAnEvent);
  ExpectFields(santa_.One(Message("tcc_modification",
                                  absl::StrCat(R"({"instigator":)", Process(5, 6, "/x"), "}"))),
               {{"event.action", "tcc_modify"}, {"process.pid", "5"}});
}

TEST_F(SantaJsonTest, TellsWhatIsWrong) {
  EXPECT_EQ(santa_.Decode(R"({"machine_id":"m","execution":{}})"), DecodeResult::kNoTimestamp);
  EXPECT_FALSE(santa_.recognised);
  EXPECT_EQ(santa_.Decode(R"({"machine_id":"m","event_time":"x","execution":{}})"),
            DecodeResult::kBadTimestamp);
  EXPECT_EQ(santa_.Decode(Message("execution", "{}")), DecodeResult::kMalformedLine);
  EXPECT_EQ(santa_.Decode(Message("fork", "{}")), DecodeResult::kMalformedLine);
}

TEST_F(SantaJsonTest, DecodesThePublicSamples) {
  struct Case {
    absl::string_view file, kind;
    ExpectedFields expected;
  };
  const Case kCases[] = {
      {"exec.json",
       "execution",
       {{"event.action", "exec"},
        {"process.pid", "23"},
        {"process.executable", "fooexec"},
        {"process.args", "[exec_path, -l, --foo]"},
        {"process.env_vars", "[ENV_PATH=/path/to/bin:/and/another, DEBUG=1]"},
        {"process.io.stdio_types", "[closed, file, socket]"},
        {"process.parent.Ext.pidversion", "89"},
        {"process.previous.executable", "foo"},
        {"process.responsible.pid", ""},
        {"process.start", ""},  // the epoch is a printed default
        {"process.hash.sha256", "1234_file_hash"},
        {"user.id", "4294967294"}}},
      {"fork.json", "fork", {{"event.action", "fork"}, {"process.executable", "foo_child"}}},
      {"exit.json", "exit", {{"event.action", "exit"}, {"process.exit_code", "1"}}},
      {"close.json", "close", {{"event.action", "modification"}, {"file.inode", "304"}}},
      {"rename.json",
       "rename",
       {{"file.path", "target_dir/target_file"}, {"file.Ext.original.path", "source"}}},
      {"unlink.json", "unlink", {{"event.action", "deletion"}, {"file.path", "unlink_file"}}},
      {"link.json", "link", {{"event.action", "creation"}, {"file.name", "target_file"}}},
      {"clone.json", "clone", {{"event.action", "creation"}}},
      {"copyfile.json", "copyfile", {{"event.action", "modification"}}},
      {"exchangedata.json", "exchangedata", {{"file.path", "exchange_file_1"}}},
      {"file_access.json", "file_access", {{"event.outcome", "failure"}}},
  };
  for (const Case& c : kCases) {
    const auto body = SampleText(absl::StrCat("santa/protobuf-json-v8/", c.file));
    if (!body) GTEST_SKIP() << "no public samples here";
    ExpectFields(santa_.One(Message(c.kind, *body)), c.expected);
  }
}

}  // namespace
}  // namespace sequitur::decode
