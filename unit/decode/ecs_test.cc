#include "decode/ecs.h"

#include "absl/strings/str_cat.h"
#include "decode/host_json_fixture.h"

namespace sequitur::decode {
namespace {

std::string Document(absl::string_view more,
                     absl::string_view timestamp = "\"2026-11-24T03:00:01.5Z\"") {
  return absl::StrCat(R"({"@timestamp":)", timestamp, more.empty() ? "" : ",", more, "}");
}

class EcsTest : public ::testing::Test {
 protected:
  EcsTest() : ecs_({"winlog.event_data.X", "process.Ext.effective_parent.pid"}, false) {}
  JsonDecoding<Ecs> ecs_;
};

TEST_F(EcsTest, TakesEveryWantedFieldAsTheDocumentHasIt) {
  const EmittedEvent e = ecs_.One(Document(
      R"("event":{"category":["process"],"type":["start"],"action":"exec","sequence":206732},)"
      R"("process":{"pid":5,"args":["a","b"],"Ext.effective_parent":{"pid":7}},)"
      R"("user":{"id":501},"process.parent.name":"launchd","winlog":{"event_data":{"X":1.5}},)"
      R"("nobody":{"reads":"this"},"file":{"inode":1152921500312525701})"));
  ExpectFields(e, {{"event.category", "process"},
                   {"event.type", "start"},
                   {"event.action", "exec"},
                   {"process.pid", "5"},
                   {"process.args", "[a, b]"},
                   {"process.Ext.effective_parent.pid", "7"},
                   {"process.parent.name", "launchd"},
                   {"winlog.event_data.X", "1.5"},
                   {"file.inode", "1152921500312525701"},
                   {"nobody.reads", ""}});
  EXPECT_EQ(e.kinds.at("user.id"), event::Value::Kind::kInt) << "types stay the document's";
  EXPECT_EQ(e.iso_time(), "2026-11-24T03:00:01.500Z");
  EXPECT_EQ(e.sequence, 206732);
}

TEST_F(EcsTest, ReadsTimestampsOfEveryKind) {
  const absl::string_view event = R"("event":{"kind":"event"})";
  for (absl::string_view time : {"\"2026-11-24T03:00:01.5Z\"", "\"2026-11-24T04:00:01.500+01:00\"",
                                 "1795489201500", "1795489201.5"}) {
    EXPECT_EQ(ecs_.One(Document(event, time)).iso_time(), "2026-11-24T03:00:01.500Z") << time;
  }
  EXPECT_EQ(ecs_.Decode(Document(event, "null")), DecodeResult::kNoTimestamp);
  EXPECT_EQ(ecs_.Decode(Document(event, "\"soon\"")), DecodeResult::kBadTimestamp);
  EXPECT_EQ(ecs_.Decode(R"({"event":{"kind":"event"}})"), DecodeResult::kNoTimestamp);
}

TEST_F(EcsTest, DatesAFlowAtItsStart) {
  EXPECT_EQ(ecs_.One(Document(R"("event":{"category":["network"],"start":"2026-11-24T01:00:00Z"})"))
                .iso_time(),
            "2026-11-24T01:00:00.000Z");
  EXPECT_EQ(ecs_.One(Document(R"("event":{"category":"process","start":"2026-11-24T01:00:00Z"})"))
                .iso_time(),
            "2026-11-24T03:00:01.500Z");
}

TEST_F(EcsTest, DropsForgedOwnFields) {
  const std::string forged =
      Document(R"("event":{"kind":"event"},"sequitur":{"indicators":["path_traversal"]},)"
               R"("sequitur.lineage":{"service":"nginx"})");
  ExpectFields(ecs_.One(forged), {{"sequitur.indicators", ""}, {"sequitur.lineage.service", ""}});
  JsonDecoding<Ecs> trusting({}, true);
  ExpectFields(trusting.One(forged),
               {{"sequitur.indicators", "path_traversal"}, {"sequitur.lineage.service", "nginx"}});
}

TEST_F(EcsTest, TellsEventsFromEnvelopes) {
  struct Case {
    bool recognised;
    absl::string_view more;
  };
  const Case kCases[] = {
      {true, R"("event":{"category":["process"]})"},
      {true,
       R"("event":{"module":"endpoint"},"message":"Endpoint event","process":{"entity_id":"x"})"},
      {true, R"("ecs":{"version":"8.11.0"},"process":{"pid":1})"},
      {true, R"("event.kind":"event","message":"text")"},
      {true, R"("destination":{"ip":"198.51.100.9"},"message":"Connection attempt")"},
      {false, R"("message":"GET / HTTP/1.1","ecs":{"version":"8.0.0"},"host":{"name":"h"})"},
      {false, R"("message":"x","event":{"module":"nginx","dataset":"nginx.access"},)"
              R"("fileset":{"name":"access"},"ecs":{"version":"1.12.0"})"},
      {false, R"("message":"x","process":{"program":"nginx","pid":12},"event":{"severity":6})"},
      {false, ""},
      {false, R"("log":"x\n","stream":"stdout")"},
  };
  for (const Case& c : kCases) {
    const std::string json = Document(c.more);
    EXPECT_NE(ecs_.Decode(json), DecodeResult::kMalformedJson) << json;
    EXPECT_EQ(ecs_.recognised, c.recognised) << json;
  }
  EXPECT_EQ(ecs_.Decode(Document("")), DecodeResult::kDecoded)
      << "named explicitly, any object with a time is a document";
}

TEST_F(EcsTest, ClaimsTheHostFromTheBestKey) {
  const EmittedEvent e = ecs_.One(
      Document(R"("event":{"kind":"event"},"host":{"id":"D9C4","name":"web-03","hostname":"other",)"
               R"("ip":["10.0.0.3","fe80::1"]},"agent":{"id":"c2d9","hostname":"shipper"})"));
  EXPECT_EQ(e.host_id, "D9C4");
  EXPECT_EQ(e.host_name, "web-03");
  EXPECT_EQ(e.agent_id, "c2d9");
  EXPECT_EQ(e.addresses, "[10.0.0.3, fe80::1]");
  EXPECT_FALSE(e.sensor);

  struct Case {
    absl::string_view more, name;
  };
  const Case kCases[] = {
      {R"("host":"web-03")", "web-03"},
      {R"("host":"203.0.113.7","hostname":"web-03")", "web-03"},
      {R"("host":"-","agent":{"hostname":"web-03"})", "web-03"},
      {R"("host":{"name":"2001:db8::1","hostname":"web-03"})", "web-03"},
      {R"("beat":{"hostname":"web-03"})", "web-03"},
      {R"("host":"203.0.113.7")", ""},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(ecs_.One(Document(absl::StrCat(R"("event":{"kind":"event"},)", c.more))).host_name,
              c.name)
        << c.more;
  }
}

TEST_F(EcsTest, TakesANetworkDevicesHostForASensor) {
  const absl::string_view network = R"("event":{"category":["network"],"kind":"event"})";
  EXPECT_TRUE(
      ecs_.One(Document(absl::StrCat(network, R"(,"observer":{"type":"firewall"})"))).sensor);
  EXPECT_FALSE(ecs_.One(Document(network)).sensor);
  EXPECT_TRUE(ecs_.One(Document(R"("event":{"category":["network"],"module":"suricata"})")).sensor);
}

TEST_F(EcsTest, IdentifiesADocumentByIdTimeAndAction) {
  const auto identity = [&](absl::string_view event, absl::string_view time = "1795489201500") {
    return ecs_.One(Document(absl::StrCat(R"("event":{"kind":"event",)", event, "}"), time))
        .identity;
  };
  const uint64_t attempt = identity(R"("id":"x","action":"connection_attempted")");
  EXPECT_EQ(attempt, identity(R"("action":"connection_attempted","id":"x")",
                              "\"2026-11-24T03:00:01.500Z\""));
  EXPECT_NE(attempt, identity(R"("id":"x","action":"disconnect_received")"));
  EXPECT_NE(attempt, identity(R"("id":"y","action":"connection_attempted")"));
  EXPECT_EQ(identity(R"("action":"exec")"), 0u);
}

TEST_F(EcsTest, SaysWhichSystemAnOldDocumentIsOf) {
  struct Case {
    absl::string_view os, type;
  };
  const Case kCases[] = {
      {R"({"type":"macos","family":"debian"})", "macos"},
      {R"({"family":"macos"})", "macos"},
      {R"({"Ext":{"variant":"macOS"}})", "macos"},
      {R"({"family":"darwin"})", "macos"},
      {R"({"platform":"windows"})", "windows"},
      {R"({"name":"Windows 10"})", "windows"},
      {R"({"platform":"ubuntu"})", "linux"},
      {R"({"family":"debian"})", "linux"},
      {R"({"family":"plan9"})", ""},
  };
  for (const Case& c : kCases) {
    ExpectFields(
        ecs_.One(Document(absl::StrCat(R"("event":{"kind":"event"},"host":{"os":)", c.os, "}"))),
        {{"host.os.type", std::string(c.type)}});
  }
}

TEST_F(EcsTest, MendsOnlyWhatIsKnownToBeBroken) {
  ExpectFields(ecs_.One(Document(R"("event":{"kind":"event"},"file":{"path":)"
                                 R"("/private/etc/pam.d/login","extension":"d/login"})")),
               {{"file.extension", ""}, {"file.path", "/private/etc/pam.d/login"}});
  ExpectFields(ecs_.One(Document(R"("event":{"kind":"event"},"file":{"extension":"php"},)"
                                 R"("network":{"direction":"egress"})")),
               {{"file.extension", "php"}, {"network.direction", "egress"}});
  ExpectFields(ecs_.One(Document(R"("event":{"kind":"event"},"process":{"executable":)"
                                 R"("C:\\Windows\\System32\\cmd.exe"})")),
               {{"process.name", "cmd.exe"}});
  ExpectFields(ecs_.One(Document(R"("event":{"kind":"event"},"process":{"executable":)"
                                 R"("/opt/Python","name":"python3"})")),
               {{"process.name", "python3"}});
}

TEST_F(EcsTest, KnowsThatEndpointsExecParentIsThePreviousImage) {
  const absl::string_view process =
      R"("process":{"pid":10177,"entity_id":"c","parent":{"pid":10176,"entity_id":"b"}})";
  ExpectFields(ecs_.One(Document(
                   absl::StrCat(R"("event":{"module":"endpoint","action":"exec"},)", process))),
               {{"process.previous.entity_id", "b"},
                {"process.parent.entity_id", "b"},
                {"process.parent.pid", "10176"}});
  ExpectFields(ecs_.One(Document(
                   absl::StrCat(R"("event":{"module":"endpoint","action":"fork"},)", process))),
               {{"process.previous.entity_id", ""}});
}

TEST_F(EcsTest, TellsACrashOnlyWhereItCanBeTold) {
  struct Case {
    absl::string_view code, action;
  };
  const Case kCases[] = {{"3221225477", "[end, worker_crash]"},
                         {"-1073741819", "[end, worker_crash]"},
                         {"139", "end"},
                         {"0", "end"},
                         {"-1", "end"}};
  for (const Case& c : kCases) {
    ExpectFields(
        ecs_.One(Document(absl::StrCat(
            R"("event":{"category":["process"],"action":"end"},"process":{"exit_code":)", c.code,
            "}"))),
        {{"event.action", std::string(c.action)}, {"process.exit_code", std::string(c.code)}});
  }
}

TEST_F(EcsTest, DecodesThePublicMacDataset) {
  const auto lines = SampleLines("elastic-endpoint/macos-attack-dataset.ndjson");
  if (!lines) GTEST_SKIP() << "no public samples here";
  int decoded = 0, search_results = 0;
  std::map<std::string, int> actions;
  for (const std::string& line : *lines) {
    const DecodeResult result = ecs_.Decode(line);
    // Seven lines are answers of a search (hits.events), not documents.
    if (line.find("\"hits\":{") != std::string::npos) {
      EXPECT_FALSE(ecs_.recognised);
      EXPECT_EQ(result, DecodeResult::kNoTimestamp);
      ++search_results;
      continue;
    }
    ASSERT_EQ(result, DecodeResult::kDecoded) << line.substr(0, 200);
    EXPECT_TRUE(ecs_.recognised);
    ++decoded;
    const EmittedEvent& e = ecs_.events.at(0);
    ++actions[e["event.action"]];
    EXPECT_EQ(e["host.os.type"], "macos");
    EXPECT_NE(e.host_name, "");
    EXPECT_NE(e.agent_id, "");
    EXPECT_NE(e.identity, 0u);
    EXPECT_NE(e["process.entity_id"], "");
    EXPECT_EQ(e["file.extension"].find('/'), std::string::npos);
  }
  EXPECT_EQ(decoded, 76);
  EXPECT_EQ(search_results, 7);
  EXPECT_EQ(actions,
            (std::map<std::string, int>{
                {"end", 5}, {"exec", 54}, {"fork", 3}, {"modification", 9}, {"rename", 5}}));
}

TEST_F(EcsTest, DecodesTheSchemaExamplesOfOtherSystems) {
  const auto linux = SampleText("elastic-endpoint/schema-example-process_created_linux.json");
  if (!linux) GTEST_SKIP() << "no public samples here";
  ExpectFields(ecs_.One(*linux), {{"host.os.type", "linux"},
                                  {"process.name", "ssh"},
                                  {"process.args", "[/usr/bin/ssh, -l, user, 10.0.0.16]"},
                                  {"user.id", "0"}});
  const EmittedEvent windows = ecs_.One(*SampleText(
      "elastic-endpoint/schema-example-network_outbound_connection_attempt_windows.json"));
  ExpectFields(windows, {{"host.os.type", "windows"},
                         {"process.name", "eclipse.exe"},
                         {"destination.ip", "192.168.10.100"},
                         {"user.id", "S-1-5-18"}});
  EXPECT_EQ(windows.host_name, "host1");
  EXPECT_EQ(windows.iso_time(), "2020-03-03T19:08:32.74626Z");
}

TEST_F(EcsTest, RefusesHandEditedJson) {
  for (absl::string_view json :
       {R"({"@timestamp":"2021-01-14T10:35:50Z","process":{"name":"sh",},"event":{}})",
        R"({"@timestamp":"2021-01-14T10:35:50Z","process":{"name":"sh" "pid":1}})",
        R"({"@timestamp":"2021-01-14T10:35:50Z","process":{"name":"sh"})",
        R"({"@timestamp":"2021-01-14T10:35:50Z","process":{"name":'sh'}})"}) {
    EXPECT_EQ(ecs_.Decode(json), DecodeResult::kMalformedJson) << json;
  }
}

}  // namespace
}  // namespace sequitur::decode
