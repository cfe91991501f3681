#include "decode/suricata.h"

#include "decode/decoded_flow.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using ::testing::IsSupersetOf;
using ::testing::Pair;

class SuricataTest : public FlowDecoding<Suricata>, public ::testing::Test {};

TEST_F(SuricataTest, AFlowIsAnEventAtItsStart) {
  const FieldMap fields = Decode(
      R"({"timestamp":"2026-03-01T11:05:00.000001+0100","flow_id":1152921504606846977,"host":"ids-2",
          "event_type":"flow","src_ip":"2001:0db8:0000:0000:0000:0000:0000:0007","src_port":50111,
          "dest_ip":"2001:0db8:0000:0000:0000:0000:0000:0009","dest_port":443,"proto":"TCP",
          "app_proto":"tls","community_id":"1:abc=","flow":{"pkts_toserver":5,"pkts_toclient":6,
          "bytes_toserver":360,"bytes_toclient":2240,"start":"2026-03-01T11:00:00.250000+0100",
          "end":"2026-03-01T11:00:01.750000+0100","age":1,"state":"closed","reason":"timeout"},
          "tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1b","state":"closed"}})");
  EXPECT_TRUE(recognised());
  EXPECT_THAT(fields, IsSupersetOf({Pair("event.module", "suricata"),
                                    Pair("event.dataset", "suricata.eve"),
                                    Pair("event.action", "network_flow"),
                                    Pair("event.type", "[connection, start, end]"),
                                    Pair("event.outcome", "success"),
                                    Pair("@timestamp", "2026-03-01T10:05:00.000001Z"),
                                    Pair("event.start", "2026-03-01T10:00:00.250Z"),
                                    Pair("event.end", "2026-03-01T10:00:01.750Z"),
                                    Pair("event.duration", "1500000000"),
                                    Pair("source.ip", "2001:db8::7"),
                                    Pair("destination.ip", "2001:db8::9"),
                                    Pair("source.bytes", "360"),
                                    Pair("source.packets", "5"),
                                    Pair("destination.bytes", "2240"),
                                    Pair("destination.packets", "6"),
                                    Pair("network.transport", "tcp"),
                                    Pair("network.protocol", "tls"),
                                    Pair("network.type", "ipv6"),
                                    Pair("network.community_id", "1:abc="),
                                    Pair("observer.name", "ids-2"),
                                    Pair("suricata.eve.flow_id", "1152921504606846977"),
                                    Pair("suricata.eve.flow.state", "closed")}));
  EXPECT_EQ(event().time, 1772359200250000000);
  EXPECT_EQ(event().claim.role, event::HostClaim::Role::kSensor);
  EXPECT_EQ(event().claim.name, "ids-2");
}

std::string Record(absl::string_view type, absl::string_view ends, absl::string_view rest = "") {
  return absl::StrCat(R"({"timestamp":"2026-03-01T10:00:05Z","flow_id":77,"event_type":")", type,
                      "\",", ends, rest.empty() ? "" : ",", rest, "}");
}
constexpr absl::string_view kForward =
    R"("src_ip":"10.1.2.3","src_port":50111,"dest_ip":"198.51.100.9","dest_port":443,"proto":"TCP")";
constexpr absl::string_view kBackward =
    R"("src_ip":"198.51.100.9","src_port":443,"dest_ip":"10.1.2.3","dest_port":50111,"proto":"TCP")";

TEST_F(SuricataTest, StatesAndFlagsSayWhetherItWasEstablished) {
  const struct {
    absl::string_view rest, type, outcome;
  } kCases[] = {
      {R"("flow":{"state":"new"})", "[connection, start]", ""},
      {R"("flow":{"state":"established"})", "[connection, start]", "success"},
      {R"("flow":{"state":"bypassed"})", "[connection, start]", "success"},
      {R"("flow":{"state":"closed"})", "[connection, start, end]", ""},
      {R"("flow":{"state":"closed"},"app_proto":"tls")", "[connection, start, end]", "success"},
      {R"("flow":{"state":"closed"},"app_proto":"failed")", "[connection, start, end]", ""},
      // Refused: SYN, answered by RST ACK.
      {R"("flow":{"state":"closed"},"tcp":{"tcp_flags_ts":"02","tcp_flags_tc":"14","state":"closed"})",
       "[connection, start, end]", ""},
      {R"("flow":{"state":"closed"},"tcp":{"tcp_flags_ts":"1a","tcp_flags_tc":"16","state":"closed"})",
       "[connection, start, end]", "success"},
      {R"("flow":{"state":"closed"},"tcp":{"state":"time_wait"})", "[connection, start, end]",
       "success"},
      {R"("flow":{"state":"new"},"tcp":{"tcp_flags_ts":"02","state":"syn_sent"})",
       "[connection, start]", ""},
  };
  for (const auto& c : kCases) {
    FieldMap fields = Decode(Record("flow", kForward, c.rest));
    EXPECT_EQ(fields["event.type"], c.type) << c.rest;
    EXPECT_EQ(fields["event.outcome"], c.outcome) << c.rest;
  }
}

