#include "decode/flow_fields.h"

#include "decode/decoded_flow.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using event::Value;
using ::testing::IsSupersetOf;
using ::testing::Pair;

class FlowFieldsTest : public ::testing::Test {
 protected:
  static Flow Tcp(int64_t from, int64_t to) {
    Flow flow;
    flow.initiator.address = "10.0.0.1";
    flow.initiator.port = from;
    flow.responder.address = "198.51.100.9";
    flow.responder.port = to;
    flow.transport = "TCP";
    flow.start = 1'700'000'000 * event::kSecond;
    return flow;
  }
  FieldMap Fill(const Flow& flow) {
    event_.Reset();
    const DecodeResult result = FillFlow(flow, event_);
    if (result == DecodeResult::kDecoded) return FieldsOf(event_);
    return {{"result", std::string(DecodeResultName(result))}};
  }

  WantsAll wanted_;
  event::Event event_{wanted_.projection};
};

TEST_F(FlowFieldsTest, AFlowBecomesAnEventAtItsStart) {
  Flow flow = Tcp(50000, 443);
  flow.stamp = flow.start + 60 * event::kSecond;
  flow.end = flow.start + 1'500 * event::kMillisecond;
  flow.initiator.bytes = 10;
  flow.responder.bytes = 32;
  flow.responder.packets = 4;
  flow.established = flow.seen_start = flow.seen_end = true;
  EXPECT_THAT(
      Fill(flow),
      IsSupersetOf(
          {Pair("event.category", "network"), Pair("event.action", "network_flow"),
           Pair("event.type", "[connection, start, end]"), Pair("event.outcome", "success"),
           Pair("event.start", "2023-11-14T22:13:20.000Z"),
           Pair("event.end", "2023-11-14T22:13:21.500Z"), Pair("event.duration", "1500000000"),
           Pair("@timestamp", "2023-11-14T22:14:20.000Z"), Pair("source.ip", "10.0.0.1"),
           Pair("source.port", "50000"), Pair("source.bytes", "10"),
           Pair("destination.bytes", "32"), Pair("destination.packets", "4"),
           Pair("network.bytes", "42"), Pair("network.packets", "4"),
           Pair("network.transport", "tcp"), Pair("network.iana_number", "6"),
           Pair("network.type", "ipv4")}));
  EXPECT_EQ(event_.time, flow.start);
  EXPECT_FALSE(event_.Has(event::field::kNetworkDirection));
  EXPECT_FALSE(event_.Has(event::field::kSourcePackets));
}

TEST_F(FlowFieldsTest, EventTypeTellsWhatWasSeenOfTheConnection) {
  Flow flow = Tcp(50000, 443);
  EXPECT_EQ(Fill(flow)["event.type"], "connection");
  flow.seen_end = true;
  EXPECT_EQ(Fill(flow)["event.type"], "[connection, end]");
  flow.seen_start = true;
  EXPECT_EQ(Fill(flow)["event.type"], "[connection, start, end]");
  flow.seen_end = false;
  EXPECT_EQ(Fill(flow)["event.type"], "[connection, start]");
  EXPECT_EQ(Fill(flow).count("event.outcome"), 0u);
}

TEST_F(FlowFieldsTest, TransportsHaveOneName) {
  const struct {
    absl::string_view written, name, number, port;
  } kCases[] = {
      {"TCP", "tcp", "6", "443"},
      {"udp", "udp", "17", "443"},
      {"17", "udp", "17", "443"},
      {"ICMP", "icmp", "1", ""},
      {"1", "icmp", "1", ""},
      {"IPv6-ICMP", "ipv6-icmp", "58", ""},
      {"icmp6", "ipv6-icmp", "58", ""},
      {"58", "ipv6-icmp", "58", ""},
      {"SCTP", "sctp", "132", "443"},
      {"Weird", "weird", "", "443"},
      {"", "", "", "443"},
  };
  for (const auto& c : kCases) {
    Flow flow = Tcp(50000, 443);
    flow.transport = c.written;
    FieldMap fields = Fill(flow);
    EXPECT_EQ(fields["network.transport"], c.name) << c.written;
    EXPECT_EQ(fields["network.iana_number"], c.number) << c.written;
    EXPECT_EQ(fields["destination.port"], c.port) << c.written;
  }
}

TEST_F(FlowFieldsTest, PortsOutOfRangeAreNone) {
  Flow flow = Tcp(0, 70000);
  FieldMap fields = Fill(flow);
  EXPECT_EQ(fields["source.port"], "0");
  EXPECT_EQ(fields.count("destination.port"), 0u);
  flow.transport = "gre";
  EXPECT_EQ(Fill(flow).count("source.port"), 0u);
}

TEST_F(FlowFieldsTest, ProtocolsAreALowerCaseList) {
  const struct {
    absl::string_view written, value;
  } kCases[] = {{"", ""},  {"http", "http"}, {"SSL,HTTP", "[ssl, http]"}, {"-gssapi,smb", "smb"},
                {",", ""}, {"-ssl", ""}};
  for (const auto& c : kCases) {
    Flow flow = Tcp(1, 2);
    flow.protocol = c.written;
    EXPECT_EQ(Fill(flow)["network.protocol"], c.value) << c.written;
  }
}

