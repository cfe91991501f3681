#include "decode/osquery.h"

#include "absl/strings/str_cat.h"
#include "decode/host_json_fixture.h"

namespace sequitur::decode {
namespace {

constexpr absl::string_view kUuid = "564D1C61-8978-9934-D47A-7011D6B23BEA";

std::string Row(absl::string_view name, absl::string_view columns,
                absl::string_view action = "added") {
  return absl::StrCat(R"({"name":")", name, R"(","hostIdentifier":"web-03","calendarTime":"",)",
                      R"("unixTime":1795489300,"epoch":0,"counter":5,"numerics":false,)",
                      R"("decorations":{"host_uuid":")", kUuid, R"("},"columns":)", columns,
                      R"(,"action":")", action, "\"}");
}

constexpr absl::string_view kExec =
    R"({"event_type":"exec","pid":"412","pidversion":"901","path":"/bin/sh","parent":"400",)"
    R"("parent_pidversion":"801","original_parent":"400","responsible_pid":"88",)"
    R"("responsible_pidversion":"90","cmdline":"sh -c \"id; uname\"","cmdline_count":"3",)"
    R"("cwd":"/private/var/www","uid":"70","euid":"20","gid":"70","username":"_www",)"
    R"("signing_id":"com.apple.sh","team_id":"","exit_code":"0","child_pid":"",)"
    R"("global_seq_num":"77","time":"1795489201"})";

class OsqueryTest : public ::testing::Test {
 protected:
  OsqueryTest() : osquery_({}) {}
  JsonDecoding<Osquery> osquery_;
};

TEST_F(OsqueryTest, DecodesAnEndpointSecurityExec) {
  const EmittedEvent e = osquery_.One(Row("pack/edr/es_process_events", kExec));
  ExpectFields(e, {{"event.category", "process"},
                   {"event.type", "start"},
                   {"event.action", "exec"},
                   {"event.sequence", "77"},
                   {"host.os.type", "macos"},
                   {"process.pid", "412"},
                   {"process.Ext.pidversion", "901"},
                   {"process.executable", "/bin/sh"},
                   {"process.name", "sh"},
                   {"process.command_line", "sh -c \"id; uname\""},
                   {"process.args", "[sh, -c, id; uname]"},
                   {"process.args_count", "3"},
                   {"process.working_directory", "/var/www"},
                   {"process.parent.pid", "400"},
                   {"process.parent.Ext.pidversion", "801"},
                   {"process.responsible.pid", "88"},
                   {"user.id", "70"},
                   {"user.name", "_www"},
                   {"user.effective.id", ""},  // the column `euid` holds the egid
                   {"sequitur.flags", ""}});
  EXPECT_EQ(e.kinds.at("process.pid"), event::Value::Kind::kInt);
  EXPECT_EQ(e.time, 1795489201 * event::kSecond) << "the row's time, not the query's";
  EXPECT_EQ(e.sequence, 77);
  EXPECT_EQ(e.host_name, "web-03");
  EXPECT_EQ(e.host_id, kUuid);
}

TEST_F(OsqueryTest, DecodesForksAndExits) {
  ExpectFields(osquery_.One(Row(
                   "es_process_events",
                   R"({"event_type":"fork","pid":"412","pidversion":"901","path":"/sbin/nginx",)"
                   R"("child_pid":"500","parent":"1","uid":"0","time":"1795489201"})")),
               {{"event.action", "fork"},
                {"process.pid", "500"},
                {"process.Ext.pidversion", ""},
                {"process.executable", "/sbin/nginx"},
                {"process.parent.pid", "412"},
                {"process.parent.Ext.pidversion", "901"}});
  ExpectFields(osquery_.One(Row(
                   "es_process_events",
                   R"({"event_type":"exit","pid":"412","pidversion":"901","path":"/sbin/nginx",)"
                   R"("parent":"400","exit_code":"11","time":"1795489201"})")),
               {{"event.action", "worker_crash"},
                {"event.type", "end"},
                {"sequitur.exit.signal", "11"},
                {"process.exit_code", ""}});
  ExpectFields(osquery_.One(Row("es_process_events",
                                R"({"event_type":"exit","pid":"412","path":"/sbin/nginx",)"
                                R"("exit_code":"256","time":"1795489201"})")),
               {{"event.action", "exit"}, {"process.exit_code", "1"}});
}

