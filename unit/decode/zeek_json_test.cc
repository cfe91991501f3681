#include "decode/zeek_json.h"

#include "decode/decoded_flow.h"
#include "decode/flow_fields.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using ::testing::IsSupersetOf;
using ::testing::Pair;

class ZeekJsonTest : public FlowDecoding<ZeekJson>, public ::testing::Test {};

constexpr absl::string_view kConn =
    R"({"_path":"conn","_system_name":"probe-1","_write_ts":"2026-03-01T10:05:00.000000Z",
        "ts":"2026-03-01T10:00:00.250000Z","uid":"CxT1","id.orig_h":"10.1.2.3","id.orig_p":50111,
        "id.resp_h":"198.51.100.9","id.resp_p":443,"proto":"tcp","service":"ssl","duration":1.5,
        "orig_bytes":100,"resp_bytes":2000,"conn_state":"SF","history":"ShADadFf","orig_pkts":5,
        "orig_ip_bytes":360,"resp_pkts":6,"resp_ip_bytes":2240,"community_id":"1:abc="})";

TEST_F(ZeekJsonTest, AConnectionIsAFlowOfItsOriginator) {
  const FieldMap fields = Decode(kConn);
  EXPECT_TRUE(recognised());
  EXPECT_THAT(fields, IsSupersetOf({Pair("event.module", "zeek"),
                                    Pair("event.dataset", "zeek.connection"),
                                    Pair("event.action", "network_flow"),
                                    Pair("event.id", "CxT1"),
                                    Pair("event.type", "[connection, start, end]"),
                                    Pair("event.outcome", "success"),
                                    Pair("@timestamp", "2026-03-01T10:00:00.250Z"),
                                    Pair("event.start", "2026-03-01T10:00:00.250Z"),
                                    Pair("event.end", "2026-03-01T10:00:01.750Z"),
                                    Pair("event.duration", "1500000000"),
                                    Pair("source.ip", "10.1.2.3"),
                                    Pair("source.port", "50111"),
                                    Pair("source.bytes", "100"),
                                    Pair("source.packets", "5"),
                                    Pair("destination.ip", "198.51.100.9"),
                                    Pair("destination.port", "443"),
                                    Pair("destination.bytes", "2000"),
                                    Pair("destination.packets", "6"),
                                    Pair("network.transport", "tcp"),
                                    Pair("network.protocol", "ssl"),
                                    Pair("network.community_id", "1:abc="),
                                    Pair("zeek.session_id", "CxT1"),
                                    Pair("zeek.connection.state", "SF"),
                                    Pair("zeek.connection.history", "ShADadFf"),
                                    Pair("observer.name", "probe-1")}));
  EXPECT_EQ(event().time, 1772359200250000000);
  EXPECT_EQ(event().claim.role, event::HostClaim::Role::kSensor);
  EXPECT_EQ(event().claim.name, "probe-1");
  EXPECT_EQ(event().identity, IdentityOf({"zeek.connection", "CxT1"}));
}

TEST_F(ZeekJsonTest, ReadsEveryFlavourAlike) {
  const FieldMap expected = Decode(
      R"({"ts":1772359200.25,"uid":"C1","id.orig_h":"10.1.2.3","id.orig_p":1,"id.resp_h":"10.1.2.4",
          "id.resp_p":2,"proto":"udp","conn_state":"SF"})");
  EXPECT_EQ(expected.at("source.ip"), "10.1.2.3");
  for (absl::string_view json : {
           R"({"ts":"2026-03-01T10:00:00.25Z","uid":"C1","id.orig_h":"10.1.2.3","id.orig_p":1,
               "id.resp_h":"10.1.2.4","id.resp_p":2,"proto":"udp","conn_state":"SF"})",
           R"({"ts":1772359200250,"uid":"C1","id_orig_h":"10.1.2.3","id_orig_p":1,
               "id_resp_h":"10.1.2.4","id_resp_p":2,"proto":"udp","conn_state":"SF"})",
           R"({"ts":"1772359200.250000","uid":"C1","id":{"orig_h":"10.1.2.3","orig_p":"1",
               "resp_h":"10.1.2.4","resp_p":"2"},"proto":"udp","conn_state":"SF"})",
           R"({"conn":{"ts":1772359200.25,"uid":"C1","id.orig_h":"10.1.2.3","id.orig_p":1,
               "id.resp_h":"10.1.2.4","id.resp_p":2,"proto":"udp","conn_state":"SF"}})",
           R"({"zeek":{"ts":1772359200.25,"uid":"C1","id.orig_h":"10.1.2.3","id.orig_p":1,
               "id.resp_h":"10.1.2.4","id.resp_p":2,"proto":"udp","conn_state":"SF"}})",
           R"({"@timestamp":"2026-03-01T10:07:00Z","@stream":"conn","ts":1772359200.25,"uid":"C1",
               "id.orig_h":"::ffff:10.1.2.3","id.orig_p":1,"id.resp_h":"10.1.2.4","id.resp_p":2,
               "proto":"udp","conn_state":"SF"})",
       }) {
    EXPECT_EQ(Decode(json), expected) << json;
    EXPECT_TRUE(recognised());
  }
}