TEST_F(SuricataTest, NetflowIsOneDirection) {
  // The answering side of a connection.
  const FieldMap answer =
      Decode(Record("netflow", kBackward,
                    R"("netflow":{"pkts":6,"bytes":2240,"start":"2026-03-01T10:00:00Z",
                "end":"2026-03-01T10:00:01Z"},"tcp":{"tcp_flags":"1b"})"));
  EXPECT_THAT(answer,
              IsSupersetOf({Pair("source.ip", "10.1.2.3"), Pair("source.port", "50111"),
                            Pair("destination.bytes", "2240"), Pair("destination.packets", "6"),
                            Pair("network.bytes", "2240"), Pair("event.outcome", "success"),
                            Pair("event.start", "2026-03-01T10:00:00.000Z"),
                            Pair("event.duration", "1000000000"),
                            Pair("sequitur.flags", "[direction_guessed]")}));
  EXPECT_EQ(answer.count("source.bytes"), 0u);
  const uint64_t identity = event().identity;
  const FieldMap request =
      Decode(Record("netflow", kForward,
                    R"("netflow":{"pkts":2,"bytes":120,"start":"2026-03-01T10:00:00Z"},
                "tcp":{"tcp_flags":"02"})"));
  EXPECT_EQ(request.at("source.ip"), "10.1.2.3");
  EXPECT_EQ(request.at("source.bytes"), "120");
  EXPECT_EQ(request.count("sequitur.flags"), 0u);
  EXPECT_NE(event().identity, identity);
}

TEST_F(SuricataTest, EarlyRecordsNameTheirInitiator) {
  const struct {
    absl::string_view type, ends, rest, source, flags;
  } kCases[] = {
      {"tls", kForward, "", "10.1.2.3", ""},
      {"ssh", kForward, "", "10.1.2.3", ""},
      {"http", kBackward, "", "10.1.2.3", "[direction_guessed]"},  // picked up in the middle
      {"dns", kBackward, R"("dns":{"type":"answer"})", "10.1.2.3", ""},
      {"dns", kBackward, R"("dns":{"type":"response"})", "10.1.2.3", ""},
      {"dns", kForward, R"("dns":{"type":"query"})", "10.1.2.3", ""},
      // Since version 7 answers are written in the flow's direction.
      {"dns", kForward, R"("dns":{"type":"answer"})", "10.1.2.3", ""},
      {"alert", kForward, R"("direction":"to_server")", "10.1.2.3", ""},
      {"alert", kBackward, R"("direction":"to_client")", "10.1.2.3", ""},
      {"alert", kBackward, "", "10.1.2.3", "[direction_guessed]"},
      {"alert", kForward, "", "10.1.2.3", "[direction_guessed]"},
      {"alert", kForward,
       R"("direction":"to_client","flow":{"src_ip":"10.9.9.9","src_port":1,"dest_ip":"10.1.2.3"})",
       "10.9.9.9", ""},
  };
  for (const auto& c : kCases) {
    FieldMap fields = Decode(Record(c.type, c.ends, c.rest));
    EXPECT_EQ(fields["event.action"], "network_early") << c.type;
    EXPECT_EQ(fields["event.type"], "[connection, start]") << c.type;
    EXPECT_EQ(fields["suricata.eve.flow_id"], "77") << c.type;
    EXPECT_EQ(fields["source.ip"], c.source) << c.type << c.rest;
    EXPECT_EQ(fields["sequitur.flags"], c.flags) << c.type << c.rest;
  }
}

TEST_F(SuricataTest, CountsFollowTheFlowAndNotThePacket) {
  const FieldMap fields =
      Decode(Record("alert", kBackward,
                    R"("direction":"to_client","app_proto":"http","flow":{"bytes_toserver":10,
                       "bytes_toclient":20,"start":"2026-03-01T10:00:00Z"})"));
  EXPECT_EQ(fields.at("source.bytes"), "10");
  EXPECT_EQ(fields.at("destination.bytes"), "20");
  EXPECT_EQ(fields.at("network.protocol"), "http");
  EXPECT_EQ(event().time, 1772359200000000000);
}

TEST_F(SuricataTest, EarlyRecordsSayWhatWasAsked) {
  EXPECT_EQ(Field(Record("tls", kForward, R"("tls":{"sni":"c2.example."})"), "destination.domain"),
            "c2.example");
  EXPECT_EQ(Field(Record("dns", kForward, R"("dns":{"rrname":"c2.example"})"), "dns.question.name"),
            "c2.example");
  EXPECT_EQ(Field(Record("dns", kForward, R"("dns":{"queries":[{"rrname":"c2.example"}]})"),
                  "dns.question.name"),
            "c2.example");
  const FieldMap http =
      Decode(Record("http", kForward,
                    R"("http":{"hostname":"h.example","url":"/a?b","http_method":"GET","status":404,
                "http_user_agent":"curl/8"})"));
  EXPECT_THAT(
      http,
      IsSupersetOf({Pair("url.domain", "h.example"), Pair("url.original", "/a?b"),
                    Pair("http.request.method", "GET"), Pair("http.response.status_code", "404"),
                    Pair("user_agent.original", "curl/8"), Pair("network.protocol", "http")}));
}

TEST_F(SuricataTest, EverythingElseIsNotAnEvent) {
  EXPECT_EQ(Result(R"({"timestamp":"2026-03-01T10:00:05Z","event_type":"stats",
                       "stats":{"uptime":5,"flow":{"tcp":1}}})"),
            "not_an_event");
  EXPECT_TRUE(recognised());
  for (absl::string_view type : {"fileinfo", "anomaly", "smb", "drop"}) {
    EXPECT_EQ(Result(Record(type, kForward)), "not_an_event") << type;
  }
}