TEST_F(FlowFieldsTest, RefusesWhatIsNoFlow) {
  Flow flow = Tcp(1, 2);
  flow.responder.address = "example.net";
  EXPECT_EQ(Fill(flow)["result"], "malformed_line");
  flow = Tcp(1, 2);
  flow.start = event::kNoTime;
  EXPECT_EQ(Fill(flow)["result"], "no_timestamp");
}

TEST_F(FlowFieldsTest, WithoutAStartTheRecordsOwnTimeStands) {
  Flow flow = Tcp(1, 2);
  flow.stamp = flow.start;
  flow.start = event::kNoTime;
  flow.report = Flow::Report::kEarly;
  FieldMap fields = Fill(flow);
  EXPECT_EQ(fields["event.action"], "network_early");
  EXPECT_EQ(fields.count("event.start"), 0u);
  EXPECT_EQ(event_.time, flow.stamp);
}

TEST_F(FlowFieldsTest, AnEndBeforeItsStartGivesNoDuration) {
  Flow flow = Tcp(1, 2);
  flow.end = flow.start - 1;
  EXPECT_EQ(Fill(flow).count("event.duration"), 0u);
}

TEST(ReadOneWay, FindsWhoBegan) {
  constexpr int64_t kAny = -1;
  const struct {
    absl::string_view transport;
    int64_t from, to, flags, packets, icmp_type;
    absl::string_view initiator;  // "from" or "to", "?" behind a guess
  } kCases[] = {
      {"tcp", 50000, 443, kTcpSyn, 1, kAny, "from"},
      {"tcp", 443, 50000, kTcpSyn, 3, kAny, "from"},  // the flags outweigh the ports
      {"tcp", 50000, 443, kTcpSyn | kTcpAck, 1, kAny, "to"},
      {"tcp", 443, 50000, kTcpSyn | kTcpAck, 1, kAny, "to"},
      {"tcp", 50000, 443, kTcpSyn | kTcpAck | kTcpPush, 9, kAny, "from?"},
      {"tcp", 443, 50000, kTcpSyn | kTcpAck | kTcpPush, 9, kAny, "to?"},
      {"tcp", 443, 50000, kTcpAck, 1, kAny, "to?"},
      {"tcp", 443, 50000, kAny, 1, kAny, "to?"},
      {"6", 443, 50000, kTcpSyn, 1, kAny, "from"},
      {"udp", 53, 40000, kTcpSyn, 1, kAny, "to?"},  // flags of something else
      {"udp", 40000, 53, kAny, 1, kAny, "from?"},
      {"udp", 123, 123, kAny, 1, kAny, "from?"},
      {"icmp", 0, 2048, kAny, 1, 8, "from"},
      {"icmp", 0, 0, kAny, 1, 0, "to"},
      {"icmp", 0, 771, kAny, 1, 3, "from"},
      {"ipv6-icmp", 0, 0, kAny, 1, 129, "to"},
      {"ICMP", 0, 0, kAny, 1, kAny, "from"},
  };
  for (const auto& c : kCases) {
    Flow flow;
    flow.transport = c.transport;
    flow.initiator.address = "from";
    flow.initiator.port = c.from;
    flow.initiator.packets = c.packets;
    flow.responder.address = "to";
    flow.responder.port = c.to;
    OneWayHints hints;
    if (c.flags != kAny) hints.tcp_flags = c.flags;
    if (c.icmp_type != kAny) hints.icmp_type = c.icmp_type;
    ReadOneWay(hints, flow);
    EXPECT_EQ(absl::StrCat(flow.initiator.address, flow.direction_guessed ? "?" : ""), c.initiator)
        << c.transport << " " << c.from << " " << c.to << " " << c.flags;
    // What a side sent goes with it.
    EXPECT_EQ(flow.initiator.address == "from", flow.initiator.packets.has_value());
  }
}

TEST(ReadOneWay, TellsLifeFromTcpFlags) {
  const struct {
    int64_t flags;
    bool start, end, established;
  } kCases[] = {
      {kTcpSyn, true, false, false},
      {kTcpRst | kTcpAck, false, true, false},  // refused
      {kTcpFin, false, true, false},            // a FIN scan
      {kTcpAck, false, false, false},
      {kTcpAck | kTcpPush, false, false, true},
      {kTcpSyn | kTcpAck | kTcpPush | kTcpFin, true, true, true},
      {0, false, false, false},
  };
  for (const auto& c : kCases) {
    Flow flow;
    flow.transport = "tcp";
    ReadOneWay({c.flags, std::nullopt}, flow);
    EXPECT_EQ(flow.seen_start, c.start) << c.flags;
    EXPECT_EQ(flow.seen_end, c.end) << c.flags;
    EXPECT_EQ(flow.established, c.established) << c.flags;
  }
}

