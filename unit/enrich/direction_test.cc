#include "enrich/direction.h"

#include <algorithm>
#include <string>
#include <vector>

#include "enrich/event_builder.h"
#include "gtest/gtest.h"

namespace sequitur::enrich {
namespace {

namespace field = event::field;

class DirectionTest : public ::testing::Test {
 protected:
  DirectionTest() : event_(AllFields()) {
    options_.own_ranges = {*event::CidrBlock::Parse("8.8.0.0/16")};
    options_.egress_proxies = {{*event::CidrBlock::Parse("10.9.9.9"), 3128}};
  }

  EventBuilder Flow(absl::string_view source, absl::string_view destination) {
    EventBuilder event(event_, "network", "network_flow", 0);
    event.Text(field::kSourceIp, source).Text(field::kDestinationIp, destination);
    event_.claim.role = event::HostClaim::Role::kSensor;
    return event;
  }
  std::string Judge() {
    Direction(options_).Enrich(event_);
    return std::string(event_.Text(field::kNetworkDirection));
  }

  event::Event event_;
  DirectionOptions options_;
};

TEST_F(DirectionTest, IsEgressOnlyToWhatIsOutside) {
  const struct {
    absl::string_view destination, direction;
  } kCases[] = {
      {"1.1.1.1", "egress"},
      {"198.51.100.9", "egress"},  // documentation: test data's attacker
      {"::ffff:1.1.1.1", "egress"},
      {"::ffff:10.1.1.1", "internal"},
      {"64:ff9b::1.1.1.1", "egress"},
      {"64:ff9b::10.0.0.1", "internal"},
      {"2002:0a00:0001::1", "internal"},
      {"2002:0101:0101::1", "egress"},
      {"2606:4700::1", "egress"},
      {"fe80::1%en0", "internal"},
      {"fd00::1", "internal"},
      {"::1", "internal"},
      {"::", "internal"},
      {"127.0.0.1", "internal"},
      {"10.0.0.1", "internal"},
      {"172.31.255.255", "internal"},
      {"172.32.0.1", "egress"},
      {"100.64.0.1", "internal"},
      {"100.128.0.1", "egress"},
      {"169.254.169.254", "internal"},
      {"198.18.0.1", "internal"},
      {"192.18.0.1", "egress"},
      {"224.0.0.251", "internal"},
      {"255.255.255.255", "internal"},
      {"ff02::fb", "internal"},
      {"8.8.8.8", "internal"},  // our own range
      {"not an address", "unknown"},
      {"", "unknown"},
  };
  for (const auto& each : kCases) {
    Flow("10.0.0.5", each.destination);
    EXPECT_EQ(Judge(), each.direction) << each.destination;
  }
}

TEST_F(DirectionTest, KnowsEveryBlockUpToItsEdges) {
  const std::vector<event::CidrBlock> blocks = DirectionOptions::DefaultRanges();
  for (const event::CidrBlock& edge : blocks) {
    if (!edge.network().is_v4()) continue;
    const auto first = static_cast<uint32_t>(edge.network().bits());
    const uint32_t after = first + (uint32_t{1} << (32 - edge.prefix()));
    for (const uint32_t bits : {first - 1, first, after - 1, after}) {
      const auto address = event::IpAddress::V4(bits);
      const bool inside =
          std::any_of(blocks.begin(), blocks.end(),
                      [&](const event::CidrBlock& block) { return block.Contains(address); });
      Flow("10.0.0.5", address.ToString());
      EXPECT_EQ(Judge(), inside ? "internal" : "egress") << address.ToString();
    }
  }
}

TEST_F(DirectionTest, DoesNotBelieveASensorThatSaysEgress) {
  Flow("10.0.0.5", "127.0.0.1").Text(field::kNetworkDirection, "egress");
  EXPECT_EQ(Judge(), "internal");
  Flow("10.0.0.5", "").Text(field::kNetworkDirection, "outbound");
  EXPECT_EQ(Judge(), "unknown");
}

TEST_F(DirectionTest, BelievesASensorThatSaysIngress) {
  Flow("10.0.0.5", "1.1.1.1").Text(field::kNetworkDirection, "inbound");
  EXPECT_EQ(Judge(), "ingress");
  Flow("10.0.0.5", "1.1.1.1").Text(field::kNetworkDirection, "Ingress");
  EXPECT_EQ(Judge(), "ingress");
}

TEST_F(DirectionTest, IsIngressWhereTheHostResponds) {
  Flow("1.1.1.1", "10.0.0.5");
  EXPECT_EQ(Judge(), "ingress");
  Flow("1.1.1.1", "9.9.9.9").Words(field::kHostIp, {"10.0.0.5", "9.9.9.9"});
  EXPECT_EQ(Judge(), "ingress");
  Flow("10.0.0.6", "10.0.0.5").Words(field::kHostIp, {"::ffff:10.0.0.5"});
  EXPECT_EQ(Judge(), "ingress");
}

TEST_F(DirectionTest, IsExternalBetweenStrangers) {
  Flow("1.1.1.1", "9.9.9.9");
  EXPECT_EQ(Judge(), "external");
  Flow("1.1.1.1", "9.9.9.9").Words(field::kHostIp, {"1.1.1.1"});
  EXPECT_EQ(Judge(), "egress");
  // A host's own sensor says what its processes do, whatever its address.
  Flow("1.1.1.1", "9.9.9.9").Pid(7);
  EXPECT_EQ(Judge(), "egress");
  Flow("", "9.9.9.9");
  EXPECT_EQ(Judge(), "egress");
}

TEST_F(DirectionTest, AProxyIsTheWayOut) {
  Flow("10.0.0.5", "10.9.9.9").Int(field::kDestinationPort, 3128);
  EXPECT_EQ(Judge(), "egress");
  Flow("10.0.0.5", "10.9.9.9").Int(field::kDestinationPort, 22);
  EXPECT_EQ(Judge(), "internal");
}

TEST_F(DirectionTest, TheRangesAreTheSites) {
  for (const auto& block : DirectionOptions::DocumentationRanges()) {
    options_.not_egress.push_back(block);
  }
  Flow("10.0.0.5", "203.0.113.4");
  EXPECT_EQ(Judge(), "internal");
  options_.not_egress.clear();
  Flow("10.0.0.5", "127.0.0.1").Pid(1);
  EXPECT_EQ(Judge(), "egress");
}

TEST_F(DirectionTest, FlagsTheMetadataService) {
  Flow("10.0.0.5", "169.254.169.254");
  Judge();
  Judge();
  EXPECT_EQ(event_.Get(field::kSequiturFlags).ToString(), "[cloud_metadata]");
}

}  // namespace
}  // namespace sequitur::enrich
