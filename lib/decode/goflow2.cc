#include "decode/goflow2.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "decode/flow_fields.h"

namespace sequitur::decode {

using event::Event;
using event::TimeNs;
using event::Value;
namespace field = event::field;

Goflow2::Goflow2(JsonPaths& paths, const event::Projection&) {
  const auto add = [&](absl::string_view now, absl::string_view before) {
    return Paths{paths.Add(now), paths.Add(before)};
  };
  type_ = add("type", "Type");
  time_received_ = add("time_received_ns", "TimeReceived");
  time_flow_start_ = add("time_flow_start_ns", "TimeFlowStart");
  time_flow_end_ = add("time_flow_end_ns", "TimeFlowEnd");
  sampler_ = add("sampler_address", "SamplerAddress");
  sampling_rate_ = add("sampling_rate", "SamplingRate");
  sequence_ = add("sequence_num", "SequenceNum");
  src_addr_ = add("src_addr", "SrcAddr");
  dst_addr_ = add("dst_addr", "DstAddr");
  src_port_ = add("src_port", "SrcPort");
  dst_port_ = add("dst_port", "DstPort");
  proto_ = add("proto", "Proto");
  tcp_flags_ = add("tcp_flags", "TCPFlags");
  icmp_type_ = add("icmp_type", "IcmpType");
  bytes_ = add("bytes", "Bytes");
  packets_ = add("packets", "Packets");
}

const Value& Goflow2::Get(const Paths& paths, const JsonCaptures& found) {
  const Value& now = found.Get(paths.now);
  return now.is_null() ? found.Get(paths.before) : now;
}

bool Goflow2::Recognises(const JsonCaptures& found) const {
  return !Get(time_received_, found).is_null() && Get(src_addr_, found).is_string() &&
         Get(dst_addr_, found).is_string();
}

namespace {

// Zero stands for "the exporter did not say".
std::optional<TimeNs> ReadTime(FlowClock& clock, const Value& value) {
  const auto time = clock.Read(value);
  return time == 0 ? event::kNoTime : time;
}

}  // namespace

DecodeResult Goflow2::Decode(const JsonCaptures& found, const LineContext& lines, Event& event,
                             EmitEvent emit) const {
  if (!Recognises(found)) return DecodeResult::kNotRecognised;
  Arena& arena = event.arena();
  Flow flow;
  flow.module = "goflow2";
  flow.dataset = "goflow2.flow";
  flow.initiator.address = Get(src_addr_, found).text();
  flow.responder.address = Get(dst_addr_, found).text();
  // A frame without addresses (ARP, LLDP) is no flow.
  if (flow.initiator.address.empty() && flow.responder.address.empty()) {
    return DecodeResult::kNotAnEvent;
  }
  FlowClock clock(lines);
  const auto received = ReadTime(clock, Get(time_received_, found));
  const auto start = ReadTime(clock, Get(time_flow_start_, found));
  const auto end = ReadTime(clock, Get(time_flow_end_, found));
  if (!received || !start || !end) return DecodeResult::kBadTimestamp;
  flow.stamp = *received;
  flow.start = *start != event::kNoTime ? *start : *received;
  flow.end = *end;
  flow.transport = FlowText(Get(proto_, found), arena);
  flow.initiator.port = FlowCount(Get(src_port_, found));
  flow.responder.port = FlowCount(Get(dst_port_, found));
  flow.initiator.bytes = FlowCount(Get(bytes_, found));
  flow.initiator.packets = FlowCount(Get(packets_, found));
  ReadOneWay({FlowCount(Get(tcp_flags_, found)), FlowCount(Get(icmp_type_, found))}, flow);

  const DecodeResult result = FillFlow(flow, event);
  if (result != DecodeResult::kDecoded) return result;
  SetSensor(Get(sampler_, found).text(), event);
  if (absl::StartsWithIgnoreCase(Get(type_, found).text(), "sflow") ||
      FlowCount(Get(sampling_rate_, found)).value_or(1) > 1) {
    event.Append(field::kSequiturFlags, Value::String("sampled"));
  }
  const auto text = [&](const Paths& paths) { return FlowText(Get(paths, found), arena); };
  event.identity = IdentityOf({"goflow2", text(sampler_), text(sequence_), text(src_addr_),
                               text(dst_addr_), text(src_port_), text(dst_port_), text(proto_),
                               absl::AlphaNum(flow.start).Piece(), text(bytes_), text(packets_)});
  emit(event);
  return DecodeResult::kDecoded;
}

}  // namespace sequitur::decode