TEST_F(OsqueryTest, DecodesFileEvents) {
  struct Case {
    absl::string_view columns, action, path, original;
  };
  const Case kCases[] = {
      {R"("event_type":"create","filename":"/private/tmp/a","dest_filename":"")", "creation",
       "/tmp/a", ""},
      {R"("event_type":"write","filename":"/tmp/a")", "modification", "/tmp/a", ""},
      {R"("event_type":"truncate","filename":"/tmp/a")", "modification", "/tmp/a", ""},
      {R"("event_type":"rename","filename":"/tmp/a","dest_filename":"/var/www/b.php")", "rename",
       "/var/www/b.php", "/tmp/a"},
      {R"("event_type":"open","filename":"/tmp/a")", "open", "/tmp/a", ""},
  };
  for (const Case& c : kCases) {
    ExpectFields(osquery_.One(Row("fim", absl::StrCat("{", c.columns,
                                                      R"(,"pid":"412","parent":"400","path":)"
                                                      R"("/sbin/nginx","time":"1795489201"})"))),
                 {{"event.category", "file"},
                  {"event.action", std::string(c.action)},
                  {"file.path", std::string(c.path)},
                  {"file.Ext.original.path", std::string(c.original)},
                  {"process.name", "nginx"},
                  {"process.pid", "412"},
                  {"process.parent.pid", "400"}});
  }
}

TEST_F(OsqueryTest, DecodesSocketEventsBothWays) {
  const EmittedEvent out = osquery_.One(
      Row("pack_net_socket_events",
          R"({"action":"connect","family":"2","fd":"1f","local_address":"0","local_port":"0",)"
          R"("path":"/usr/bin/curl","pid":"26075","remote_address":"198.51.100.9",)"
          R"("remote_port":"443","protocol":"6","status":"succeeded","time":"1795489201"})"));
  ExpectFields(out, {{"event.category", "network"},
                     {"event.type", "[connection, start]"},
                     {"event.action", "connection_attempted"},
                     {"event.outcome", "success"},
                     {"network.direction", "egress"},
                     {"network.transport", "tcp"},
                     {"network.type", "ipv4"},
                     {"destination.ip", "198.51.100.9"},
                     {"destination.port", "443"},
                     {"source.ip", ""},
                     {"source.port", ""},
                     {"process.pid", "26075"},
                     {"process.executable", "/usr/bin/curl"}});
  const EmittedEvent in = osquery_.One(
      Row("socket_events",
          R"({"action":"accept","family":"10","local_address":"2001:db8::1","local_port":"80",)"
          R"("path":"/sbin/nginx","pid":"412","remote_address":"2001:db8::7",)"
          R"("remote_port":"50000","success":"1","time":"1795489201"})"));
  ExpectFields(in, {{"event.action", "connection_accepted"},
                    {"network.direction", "ingress"},
                    {"network.type", "ipv6"},
                    {"source.ip", "2001:db8::7"},
                    {"source.port", "50000"},
                    {"destination.ip", "2001:db8::1"},
                    {"destination.port", "80"}});
}

TEST_F(OsqueryTest, JudgesConnectsByWhatIsKnownOfThem) {
  struct Case {
    absl::string_view columns, outcome;
  };
  const Case kCases[] = {
      {R"("status":"succeeded")", "success"},
      {R"("status":"failed")", "failure"},
      {R"("status":"in_progress")", "unknown"},
      {R"("success":"1")", "success"},
      {R"("success":"0")", "unknown"},
      {R"("syscall":"connect","ntime":"5","exit_code":"18446744073709551501")", "unknown"},
      {R"("syscall":"connect","ntime":"5","exit_code":"18446744073709551505")", "failure"},
      {R"("syscall":"connect","ntime":"5","exit_code":"0")", "success"},
  };
  for (const Case& c : kCases) {
    const bool bpf = c.columns.find("syscall") != c.columns.npos;
    ExpectFields(
        osquery_.One(Row("socket_events",
                         absl::StrCat("{", bpf ? "" : R"("action":"connect",)", c.columns,
                                      R"(,"remote_address":"198.51.100.9","remote_port":"1"})"))),
        {{"event.outcome", std::string(c.outcome)}});
  }
}

