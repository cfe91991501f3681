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

// Which of a flow's two ends are addresses of the host itself, as the record or the
// host table give them.
struct HostsEnds {
  bool source = false;
  bool destination = false;

  void Look(const Value& addresses, const std::optional<IpAddress>& from, const IpAddress& to) {
    for (const Value& v : addresses.elements()) {
      const auto address = v.is_string() ? Address(v.string_value()) : std::nullopt;
      if (!address) continue;
      source = source || (from && *address == *from);
      destination = destination || *address == to;
    }
  }
};

HostsEnds EndsOfHost(const Event& event, const std::optional<IpAddress>& from,
                     const IpAddress& to) {
  HostsEnds out;
  const Value& claimed = event.claim.addresses;
  const Value& listed = event.Get(field::kHostIp);
  out.Look(claimed, from, to);
  // Mostly one list under two names.
  if (listed.elements().data() != claimed.elements().data()) out.Look(listed, from, to);
  return out;
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

Direction::Direction(const DirectionOptions& options) : proxies_(options.egress_proxies) {
  for (const CidrBlock& block : options.not_egress) inside_.Add(block);
  for (const CidrBlock& block : options.own_ranges) inside_.Add(block);
}

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
  const auto source = Address(event.Text(field::kSourceIp));
  const HostsEnds hosts = EndsOfHost(event, source, *destination);
  const bool loops = source && *source == *destination;
  if (!loops && hosts.destination) return "ingress";
  // A host's own sensor says what it does; a network sensor's flow must start at an
  // address of ours.
  const bool ours =
      !source || event.Has(field::kProcessPid) || inside_.Contains(*source) || hosts.source ||
      (event.claim.role == event::HostClaim::Role::kSubject && event.claim.addresses.is_null());
  if (ours && IsProxy(*destination, event)) return "egress";
  if (inside_.Contains(*destination)) return ours ? "internal" : "ingress";
  return ours ? "egress" : "external";
}

void Direction::Ranges::Add(const CidrBlock& block) {
  if (!block.network().is_v4()) return v6_.push_back(block);
  const uint32_t mask = block.prefix() == 0 ? 0 : ~uint32_t{0} << (32 - block.prefix());
  v4_.push_back({static_cast<uint32_t>(block.network().bits()), mask});
}

bool Direction::Ranges::Contains(const IpAddress& address) const {
  if (!address.is_v4()) {
    return std::any_of(v6_.begin(), v6_.end(),
                       [&](const CidrBlock& block) { return block.Contains(address); });
  }
  const auto bits = static_cast<uint32_t>(address.bits());
  bool contains = false;
  for (const V4& block : v4_) contains |= (bits & block.mask) == block.network;
  return contains;
}

bool Direction::IsProxy(const IpAddress& address, const Event& event) const {
  return std::any_of(proxies_.begin(), proxies_.end(), [&](const DirectionOptions::Proxy& proxy) {
    const bool port = proxy.port == 0 || proxy.port == Port(event.Get(field::kDestinationPort));
    return port && proxy.block.Contains(address);
  });
}

}  // namespace sequitur::enrich