TEST(FlowClock, ReadsEveryFormOfTime) {
  const struct {
    Value value;
    event::TimeNs time;
  } kCases[] = {
      {Value::Double(1547188415.857497), 1547188415857497000},
      {Value::Int(1547188415), 1547188415000000000},
      {Value::Int(1547188415857), 1547188415857000000},
      {Value::Double(1547188415857.497), 1547188415857497000},
      {Value::Int(1547188415857497), 1547188415857497000},
      {Value::Int(1681583295157626001), 1681583295157626001},  // above 2^53, exact
      {Value::String("1681583295157626001"), 1681583295157626001},
      {Value::String("1547188415.857497"), 1547188415857497000},
      {Value::String("1547188415857"), 1547188415857000000},
      {Value::String("2018-07-05T15:51:54.001329-0400"), 1530820314001329000},
      {Value::String("2018-07-05T15:51:54.001329-04:00"), 1530820314001329000},
      {Value::String("2018-07-05T19:51:54.001329Z"), 1530820314001329000},
      {Value::Int(0), 0},
      {Value::Int(-5), -5 * event::kSecond},
      {Value::Null(), event::kNoTime},
  };
  const LineContext lines;
  for (const auto& c : kCases) {
    FlowClock clock(lines);
    EXPECT_EQ(clock.Read(c.value), c.time) << c.value.ToString();
    EXPECT_FALSE(clock.assumed_zone());
  }
  for (const Value& bad :
       {Value::Bool(true), Value::String(""), Value::String("-"), Value::String("yesterday"),
        Value::String("XXXXXXXXXX.XXXXXX"), Value::String("2018-13-05T15:51:54Z"),
        Value::String("99999999999999999999")}) {
    FlowClock clock(lines);
    EXPECT_EQ(clock.Read(bad), std::nullopt) << bad.ToString();
  }
}

TEST(FlowClock, ReadsATimeWithoutZoneInTheSourcesZone) {
  LineContext lines;
  lines.zone = absl::FixedTimeZone(3600);
  lines.zone_is_assumed = false;
  FlowClock known(lines);
  EXPECT_EQ(known.Read(Value::String("2018-07-05T20:51:54")), 1530820314000000000);
  EXPECT_FALSE(known.assumed_zone());
  const LineContext unknown;
  FlowClock assumed(unknown);
  EXPECT_EQ(assumed.Read(Value::String("2018-07-05T19:51:54")), 1530820314000000000);
  EXPECT_TRUE(assumed.assumed_zone());
}

TEST(FlowCount, IsANumberThatCounts) {
  EXPECT_EQ(FlowCount(Value::Int(7)), 7);
  EXPECT_EQ(FlowCount(Value::String("7")), 7);
  EXPECT_EQ(FlowCount(Value::Double(7.0)), 7);
  for (const Value& bad : {Value::Null(), Value::Int(-1), Value::String("-1"), Value::String("x"),
                           Value::Double(1.5), Value::Double(1e300), Value::Bool(true)}) {
    EXPECT_EQ(FlowCount(bad), std::nullopt) << bad.ToString();
  }
}

TEST(FlowSeconds, KeepsMicroseconds) {
  EXPECT_EQ(FlowSeconds(Value::Double(0.076967)), 76967000);
  EXPECT_EQ(FlowSeconds(Value::String("0.076967")), 76967000);
  EXPECT_EQ(FlowSeconds(Value::Int(3)), 3 * event::kSecond);
  EXPECT_EQ(FlowSeconds(Value::Double(-1)), std::nullopt);
  EXPECT_EQ(FlowSeconds(Value::String("-")), std::nullopt);
  EXPECT_EQ(FlowSeconds(Value::Double(1e300)), std::nullopt);
}

TEST_F(FlowFieldsTest, ASensorIsNamedUnlessByItsAddress) {
  SetSensor("probe-1", event_);
  EXPECT_EQ(event_.claim.role, event::HostClaim::Role::kSensor);
  EXPECT_EQ(event_.claim.name, "probe-1");
  EXPECT_EQ(event_.Text(event::field::kObserverName), "probe-1");
  for (absl::string_view no_name : {"", "-", "2001:DB8::0:1"}) {
    event_.Reset();
    SetSensor(no_name, event_);
    EXPECT_EQ(event_.claim.role, event::HostClaim::Role::kSensor);
    EXPECT_EQ(event_.claim.name, "") << no_name;
    EXPECT_FALSE(event_.Has(event::field::kObserverName));
  }
  EXPECT_EQ(event_.Text(event::field::kObserverIp), "2001:db8::1");
}

TEST(IdentityOf, DependsOnWhereThePartsEnd) {
  EXPECT_EQ(IdentityOf({"zeek", "a"}), IdentityOf({"zeek", "a"}));
  EXPECT_NE(IdentityOf({"ab", "c"}), IdentityOf({"a", "bc"}));
  EXPECT_NE(IdentityOf({"a"}), IdentityOf({"a", ""}));
  // A number that other processes and releases agree on.
  EXPECT_EQ(IdentityOf({"a"}), 0x89bc907b544c769u);
}

}  // namespace
}  // namespace sequitur::decode