TEST_F(OsqueryTest, PassesOverWhatIsNoEvent) {
  const std::string kRecords[] = {
      Row("pack/edr/es_process_events", kExec, "removed"),
      Row("pack_it-compliance_mounts", R"({"path":"/","device":"/dev/disk1s1"})"),
      Row("processes", R"({"pid":"1","path":"/sbin/init","cmdline":"init","parent":"0"})"),
      Row("listening_ports", R"({"pid":"1","port":"80","address":"0.0.0.0"})"),
      Row("socket_events", R"({"action":"bind","family":"2","remote_address":"","time":"1"})"),
      Row("socket_events",
          R"({"action":"connect","family":"1","remote_address":"/var/run/x","time":"1"})"),
      Row("es_process_events", R"({"event_type":"new_kind","pid":"1","time":"1"})"),
      Row("bpf_process_events",
          R"({"syscall":"exec","ntime":"5","pid":"7","path":"/x","exit_code":"18446744073709551614"})"),
      R"({"hostIdentifier":"h","calendarTime":"x","unixTime":"1","severity":"0",)"
      R"("filename":"scheduler.cpp","line":"1","message":"Executing scheduled query"})",
  };
  for (const std::string& record : kRecords) {
    EXPECT_EQ(osquery_.Decode(record), DecodeResult::kNotAnEvent) << record;
    EXPECT_TRUE(osquery_.recognised) << record;
    EXPECT_TRUE(osquery_.events.empty()) << record;
  }
}

TEST_F(OsqueryTest, TellsARowByItsColumnsWhateverTheQueryIsCalled) {
  ExpectFields(osquery_.One(Row("who runs what", kExec)), {{"event.action", "exec"}});
  ExpectFields(osquery_.One(Row("pack:linux:process_events",
                                R"({"pid":"7","path":"/usr/bin/id","cmdline":"id","parent":"6",)"
                                R"("uid":"33","euid":"0","time":"1795489201"})")),
               {{"event.action", "exec"},
                {"user.id", "33"},
                {"user.effective.id", "0"},
                {"host.os.type", ""}});
}

TEST_F(OsqueryTest, DatesAndOrdersBpfRowsByWhatTheyHave) {
  const EmittedEvent e = osquery_.One(Row(
      "bpf_process_events",
      R"({"syscall":"exec","ntime":"566756435645000","pid":"28240","parent":"28239",)"
      R"("path":"/bin/ping","cmdline":"ping -c 4","cwd":"/var/www","exit_code":"0","uid":"33"})"));
  EXPECT_EQ(e.time, 1795489300 * event::kSecond) << "ntime counts from boot";
  EXPECT_EQ(e.sequence, 566756435645000);
  ExpectFields(e, {{"host.os.type", "linux"},
                   {"event.action", "exec"},
                   {"process.parent.pid", "28239"},
                   {"sequitur.flags", "[time_of_query]"}});
}

TEST_F(OsqueryTest, DecodesSnapshotsAndBatchesRowByRow) {
  const std::string second =
      R"({"event_type":"exit","pid":"9","path":"/bin/ls","exit_code":"0","time":"1795489202"})";
  const std::string state = R"({"device":"/dev/disk1"})";
  const std::string rows = absl::StrCat("[", kExec, ",", second, ",", state, "]");
  for (const std::string& body :
       {absl::StrCat(R"("snapshot":)", rows, R"(,"action":"snapshot")"),
        absl::StrCat(R"("diffResults":{"removed":[)", kExec, R"(],"added":)", rows, "}")}) {
    EXPECT_EQ(osquery_.Decode(absl::StrCat(R"({"name":"es_process_events","hostIdentifier":)",
                                           R"("web-03","unixTime":"1795489300",)", body, "}")),
              DecodeResult::kDecoded);
    EXPECT_TRUE(osquery_.recognised);
    ASSERT_EQ(osquery_.events.size(), 2u) << body;
    EXPECT_EQ(osquery_.events[0]["process.pid"], "412");
    ExpectFields(osquery_.events[1],
                 {{"process.pid", "9"}, {"process.args", ""}, {"process.parent.pid", ""}});
    EXPECT_EQ(osquery_.events[1].host_name, "web-03");
    EXPECT_NE(osquery_.events[0].identity, osquery_.events[1].identity);
  }
}

