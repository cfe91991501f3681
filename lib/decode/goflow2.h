#pragma once

// goflow2's JSON: NetFlow, IPFIX and sFlow records as a collector writes them,
// one direction of a conversation each. Version 1 wrote the same fields in
// PascalCase and times in seconds; both are read.
// Format: https://github.com/netsampler/goflow2 (README, "Output format considerations")
//
// An exporter that samples (sFlow always does) reports what happened, but its
// silence proves nothing: such events carry the flag "sampled".
//
// Threads:  const once built.

#include "decode/json_reader.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

class Goflow2 {
 public:
  Goflow2(JsonPaths& paths, const event::Projection& projection);

  bool Recognises(const JsonCaptures& found) const;
  // Calls emit once for a record that has addresses.
  DecodeResult Decode(const JsonCaptures& found, const LineContext& lines, event::Event& event,
                      EmitEvent emit) const;

 private:
  // A field's path in versions 2 and 1.
  struct Paths {
    PathId now;
    PathId before;
  };

  static const event::Value& Get(const Paths& paths, const JsonCaptures& found);

  Paths type_, time_received_, time_flow_start_, time_flow_end_, sampler_, sampling_rate_;
  Paths sequence_, src_addr_, dst_addr_, src_port_, dst_port_, proto_, tcp_flags_, icmp_type_;
  Paths bytes_, packets_;
};

}  // namespace sequitur::decode
