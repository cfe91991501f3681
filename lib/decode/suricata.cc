#include "decode/suricata.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sequitur::decode {

using event::Event;
using event::TimeNs;
using event::Value;
namespace field = event::field;

Suricata::Place Suricata::AddPlace(JsonPaths& paths, absl::string_view prefix,
                                   const event::Projection& projection) {
  const auto add = [&](absl::string_view path) { return paths.Add(absl::StrCat(prefix, path)); };
  Place p;
  p.timestamp = add("timestamp");
  p.event_type = add("event_type");
  p.flow_id = add("flow_id");
  p.tx_id = add("tx_id");
  p.direction = add("direction");
  p.host = add("host");
  p.community_id = add("community_id");
  p.src_ip = add("src_ip");
  p.src_port = add("src_port");
  p.dest_ip = add("dest_ip");
  p.dest_port = add("dest_port");
  p.proto = add("proto");
  p.app_proto = add("app_proto");
  p.icmp_type = add("icmp_type");
  p.flow_start = add("flow.start");
  p.flow_end = add("flow.end");
  p.flow_state = add("flow.state");
  p.flow_src_ip = add("flow.src_ip");
  p.flow_src_port = add("flow.src_port");
  p.flow_dest_ip = add("flow.dest_ip");
  p.flow_dest_port = add("flow.dest_port");
  p.packets_to_server = add("flow.pkts_toserver");
  p.packets_to_client = add("flow.pkts_toclient");
  p.bytes_to_server = add("flow.bytes_toserver");
  p.bytes_to_client = add("flow.bytes_toclient");
  p.netflow_packets = add("netflow.pkts");
  p.netflow_bytes = add("netflow.bytes");
  p.netflow_start = add("netflow.start");
  p.netflow_end = add("netflow.end");
  p.tcp_flags = add("tcp.tcp_flags");
  p.tcp_flags_to_server = add("tcp.tcp_flags_ts");
  p.tcp_flags_to_client = add("tcp.tcp_flags_tc");
  p.tcp_state = add("tcp.state");
  p.dns_type = add("dns.type");
  p.dns_name = add("dns.rrname");
  p.dns_query_name = add("dns.queries.rrname");
  p.tls_sni = add("tls.sni");
  p.http_host = add("http.hostname");
  p.http_url = add("http.url");
  p.http_user_agent = add("http.http_user_agent");
  p.http_method = add("http.http_method");
  p.http_status = add("http.status");
  p.stats_uptime = add("stats.uptime");
  for (const OwnField& own : OwnFields(projection, "suricata.eve.")) {
    p.own.emplace_back(own.id, add(own.rest));
  }
  return p;
}

namespace {

enum class Kind { kFlow, kNetflow, kHttp, kTls, kDns, kSsh, kAlert };

struct KindNames {
  absl::string_view event_type;
  Kind kind;
  absl::string_view protocol;
};

constexpr KindNames kKinds[] = {
    {"flow", Kind::kFlow, ""},   {"netflow", Kind::kNetflow, ""}, {"http", Kind::kHttp, "http"},
    {"tls", Kind::kTls, "tls"},  {"dns", Kind::kDns, "dns"},      {"ssh", Kind::kSsh, "ssh"},
    {"alert", Kind::kAlert, ""},
};

const KindNames* FindKind(absl::string_view event_type) {
  for (const KindNames& kind : kKinds) {
    if (kind.event_type == event_type) return &kind;
  }
  return nullptr;
}

// TCP flags are written in hexadecimal: "1b".
std::optional<int64_t> TcpFlags(const Value& value) {
  uint32_t flags = 0;
  if (!absl::SimpleHexAtoi(value.text(), &flags)) return std::nullopt;
  return flags;
}

bool HasFlags(std::optional<int64_t> flags, int64_t wanted) {
  return flags && (*flags & wanted) == wanted;
}

// States of TCP from the handshake's completion on; "closed" may as well be refused.
bool IsEstablishedTcpState(absl::string_view state) {
  constexpr absl::string_view kStates[] = {"established", "fin_wait1", "fin_wait2", "time_wait",
                                           "last_ack",    "closing",   "close_wait"};
  return std::find(std::begin(kStates), std::end(kStates), state) != std::end(kStates);
}

bool IsKnownProtocol(absl::string_view app_proto) {
  return !app_proto.empty() && app_proto != "failed" && app_proto != "unknown";
}

}  // namespace

class Suricata::Reading {
 public:
  Reading(const Place& place, const JsonCaptures& found, const LineContext& lines, Event& event)
      : p_(place), found_(found), clock_(lines), event_(event) {}

