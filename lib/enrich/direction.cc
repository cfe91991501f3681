#include "enrich/direction.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/types/span.h"
#include "enrich/process_record.h"

namespace sequitur::enrich {
namespace {

namespace field = event::field;
using event::CidrBlock;
using event::Event;
using event::IpAddress;
using event::Value;

// IANA's special-purpose registries, and what never leaves a network.
constexpr absl::string_view kNotEgress[] = {
    "0.0.0.0/8",      "10.0.0.0/8",      "100.64.0.0/10",   "127.0.0.0/8",     "169.254.0.0/16",
    "172.16.0.0/12",  "192.0.0.0/24",    "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
    "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",   "224.0.0.0/4",     "240.0.0.0/4",
    "::/128",         "::1/128",         "64:ff9b:1::/48",  "100::/64",        "2001::/23",
    "5f00::/16",      "fc00::/7",        "fe80::/10",       "ff00::/8",
};
constexpr absl::string_view kDocumentation[] = {
    "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20",
};

std::vector<CidrBlock> ParseAll(absl::Span<const absl::string_view> texts) {
  std::vector<CidrBlock> out;
  for (const absl::string_view text : texts) {
    if (const auto block = CidrBlock::Parse(text)) out.push_back(*block);
  }
  return out;
}

std::optional<IpAddress> Address(absl::string_view text) {
  const auto parsed = IpAddress::Parse(text);
  return parsed ? std::optional(parsed->EmbeddedV4()) : std::nullopt;
}

bool Contains(const std::vector<CidrBlock>& blocks, const IpAddress& address) {
  return std::any_of(blocks.begin(), blocks.end(),
                     [&](const CidrBlock& block) { return block.Contains(address); });
}

bool Lists(const Value& addresses, const IpAddress& address) {
  const auto elements = addresses.elements();
  return std::any_of(elements.begin(), elements.end(), [&](const Value& v) {
    return v.is_string() && Address(v.string_value()) == address;
  });
}

// The host's own addresses, as the record or the host table give them.
bool IsHosts(const Event& event, const IpAddress& address) {
  return Lists(event.claim.addresses, address) || Lists(event.Get(field::kHostIp), address);
}

int64_t Port(const Value& value) {
  const Value v = value.first();
  int64_t port = 0;
  if (v.kind() == Value::Kind::kInt) return v.int_value();
  return v.is_string() && event::ParseInt(v.string_value(), &port) ? port : 0;
}

}  // namespace

std::vector<CidrBlock> DirectionOptions::DefaultRanges() { return ParseAll(kNotEgress); }
std::vector<CidrBlock> DirectionOptions::DocumentationRanges() { return ParseAll(kDocumentation); }

void Direction::AddFields(event::Projection& projection) {
  if (!projection.Has(field::kNetworkDirection)) return;
  for (const event::FieldId id : {field::kEventCategory, field::kSourceIp, field::kDestinationIp,
                                  field::kDestinationPort, field::kHostIp, field::kProcessPid}) {
    projection.Add(id);
  }
}

void Direction::Enrich(Event& event) const {
  if (!event.Wants(field::kNetworkDirection)) return;
  if (!HasWord(event.Get(field::kEventCategory), "network")) return;
  event.Set(field::kNetworkDirection, Value::String(Judge(event)));
  const absl::string_view destination = event.Text(field::kDestinationIp);
  if (destination != "169.254.169.254" || !event.Wants(field::kSequiturFlags)) return;
  // A cloud's metadata service: no egress, and what stolen credentials come from.
  if (!HasWord(event.Get(field::kSequiturFlags), "cloud_metadata")) {
    event.Append(field::kSequiturFlags, Value::String("cloud_metadata"));
  }
}

absl::string_view Direction::Judge(const Event& event) const {
  const absl::string_view said = event.Text(field::kNetworkDirection);
  if (absl::EqualsIgnoreCase(said, "ingress") || absl::EqualsIgnoreCase(said, "inbound")) {
    return "ingress";
  }
  const auto destination = Address(event.Text(field::kDestinationIp));
  if (!destination) return "unknown";
  const absl::string_view source_text = event.Text(field::kSourceIp);
  const auto source = Address(source_text);
  const bool loops = source && *source == *destination;
  if (!loops && IsHosts(event, *destination)) return "ingress";
  const bool ours = IsOurs(event, source_text);
  if (ours && IsProxy(*destination, event)) return "egress";
  if (!IsOutside(*destination)) return ours ? "internal" : "ingress";
  return ours ? "egress" : "external";
}

// True when the initiator is a host of ours: its own sensor says what it does;
// a network sensor's flow must start at an address of ours.
bool Direction::IsOurs(const Event& event, absl::string_view source_text) const {
  const auto source = Address(source_text);
  if (!source || event.Has(field::kProcessPid)) return true;
  if (!IsOutside(*source) || IsHosts(event, *source)) return true;
  return event.claim.role == event::HostClaim::Role::kSubject && event.claim.addresses.is_null();
}

bool Direction::IsOutside(const IpAddress& address) const {
  return !Contains(options_.not_egress, address) && !Contains(options_.own_ranges, address);
}

bool Direction::IsProxy(const IpAddress& address, const Event& event) const {
  return std::any_of(options_.egress_proxies.begin(), options_.egress_proxies.end(),
                     [&](const DirectionOptions::Proxy& proxy) {
                       const bool port = proxy.port == 0 ||
                                         proxy.port == Port(event.Get(field::kDestinationPort));
                       return port && proxy.block.Contains(address);
                     });
}

}  // namespace sequitur::enrich