std::string Conn(absl::string_view rest) {
  return absl::StrCat(R"({"ts":1772359200.25,"uid":"C1","id.orig_h":"10.1.2.3","id.orig_p":8,)",
                      R"("id.resp_h":"10.1.2.4","id.resp_p":2,)", rest, "}");
}

TEST_F(ZeekJsonTest, ConnectionStatesSayWhatHappened) {
  const struct {
    absl::string_view state, type, outcome, flags;
  } kCases[] = {
      {"S0", "[connection, start]", "", ""},
      {"S1", "[connection, start]", "success", ""},
      {"SF", "[connection, start, end]", "success", ""},
      {"REJ", "[connection, start, end]", "", ""},
      {"S2", "[connection, start]", "success", ""},
      {"S3", "[connection, start]", "success", ""},
      {"RSTO", "[connection, start, end]", "success", ""},
      {"RSTR", "[connection, start, end]", "success", ""},
      {"RSTOS0", "[connection, start, end]", "", ""},
      {"RSTRH", "[connection, end]", "", "[direction_guessed]"},
      {"SH", "[connection, start]", "", ""},
      {"SHR", "connection", "", "[direction_guessed]"},
      {"OTH", "connection", "", "[direction_guessed]"},
      {"XXX", "connection", "", ""},
  };
  for (const auto& c : kCases) {
    FieldMap fields = Decode(Conn(absl::StrCat(R"("proto":"tcp","conn_state":")", c.state, "\"")));
    EXPECT_EQ(fields["event.type"], c.type) << c.state;
    EXPECT_EQ(fields["event.outcome"], c.outcome) << c.state;
    EXPECT_EQ(fields["sequitur.flags"], c.flags) << c.state;
  }
}

TEST_F(ZeekJsonTest, AFlippedConnectionIsMarkedAndNotFlippedAgain) {
  FieldMap fields = Decode(Conn(R"("proto":"tcp","conn_state":"SF","history":"^hADaf")"));
  EXPECT_EQ(fields["sequitur.flags"], "[direction_guessed]");
  EXPECT_EQ(fields["source.ip"], "10.1.2.3");
}

TEST_F(ZeekJsonTest, IcmpHasTypeAndCodeAndNoPorts) {
  FieldMap fields = Decode(Conn(R"("proto":"icmp","conn_state":"OTH")"));
  EXPECT_EQ(fields.count("source.port"), 0u);
  EXPECT_EQ(fields.count("destination.port"), 0u);
  EXPECT_EQ(fields["event.type"], "[connection, start]");
  EXPECT_EQ(fields.count("sequitur.flags"), 0u);
}

TEST_F(ZeekJsonTest, AbsentCountsStayAbsent) {
  const FieldMap fields = Decode(Conn(R"("proto":"tcp","conn_state":"S0","orig_ip_bytes":60)"));
  EXPECT_EQ(fields.count("source.bytes"), 0u);
  EXPECT_EQ(fields.count("network.bytes"), 0u);
  EXPECT_EQ(fields.count("event.duration"), 0u);
}

TEST_F(ZeekJsonTest, AnUnknownTransportIsTakenFromItsNumber) {
  EXPECT_EQ(Field(Conn(R"("proto":"unknown_transport","ip_proto":47,"conn_state":"OTH")"),
                  "network.transport"),
            "gre");
}

TEST_F(ZeekJsonTest, OtherStreamsAreEarlySignalsOfTheSameConnection) {
  const struct {
    absl::string_view rest, dataset, protocol, outcome, path, value;
  } kCases[] = {
      {R"("_path":"ssl","server_name":"c2.example","cipher":"TLS_AES")", "zeek.ssl", "ssl",
       "success", "destination.domain", "c2.example"},
      {R"("server_name":"c2.example","established":true)", "zeek.ssl", "ssl", "success",
       "destination.domain", "c2.example"},
      {R"("trans_depth":1,"method":"POST","host":"h.example","uri":"/up","status_code":200)",
       "zeek.http", "http", "success", "url.original", "/up"},
      {R"("trans_id":5,"query":"c2.example","proto":"udp")", "zeek.dns", "dns", "",
       "dns.question.name", "c2.example"},
      {R"("auth_attempts":1,"client":"SSH-2.0-x")", "zeek.ssh", "ssh", "success",
       "network.transport", "tcp"},
      {R"("_path":"conn_long","proto":"tcp","service":"http","conn_state":"S1","duration":600.0)",
       "zeek.conn_long", "http", "success", "event.duration", "600000000000"},
  };
  for (const auto& c : kCases) {
    FieldMap fields = Decode(Conn(c.rest));
    EXPECT_EQ(fields["event.action"], "network_early") << c.rest;
    EXPECT_EQ(fields["event.type"], "[connection, start]") << c.rest;
    EXPECT_EQ(fields["zeek.session_id"], "C1") << c.rest;
    EXPECT_EQ(fields["event.dataset"], c.dataset);
    EXPECT_EQ(fields["network.protocol"], c.protocol);
    EXPECT_EQ(fields["event.outcome"], c.outcome) << c.rest;
    EXPECT_EQ(fields[std::string(c.path)], c.value);
  }
}