  DecodeResult Read() {
    const KindNames* kind = FindKind(found_.Text(p_.event_type));
    if (kind == nullptr || !found_.Has(p_.src_ip)) return DecodeResult::kNotAnEvent;
    flow_.module = "suricata";
    flow_.dataset = "suricata.eve";
    flow_.transport = found_.Text(p_.proto);
    flow_.protocol = Protocol(*kind);
    ReadEnds();
    if (!ReadTimes(*kind)) return DecodeResult::kBadTimestamp;
    ReadKind(kind->kind);
    const DecodeResult result = FillFlow(flow_, event_);
    if (result != DecodeResult::kDecoded) return result;
    SetFields(kind->kind);
    event_.identity = Identify(kind->kind);
    return DecodeResult::kDecoded;
  }

 private:
  absl::string_view Protocol(const KindNames& kind) const {
    const absl::string_view app = found_.Text(p_.app_proto);
    return IsKnownProtocol(app) ? app : kind.protocol;
  }

  void ReadEnds() {
    flow_.initiator.address = found_.Text(p_.src_ip);
    flow_.initiator.port = FlowCount(found_.Get(p_.src_port));
    flow_.responder.address = found_.Text(p_.dest_ip);
    flow_.responder.port = FlowCount(found_.Get(p_.dest_port));
  }

  bool ReadTimes(const KindNames& kind) {
    const bool netflow = kind.kind == Kind::kNetflow;
    const auto stamp = clock_.Read(found_.Get(p_.timestamp));
    const auto start = clock_.Read(found_.Get(netflow ? p_.netflow_start : p_.flow_start));
    const auto end = clock_.Read(found_.Get(netflow ? p_.netflow_end : p_.flow_end));
    if (!stamp || !start || !end) return false;
    flow_.stamp = *stamp;
    flow_.start = *start;
    flow_.end = *end;
    return true;
  }

  void ReadKind(Kind kind) {
    switch (kind) {
      case Kind::kFlow:
        return ReadFlow();
      case Kind::kNetflow:
        return ReadNetflow();
      default:
        return ReadEarly(kind);
    }
  }

  // Counts by direction of the flow, whatever direction the record has.
  void ReadCounts() {
    flow_.initiator.bytes = FlowCount(found_.Get(p_.bytes_to_server));
    flow_.initiator.packets = FlowCount(found_.Get(p_.packets_to_server));
    flow_.responder.bytes = FlowCount(found_.Get(p_.bytes_to_client));
    flow_.responder.packets = FlowCount(found_.Get(p_.packets_to_client));
  }

  void ReadFlow() {
    ReadCounts();
    flow_.seen_start = true;
    flow_.seen_end = found_.Text(p_.flow_state) == "closed";
    flow_.established = IsEstablished();
  }

  bool IsEstablished() const {
    const absl::string_view state = found_.Text(p_.flow_state);
    if (state == "established" || state == "bypassed") return true;
    if (!IsTcp(flow_.transport) || state != "closed") return false;
    // A refused connection is closed too: ask what the two sides sent.
    if (IsEstablishedTcpState(found_.Text(p_.tcp_state))) return true;
    const auto to_server = TcpFlags(found_.Get(p_.tcp_flags_to_server));
    const auto to_client = TcpFlags(found_.Get(p_.tcp_flags_to_client));
    if (to_server && to_client) {
      return HasFlags(to_server, kTcpAck) && HasFlags(to_client, kTcpSyn | kTcpAck);
    }
    return IsKnownProtocol(found_.Text(p_.app_proto));
  }

  void ReadNetflow() {
    flow_.initiator.bytes = FlowCount(found_.Get(p_.netflow_bytes));
    flow_.initiator.packets = FlowCount(found_.Get(p_.netflow_packets));
    OneWayHints hints;
    hints.tcp_flags = TcpFlags(found_.Get(p_.tcp_flags));
    hints.icmp_type = FlowCount(found_.Get(p_.icmp_type));
    ReadOneWay(hints, flow_);
  }

  void ReadEarly(Kind kind) {
    flow_.report = Flow::Report::kEarly;
    flow_.seen_start = true;
    flow_.established = kind == Kind::kHttp || kind == Kind::kTls || kind == Kind::kSsh;
    Orient(kind);
    ReadCounts();
  }