TEST_F(SuricataTest, StandsUnderAShippersKeyToo) {
  const FieldMap expected = Decode(Record("flow", kForward));
  EXPECT_EQ(Decode(absl::StrCat(R"({"json":)", Record("flow", kForward), "}")), expected);
  EXPECT_EQ(Decode(absl::StrCat(R"({"suricata":{"eve":)", Record("flow", kForward), "}}")),
            expected);
}

TEST_F(SuricataTest, RecognisesNothingOfOthers) {
  for (absl::string_view json :
       {R"({"timestamp":"2026-03-01T10:00:05Z","event_type":"login"})",
        R"({"event_type":"flow","src_ip":"10.0.0.1","dest_ip":"10.0.0.2"})",
        R"({"suricata":{"eve":{"event_type":"flow","flow_id":1}},"source":{"ip":"10.0.0.1"}})"}) {
    EXPECT_EQ(Result(json), "not_recognised") << json;
    EXPECT_FALSE(recognised()) << json;
  }
}

TEST_F(SuricataTest, DamageHasItsReason) {
  EXPECT_EQ(Result(Record("flow", kForward, R"("flow":{"start":"soon"})")), "bad_timestamp");
  EXPECT_EQ(Result(Record("flow", R"("src_ip":"a","dest_ip":"10.0.0.2")")), "malformed_line");
}

TEST_F(SuricataTest, IcmpHasNoPorts) {
  const FieldMap fields = Decode(
      Record("flow", R"("src_ip":"10.1.2.3","dest_ip":"10.1.2.4","proto":"ICMP","icmp_type":8)"));
  EXPECT_EQ(fields.at("network.transport"), "icmp");
  EXPECT_EQ(fields.count("source.port"), 0u);
}

TEST(Suricata, FieldsThatOnlyARuleNamesAreFilled) {
  FlowDecoding<Suricata> decoding({"suricata.eve.alert.signature", "suricata.eve.in_iface"});
  const FieldMap fields = decoding.Decode(
      Record("alert", kForward, R"("in_iface":"en0","alert":{"signature":"webshell","gid":1})"));
  EXPECT_EQ(fields.at("suricata.eve.alert.signature"), "webshell");
  EXPECT_EQ(fields.at("suricata.eve.in_iface"), "en0");
  EXPECT_EQ(fields.count("suricata.eve.alert.gid"), 0u);
}

}  // namespace
}  // namespace sequitur::decode
