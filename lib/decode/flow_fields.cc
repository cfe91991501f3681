#include "decode/flow_fields.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "event/ip_address.h"

namespace sequitur::decode {

using event::Event;
using event::FieldId;
using event::IpAddress;
using event::TimeNs;
using event::Value;
namespace field = event::field;

namespace {

struct Transport {
  absl::string_view number;
  absl::string_view name;
};

// IANA protocol numbers a flow sensor meets; the rest stay as they came.
constexpr Transport kTransports[] = {
    {"1", "icmp"}, {"2", "igmp"}, {"6", "tcp"},        {"17", "udp"},      {"33", "dccp"},
    {"47", "gre"}, {"50", "esp"}, {"58", "ipv6-icmp"}, {"89", "ospf"},     {"132", "sctp"},
    {"51", "ah"},  {"4", "ipv4"}, {"41", "ipv6"},      {"136", "udplite"},
};

absl::string_view Lower(absl::string_view text, Arena& arena) {
  if (std::none_of(text.begin(), text.end(), absl::ascii_isupper)) return text;
  char* out = arena.Allocate<char>(text.size());
  std::transform(text.begin(), text.end(), out, absl::ascii_tolower);
  return {out, text.size()};
}

bool IsPorted(absl::string_view transport) {
  return transport == "tcp" || transport == "udp" || transport == "sctp";
}

absl::string_view TransportName(absl::string_view text, Arena& arena) {
  for (const Transport& t : kTransports) {
    if (text == t.number || absl::EqualsIgnoreCase(text, t.name)) return t.name;
  }
  if (absl::EqualsIgnoreCase(text, "icmpv6") || absl::EqualsIgnoreCase(text, "icmp6")) {
    return "ipv6-icmp";
  }
  return Lower(text, arena);
}

void SetTransport(absl::string_view name, Event& event) {
  event.SetString(field::kNetworkTransport, name);
  for (const Transport& t : kTransports) {
    if (name == t.name) event.SetString(field::kNetworkIanaNumber, t.number);
  }
}

// "ssl,http" -> a list; Zeek writes "-x" for an analyser that gave up on x.
void SetProtocol(absl::string_view names, Event& event) {
  constexpr size_t kMost = 8;
  Value found[kMost];
  size_t count = 0;
  while (!names.empty() && count < kMost) {
    const size_t comma = std::min(names.find(','), names.size());
    const absl::string_view name = absl::StripAsciiWhitespace(names.substr(0, comma));
    if (!name.empty() && name.front() != '-') {
      found[count++] = Value::String(Lower(name, event.arena()));
    }
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  if (count == 1) event.Set(field::kNetworkProtocol, found[0]);
  if (count < 2) return;
  Value* list = event.arena().Allocate<Value>(count);
  std::copy(found, found + count, list);
  event.Set(field::kNetworkProtocol, Value::List({list, count}));
}

void SetCount(FieldId id, std::optional<int64_t> count, Event& event) {
  if (count) event.SetInt(id, *count);
}

void SetTotal(FieldId id, std::optional<int64_t> a, std::optional<int64_t> b, Event& event) {
  if (a || b) event.SetInt(id, event::AddSaturating(a.value_or(0), b.value_or(0)));
}

void SetPort(FieldId id, std::optional<int64_t> port, absl::string_view transport, Event& event) {
  if (!port || *port > 65535 || IsIcmp(transport)) return;
  if (*port == 0 && !IsPorted(transport)) return;
  event.SetInt(id, *port);
}

struct EndFields {
  FieldId ip, address, port, bytes, packets;
};
constexpr EndFields kSource = {field::kSourceIp, field::kSourceAddress, field::kSourcePort,
                               field::kSourceBytes, field::kSourcePackets};
constexpr EndFields kDestination = {field::kDestinationIp, field::kDestinationAddress,
                                    field::kDestinationPort, field::kDestinationBytes,
                                    field::kDestinationPackets};

// The end's canonical address, or empty when it is none.
absl::string_view SetEnd(const EndFields& fields, const FlowEnd& end, absl::string_view transport,
                         Event& event) {
  const absl::string_view address = NormaliseAddress(end.address, event.arena());
  if (address.empty()) return address;
  event.SetString(fields.ip, address);
  event.SetString(fields.address, address);
  SetPort(fields.port, end.port, transport, event);
  SetCount(fields.bytes, end.bytes, event);
  SetCount(fields.packets, end.packets, event);
  return address;
}

void SetKind(const Flow& flow, Event& event) {
  static constexpr Value kTypes[] = {Value::String("connection"), Value::String("start"),
                                     Value::String("end")};
  static constexpr Value kEnded[] = {Value::String("connection"), Value::String("end")};
  const bool early = flow.report == Flow::Report::kEarly;
  event.Set(field::kEventCategory, Value::String("network"));
  event.Set(field::kEventKind, Value::String("event"));
  event.Set(field::kEventAction, Value::String(early ? "network_early" : "network_flow"));
  event.SetString(field::kEventModule, flow.module);
  event.SetString(field::kEventDataset, flow.dataset);
  if (flow.established) event.Set(field::kEventOutcome, Value::String("success"));
  if (flow.seen_end && !flow.seen_start) {
    event.Set(field::kEventType, Value::List(kEnded));
  } else if (flow.seen_start) {
    event.Set(field::kEventType, Value::List({kTypes, flow.seen_end ? size_t{3} : size_t{2}}));
  } else {
    event.Set(field::kEventType, kTypes[0]);
  }
  if (flow.direction_guessed) {
    event.Append(field::kSequiturFlags, Value::String("direction_guessed"));
  }
}

bool SetTimes(const Flow& flow, Event& event) {
  event.time = flow.start != event::kNoTime ? flow.start : flow.stamp;
  if (event.time == event::kNoTime) return false;
  SetTime(field::kTimestamp, flow.stamp != event::kNoTime ? flow.stamp : flow.start, event);
  SetTime(field::kEventStart, flow.start, event);
  std::optional<TimeNs> duration = flow.duration;
  TimeNs end = flow.end;
  if (flow.start != event::kNoTime) {
    if (!duration && end != event::kNoTime && end >= flow.start) duration = end - flow.start;
    if (duration && end == event::kNoTime) end = event::AddSaturating(flow.start, *duration);
  }
  SetTime(field::kEventEnd, end, event);
  SetCount(field::kEventDuration, duration, event);
  return true;
}

}  // namespace

bool IsIcmp(absl::string_view transport) {
  return transport == "1" || transport == "58" || absl::StartsWithIgnoreCase(transport, "icmp") ||
         absl::EqualsIgnoreCase(transport, "ipv6-icmp");
}

bool IsTcp(absl::string_view transport) {
  return transport == "6" || absl::EqualsIgnoreCase(transport, "tcp");
}

DecodeResult FillFlow(const Flow& flow, Event& event) {
  const absl::string_view transport = TransportName(flow.transport, event.arena());
  const absl::string_view source = SetEnd(kSource, flow.initiator, transport, event);
  const absl::string_view destination = SetEnd(kDestination, flow.responder, transport, event);
  if (source.empty() || destination.empty()) return DecodeResult::kMalformedLine;
  if (!SetTimes(flow, event)) return DecodeResult::kNoTimestamp;
  SetKind(flow, event);
  SetTransport(transport, event);
  SetProtocol(flow.protocol, event);
  const bool v6 = source.find(':') != source.npos;
  event.Set(field::kNetworkType, Value::String(v6 ? "ipv6" : "ipv4"));
  SetTotal(field::kNetworkBytes, flow.initiator.bytes, flow.responder.bytes, event);
  SetTotal(field::kNetworkPackets, flow.initiator.packets, flow.responder.packets, event);
  return DecodeResult::kDecoded;
}

void SwapEnds(Flow& flow) { std::swap(flow.initiator, flow.responder); }

void OrientByPorts(Flow& flow) {
  flow.direction_guessed = true;
  if (flow.initiator.port && flow.responder.port && *flow.initiator.port < *flow.responder.port) {
    SwapEnds(flow);
  }
}

namespace {

// REQUIRES: `flags` are those of TCP.
void OrientByFlags(int64_t flags, Flow& flow) {
  const bool syn = (flags & kTcpSyn) != 0;
  const bool ack = (flags & kTcpAck) != 0;
  if (syn && !ack) return;
  // The flags of several packets are ORed, and then both sides of every
  // connection show SYN and ACK; only in a single packet are they an answer.
  if (syn && flow.initiator.packets == 1) return SwapEnds(flow);
  OrientByPorts(flow);
}

}  // namespace

void ReadOneWay(const OneWayHints& hints, Flow& flow) {
  if (IsIcmp(flow.transport)) {
    flow.seen_start = true;
    // Echo replies answer; everything else is a message of its own.
    if (hints.icmp_type == 0 || hints.icmp_type == 129) SwapEnds(flow);
  } else if (IsTcp(flow.transport)) {
    const int64_t flags = hints.tcp_flags.value_or(0);
    flow.seen_start = (flags & kTcpSyn) != 0;
    flow.seen_end = (flags & (kTcpFin | kTcpRst)) != 0;
    // Payload or an orderly end: a refused attempt has neither.
    flow.established = (flags & kTcpAck) != 0 && (flags & (kTcpPush | kTcpFin)) != 0;
    OrientByFlags(flags, flow);
  } else {
    flow.seen_start = true;
    OrientByPorts(flow);
  }
}

absl::string_view NormaliseAddress(absl::string_view text, Arena& arena) {
  const auto address = IpAddress::Parse(text);
  if (!address) return {};
  IpAddress::TextBuffer buffer;
  const absl::string_view canonical = address->Format(buffer);
  return canonical == text ? text : arena.Copy(canonical);
}

void SetSensor(absl::string_view name, Event& event) {
  event.claim.role = event::HostClaim::Role::kSensor;
  if (name.empty() || name == "-") return;
  const absl::string_view address = NormaliseAddress(name, event.arena());
  if (!address.empty()) {
    event.SetString(field::kObserverIp, address);
    return;
  }
  event.claim.name = name;
  event.SetString(field::kObserverName, name);
}

namespace {

// The unit follows from the size: 1e11 s is the year 5138, 1e11 ms is 1973.
std::optional<TimeNs> FromEpochInteger(int64_t n) {
  constexpr int64_t kSize = 100'000'000'000;
  const auto scaled = [n](int64_t unit) -> std::optional<TimeNs> {
    TimeNs out = 0;
    if (__builtin_mul_overflow(n, unit, &out)) return std::nullopt;
    return out;
  };
  const uint64_t size = n < 0 ? 0 - static_cast<uint64_t>(n) : static_cast<uint64_t>(n);
  if (size < kSize) return scaled(event::kSecond);
  if (size < kSize * 1000) return scaled(event::kMillisecond);
  if (size < kSize * 1000'000) return scaled(event::kMicrosecond);
  return n;
}

std::optional<TimeNs> FromEpochDouble(double n) {
  for (int unit = 0; unit < 3 && std::fabs(n) >= 1e11; ++unit) n /= 1000;
  return event::FromEpochSeconds(n);
}

}  // namespace

std::optional<TimeNs> FlowClock::ReadText(absl::string_view text) {
  int64_t integer = 0;
  if (event::ParseInt(text, &integer)) return FromEpochInteger(integer);
  if (const auto time = event::ParseEpochSeconds(text)) return time;
  double number = 0;
  if (event::ParseDouble(text, &number)) return FromEpochDouble(number);
  if (const auto time = event::ParseIso8601(text)) return time;
  const auto time = event::ParseIso8601(text, &lines_.zone);
  assumed_zone_ |= time.has_value() && lines_.zone_is_assumed;
  return time;
}

std::optional<TimeNs> FlowClock::Read(const Value& value) {
  const Value v = value.first();
  switch (v.kind()) {
    case Value::Kind::kNull:
      return event::kNoTime;
    case Value::Kind::kInt:
      return FromEpochInteger(v.int_value());
    case Value::Kind::kDouble:
      return FromEpochDouble(v.double_value());
    case Value::Kind::kString:
      return ReadText(v.string_value());
    default:
      return std::nullopt;
  }
}

std::optional<int64_t> FlowCount(const Value& value) {
  const Value v = value.first();
  int64_t count = -1;
  if (v.kind() == Value::Kind::kInt) count = v.int_value();
  if (v.kind() == Value::Kind::kDouble && v.double_value() >= 0 && v.double_value() < 9e15 &&
      std::floor(v.double_value()) == v.double_value()) {
    count = static_cast<int64_t>(v.double_value());
  }
  if (v.is_string() && !event::ParseInt(v.string_value(), &count)) return std::nullopt;
  if (count < 0) return std::nullopt;
  return count;
}

std::optional<TimeNs> FlowSeconds(const Value& value) {
  const Value v = value.first();
  double seconds = -1;
  if (v.kind() == Value::Kind::kInt) seconds = static_cast<double>(v.int_value());
  if (v.kind() == Value::Kind::kDouble) seconds = v.double_value();
  if (v.is_string() && !event::ParseDouble(v.string_value(), &seconds)) return std::nullopt;
  if (!(seconds >= 0)) return std::nullopt;
  return event::FromEpochSeconds(seconds);
}

absl::string_view FlowText(const Value& value, Arena& arena) {
  const Value v = value.first();
  if (v.kind() == Value::Kind::kInt) return arena.Copy(absl::AlphaNum(v.int_value()).Piece());
  return v.text();
}

std::vector<OwnField> OwnFields(const event::Projection& projection, absl::string_view prefix) {
  std::vector<OwnField> found;
  const event::FieldTable& fields = projection.fields();
  for (FieldId id = field::kKnownFields; id < fields.size(); ++id) {
    absl::string_view path = fields.path(id);
    if (projection.Has(id) && absl::ConsumePrefix(&path, prefix)) found.push_back({id, path});
  }
  return found;
}

void SetTime(FieldId id, TimeNs time, Event& event) {
  if (time == event::kNoTime || !event.Wants(id)) return;
  event.SetString(id, event.arena().Copy(event::FormatIso8601(time)));
}

uint64_t IdentityOf(std::initializer_list<absl::string_view> parts) {
  // FNV-1a; each part is closed by a byte, so that "ab","c" is not "a","bc".
  uint64_t hash = 14695981039346656037u;
  const auto add = [&hash](unsigned char byte) {
    hash ^= byte;
    hash *= 1099511628211u;
  };
  for (absl::string_view part : parts) {
    for (char c : part) add(static_cast<unsigned char>(c));
    add(0xff);
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace sequitur::decode