  // Alerts and DNS answers are written in the direction of their packet, the
  // others in the flow's.
  void Orient(Kind kind) {
    if (found_.Has(p_.flow_src_ip) && found_.Has(p_.flow_dest_ip)) {
      flow_.initiator.address = found_.Text(p_.flow_src_ip);
      flow_.initiator.port = FlowCount(found_.Get(p_.flow_src_port));
      flow_.responder.address = found_.Text(p_.flow_dest_ip);
      flow_.responder.port = FlowCount(found_.Get(p_.flow_dest_port));
      return;
    }
    if (kind == Kind::kAlert) {
      const absl::string_view direction = found_.Text(p_.direction);
      if (direction == "to_client") SwapEnds(flow_);
      if (direction.empty()) OrientByPorts(flow_);
      return;
    }
    constexpr int64_t kReserved = 1024;
    const bool from_server = flow_.initiator.port.value_or(kReserved) < kReserved &&
                             flow_.responder.port.value_or(0) >= kReserved;
    const absl::string_view dns_type = found_.Text(p_.dns_type);
    const bool answer = dns_type == "answer" || dns_type == "response";
    if (!from_server) return;
    // A flow picked up in the middle may be the wrong way round.
    if (!answer) flow_.direction_guessed = true;
    SwapEnds(flow_);
  }

  void SetFields(Kind kind) {
    Arena& arena = event_.arena();
    event_.SetString(field::kSuricataFlowId, FlowText(found_.Get(p_.flow_id), arena));
    event_.SetString(field::kSuricataFlowState, found_.Text(p_.flow_state));
    event_.SetString(field::kNetworkCommunityId, found_.Text(p_.community_id));
    if (kind == Kind::kDns) SetDnsName();
    event_.SetString(field::kDestinationDomain, absl::StripSuffix(found_.Text(p_.tls_sni), "."));
    event_.SetString(field::kDestinationDomain, found_.Text(p_.http_host));
    event_.SetString(field::kUrlDomain, found_.Text(p_.http_host));
    event_.SetString(field::kUrlOriginal, found_.Text(p_.http_url));
    event_.SetString(field::kUserAgentOriginal, found_.Text(p_.http_user_agent));
    event_.SetString(field::kHttpRequestMethod, found_.Text(p_.http_method));
    const auto status = FlowCount(found_.Get(p_.http_status));
    if (status) event_.SetInt(field::kHttpResponseStatusCode, *status);
    for (const auto& [id, path] : p_.own) event_.Set(id, found_.Get(path));
    SetSensor(found_.Text(p_.host), event_);
    if (clock_.assumed_zone()) {
      event_.Append(field::kSequiturFlags, Value::String("time_assumed_utc"));
    }
  }

  void SetDnsName() {
    const absl::string_view name = found_.Text(p_.dns_name);
    event_.SetString(field::kDnsQuestionName, name.empty() ? found_.Text(p_.dns_query_name) : name);
  }

  // A flow has one record; a netflow one a direction; the others as many as
  // there are transactions or alerts.
  uint64_t Identify(Kind kind) {
    Arena& arena = event_.arena();
    const auto text = [&](PathId id) { return FlowText(found_.Get(id), arena); };
    const absl::AlphaNum start(flow_.start);
    const absl::AlphaNum stamp(kind == Kind::kFlow ? 0 : flow_.stamp);
    return IdentityOf({"suricata", found_.Text(p_.event_type), text(p_.flow_id), start.Piece(),
                       stamp.Piece(), found_.Text(p_.src_ip), text(p_.src_port),
                       found_.Text(p_.dest_ip), text(p_.dest_port), text(p_.tx_id)});
  }

  const Place& p_;
  const JsonCaptures& found_;
  FlowClock clock_;
  Event& event_;
  Flow flow_;
};

Suricata::Suricata(JsonPaths& paths, const event::Projection& projection) {
  for (absl::string_view prefix : {"", "json.", "suricata.eve."}) {
    places_.push_back(AddPlace(paths, prefix, projection));
  }
}

bool Suricata::IsRecord(const Place& place, const JsonCaptures& found) {
  return found.Get(place.event_type).is_string() && found.Has(place.timestamp) &&
         ((found.Has(place.src_ip) && found.Has(place.dest_ip)) || found.Has(place.stats_uptime));
}

const Suricata::Place* Suricata::Find(const JsonCaptures& found) const {
  for (const Place& place : places_) {
    if (IsRecord(place, found)) return &place;
  }
  return nullptr;
}

bool Suricata::Recognises(const JsonCaptures& found) const { return Find(found) != nullptr; }

DecodeResult Suricata::Decode(const JsonCaptures& found, const LineContext& lines, Event& event,
                              EmitEvent emit) const {
  const Place* place = Find(found);
  if (place == nullptr) return DecodeResult::kNotRecognised;
  const DecodeResult result = Reading(*place, found, lines, event).Read();
  if (result == DecodeResult::kDecoded) emit(event);
  return result;
}

}  // namespace sequitur::decode