TEST_F(OsqueryTest, ReadsNumericColumns) {
  ExpectFields(
      osquery_.One(Row("es_process_events",
                       R"({"event_type":"exec","pid":412,"pidversion":901,"path":"/bin/sh",)"
                       R"("uid":4294967294,"time":1795489201})")),
      {{"process.pid", "412"},
       {"process.Ext.pidversion", "901"},
       {"user.id", "4294967294"},
       {"process.args", ""}});
}

TEST_F(OsqueryTest, ClaimsTheHostByWhatTheIdentifierIs) {
  const auto claim = [&](absl::string_view identifier) {
    return osquery_.One(absl::StrCat(R"({"name":"q","hostIdentifier":")", identifier,
                                     R"(","unixTime":1,"columns":)", kExec,
                                     R"(,"action":"added"})"));
  };
  EXPECT_EQ(claim(kUuid).host_id, kUuid);
  EXPECT_EQ(claim(kUuid).host_name, "");
  EXPECT_EQ(claim("192-168-0-4.rdsnet.ro").host_name, "192-168-0-4.rdsnet.ro");
  EXPECT_EQ(claim("192.168.0.4").host_name, "");
}

TEST_F(OsqueryTest, IdentifiesARowByItsContent) {
  const uint64_t identity = osquery_.One(Row("q", kExec)).identity;
  EXPECT_NE(identity, 0u);
  EXPECT_EQ(osquery_.One(Row("q", kExec)).identity, identity);
  EXPECT_NE(osquery_.One(Row("other", kExec)).identity, identity);
}

TEST_F(OsqueryTest, TellsWhatIsWrong) {
  EXPECT_EQ(osquery_.Decode(Row("q", R"({"event_type":"exec","pid":"1","time":"noon"})")),
            DecodeResult::kBadTimestamp);
  EXPECT_EQ(osquery_.Decode(R"({"name":"q","hostIdentifier":"h","action":"added",)"
                            R"("columns":{"event_type":"exec","pid":"1"}})"),
            DecodeResult::kNoTimestamp);
}

TEST_F(OsqueryTest, DecodesThePublicEventRows) {
  const auto linux = SampleLines("osquery/dvwa-command-injection.ndjson");
  if (!linux) GTEST_SKIP() << "no public samples here";
  ASSERT_EQ(linux->size(), 4u);
  EXPECT_EQ(osquery_.Decode((*linux)[0]), DecodeResult::kNotAnEvent) << "a state: open sockets";
  ExpectFields(osquery_.One((*linux)[1]), {{"event.action", "exec"},
                                           {"process.name", "ping"},
                                           {"process.args", "[ping, -c, 4]"},
                                           {"process.parent.pid", "28239"},
                                           {"user.id", "33"}});
  ExpectFields(osquery_.One((*linux)[2]), {{"process.name", "id"}});
  ExpectFields(osquery_.One((*linux)[3]), {{"event.action", "connection_attempted"},
                                           {"event.outcome", "unknown"},
                                           {"destination.ip", "192.168.3.104"},
                                           {"destination.port", "8080"},
                                           {"network.transport", "tcp"},
                                           {"process.name", "apache2"}});
  const EmittedEvent mac = osquery_.One(SampleLines("osquery/macos-socket_events.ndjson")->at(0));
  ExpectFields(mac, {{"destination.ip", "54.194.163.85"},
                     {"destination.port", "443"},
                     {"source.ip", ""},
                     {"event.outcome", "unknown"}});
  EXPECT_EQ(mac.time, 1610821751 * event::kSecond) << "twenty hours before the query ran";
  EXPECT_EQ(mac.host_id, kUuid);
}

TEST_F(OsqueryTest, FindsNoEventsInThePublicStateQueries) {
  // Filebeat's own expectation makes one document of each of these rows. Ours is
  // other on purpose: they say what is, not what happened.
  size_t seen = 0;
  for (absl::string_view name :
       {"filebeat-osquery.rootkit.log", "filebeat-osqueryd.results.darwin.log",
        "filebeat-osqueryd.results.sample.log", "filebeat-test.log"}) {
    const auto lines = SampleLines(absl::StrCat("osquery/", name));
    if (!lines) GTEST_SKIP() << "no public samples here";
    for (const std::string& line : *lines) {
      EXPECT_EQ(osquery_.Decode(line), DecodeResult::kNotAnEvent) << line;
      EXPECT_TRUE(osquery_.recognised) << line;
      ++seen;
    }
  }
  EXPECT_GT(seen, 2000u);
}

}  // namespace
}  // namespace sequitur::decode