TEST_F(ZeekJsonTest, AHostHeaderIsNoSensor) {
  Decode(Conn(R"("trans_depth":1,"method":"GET","host":"victim.example","uri":"/")"));
  EXPECT_EQ(event().claim.name, "");
  EXPECT_EQ(event().claim.role, event::HostClaim::Role::kSensor);
}

TEST_F(ZeekJsonTest, EntriesThatTellOfNoConnectionAreNotEvents) {
  for (const std::string& json : {Conn(R"("_path":"weird","name":"bad_TCP_checksum")"),
                                  Conn(R"("fuid":"F1")"), Conn(R"("_path":"ntlm","proto":"tcp")"),
                                  std::string(R"({"_path":"stats","ts":1772359200.25,"mem":5})"),
                                  std::string(R"({"_path":"capture_loss","ts":"x","gaps":5})")}) {
    EXPECT_EQ(Result(json), "not_an_event") << json;
    EXPECT_TRUE(recognised()) << json;
  }
}

TEST_F(ZeekJsonTest, DamageHasItsReason) {
  EXPECT_EQ(
      Result(R"({"ts":"noon","id.orig_h":"10.1.2.3","id.resp_h":"10.1.2.4","conn_state":"SF"})"),
      "bad_timestamp");
  EXPECT_EQ(Result(R"({"ts":1.5,"id.orig_h":"nobody","id.resp_h":"10.1.2.4","conn_state":"SF"})"),
            "malformed_line");
}

TEST_F(ZeekJsonTest, RecognisesNothingOfOthers) {
  for (
      absl::string_view json :
      {R"({})", R"({"ts":1,"uid":501,"msg":"login"})", R"({"_path":"/x"})",
       R"({"id":{"orig_h":"10.0.0.1"},"ts":1})",
       R"({"@timestamp":"2026-03-01T10:00:00Z","zeek":{"session_id":"C1"},"event":{"kind":"event"}})",
       R"({"timestamp":"2026-03-01T10:00:00Z","event_type":"flow","src_ip":"10.0.0.1"})"}) {
    EXPECT_EQ(Result(json), "not_recognised") << json;
    EXPECT_FALSE(recognised()) << json;
  }
}

TEST_F(ZeekJsonTest, IdentityTellsRepeatsFromOtherFacts) {
  const auto identity = [&](absl::string_view rest) {
    Decode(Conn(rest));
    return event().identity;
  };
  const uint64_t conn = identity(R"("conn_state":"SF")");
  EXPECT_EQ(conn, identity(R"("conn_state":"SF","_path":"conn","duration":5.0)"));
  const uint64_t first = identity(R"("trans_depth":1,"method":"GET")");
  EXPECT_NE(conn, first);
  EXPECT_EQ(first, identity(R"("trans_depth":1,"method":"GET")"));
  EXPECT_NE(first, identity(R"("trans_depth":2,"method":"GET")"));
  EXPECT_NE(identity(R"("_path":"conn_long","duration":600.0)"),
            identity(R"("_path":"conn_long","duration":1200.0)"));
  Decode(R"({"ts":1.5,"id.orig_h":"10.1.2.3","id.resp_h":"10.1.2.4","conn_state":"SF"})");
  const uint64_t nameless = event().identity;
  Decode(R"({"ts":1.6,"id.orig_h":"10.1.2.3","id.resp_h":"10.1.2.4","conn_state":"SF"})");
  EXPECT_NE(nameless, event().identity);
}

TEST(ZeekJson, ColumnsThatOnlyARuleNamesAreFilled) {
  FlowDecoding<ZeekJson> decoding({"zeek.connection.missed_bytes", "zeek.http.username"});
  FieldMap fields = decoding.Decode(Conn(R"("conn_state":"SF","missed_bytes":7,"username":"x")"));
  EXPECT_EQ(fields["zeek.connection.missed_bytes"], "7");
  EXPECT_EQ(fields.count("zeek.http.username"), 0u);
  fields = decoding.Decode(Conn(R"("trans_depth":1,"missed_bytes":7,"username":"x")"));
  EXPECT_EQ(fields["zeek.http.username"], "x");
  EXPECT_EQ(fields.count("zeek.connection.missed_bytes"), 0u);
}

}  // namespace
}  // namespace sequitur::decode
