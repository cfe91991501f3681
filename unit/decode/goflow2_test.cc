#include "decode/goflow2.h"

#include "decode/decoded_flow.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using ::testing::IsSupersetOf;
using ::testing::Pair;

class Goflow2Test : public FlowDecoding<Goflow2>, public ::testing::Test {};

TEST_F(Goflow2Test, ANetflowRecordIsOneDirectionOfAFlow) {
  const FieldMap fields = Decode(
      R"({"type":"NETFLOW_V9","time_received_ns":1772359260000000001,"sequence_num":7,
          "sampling_rate":0,"sampler_address":"192.0.2.1",
          "time_flow_start_ns":1772359200250000001,"time_flow_end_ns":1772359201750000001,
          "bytes":360,"packets":5,"src_addr":"10.1.2.3","dst_addr":"198.51.100.9","etype":"IPv4",
          "proto":"TCP","src_port":50111,"dst_port":443,"tcp_flags":2})");
  EXPECT_TRUE(recognised());
  EXPECT_THAT(fields,
              IsSupersetOf({Pair("event.module", "goflow2"), Pair("event.action", "network_flow"),
                            Pair("event.type", "[connection, start]"),
                            Pair("@timestamp", "2026-03-01T10:01:00.000000001Z"),
                            Pair("event.start", "2026-03-01T10:00:00.250000001Z"),
                            Pair("event.duration", "1500000000"), Pair("source.ip", "10.1.2.3"),
                            Pair("source.port", "50111"), Pair("source.bytes", "360"),
                            Pair("source.packets", "5"), Pair("destination.port", "443"),
                            Pair("network.bytes", "360"), Pair("network.transport", "tcp"),
                            Pair("network.type", "ipv4"), Pair("observer.ip", "192.0.2.1")}));
  EXPECT_EQ(fields.count("destination.bytes"), 0u);
  EXPECT_EQ(fields.count("sequitur.flags"), 0u);
  EXPECT_EQ(event().time, 1772359200250000001);
  EXPECT_EQ(event().claim.role, event::HostClaim::Role::kSensor);
  EXPECT_EQ(event().claim.name, "");
}

std::string Record(absl::string_view rest) {
  return absl::StrCat(R"({"type":"IPFIX","time_received_ns":1772359200250000001,)",
                      R"("src_addr":"198.51.100.9","dst_addr":"10.1.2.3",)", rest, "}");
}

TEST_F(Goflow2Test, TheAnsweringSideBecomesTheDestination) {
  const FieldMap fields = Decode(Record(
      R"("proto":"TCP","src_port":443,"dst_port":50111,"bytes":9,"packets":4,"tcp_flags":27)"));
  EXPECT_THAT(fields,
              IsSupersetOf({Pair("source.ip", "10.1.2.3"), Pair("source.port", "50111"),
                            Pair("destination.bytes", "9"), Pair("event.outcome", "success"),
                            Pair("sequitur.flags", "[direction_guessed]")}));
}

TEST_F(Goflow2Test, WithoutAStartTheTimeOfReceiptStands) {
  Decode(Record(R"("proto":"UDP","time_flow_start_ns":0,"time_flow_end_ns":0)"));
  EXPECT_EQ(event().time, 1772359200250000001);
  Decode(Record(R"("proto":"UDP")"));
  EXPECT_EQ(event().time, 1772359200250000001);
}

TEST_F(Goflow2Test, SampledFlowsSaySo) {
  EXPECT_EQ(Field(Record(R"("proto":"TCP","tcp_flags":2,"sampling_rate":100)"), "sequitur.flags"),
            "[sampled]");
  EXPECT_EQ(Field(R"({"type":"SFLOW_5","time_received_ns":1772359200250000001,"tcp_flags":2,
                      "src_addr":"10.1.2.3","dst_addr":"10.1.2.4","proto":"TCP"})",
                  "sequitur.flags"),
            "[sampled]");
}

TEST_F(Goflow2Test, VersionOneIsReadToo) {
  const FieldMap fields = Decode(
      R"({"Type":"NETFLOW_V5","TimeReceived":1772359260,"SamplerAddress":"192.0.2.1",
          "TimeFlowStart":1772359200,"TimeFlowEnd":1772359201,"Bytes":360,"Packets":5,
          "SrcAddr":"10.1.2.3","DstAddr":"198.51.100.9","Etype":2048,"Proto":6,"SrcPort":50111,
          "DstPort":443,"TCPFlags":2})");
  EXPECT_THAT(fields, IsSupersetOf({Pair("event.start", "2026-03-01T10:00:00.000Z"),
                                    Pair("network.transport", "tcp"), Pair("source.port", "50111"),
                                    Pair("observer.ip", "192.0.2.1")}));
}

TEST_F(Goflow2Test, FramesWithoutAddressesAreNotEvents) {
  EXPECT_EQ(Result(R"({"type":"SFLOW_5","time_received_ns":1,"src_addr":"","dst_addr":"",
                       "etype":"ARP"})"),
            "not_an_event");
}

TEST_F(Goflow2Test, DamageHasItsReason) {
  EXPECT_EQ(Result(R"({"time_received_ns":1,"src_addr":"x","dst_addr":"10.0.0.1"})"),
            "malformed_line");
  EXPECT_EQ(Result(R"({"time_received_ns":"x","src_addr":"10.0.0.2","dst_addr":"10.0.0.1"})"),
            "bad_timestamp");
  EXPECT_EQ(Result(R"({"src_addr":"10.0.0.2","dst_addr":"10.0.0.1"})"), "not_recognised");
}

TEST_F(Goflow2Test, IdentityTellsRepeatsFromOtherFacts) {
  Decode(Record(R"("proto":"UDP","src_port":1,"dst_port":2,"sequence_num":5)"));
  const uint64_t identity = event().identity;
  Decode(Record(R"("proto":"UDP","src_port":1,"dst_port":2,"sequence_num":5)"));
  EXPECT_EQ(event().identity, identity);
  Decode(Record(R"("proto":"UDP","src_port":1,"dst_port":3,"sequence_num":5)"));
  EXPECT_NE(event().identity, identity);
}

}  // namespace
}  // namespace sequitur::decode
