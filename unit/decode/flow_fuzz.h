#pragma once

// What every flow decoder promises whatever the bytes: a decoded event has a
// time, two addresses that parse, an identity, and the sensor's claim.

#include <cstdlib>

#include "decode/json_reader.h"
#include "decode/text_source.h"
#include "event/event.h"
#include "event/ip_address.h"

namespace sequitur::decode {

inline void Require(bool holds) {
  if (!holds) std::abort();
}

inline void CheckFlow(const event::Event& event) {
  Require(event.time != event::kNoTime);
  Require(event.identity != 0);
  Require(event.claim.role == event::HostClaim::Role::kSensor);
  for (event::FieldId id : {event::field::kSourceIp, event::field::kDestinationIp}) {
    const auto address = event::IpAddress::Parse(event.Text(id));
    Require(address.has_value() && address->ToString() == event.Text(id));
  }
  Require(event.Text(event::field::kEventCategory) == "network");
}

// One record of JSON through one decoder: emits once if and only if it says so.
template <typename Source>
void FuzzJsonFlow(absl::string_view json) {
  static const event::FieldTable fields;
  static const event::Projection projection = [] {
    event::Projection all(fields);
    all.AddAllKnown();
    return all;
  }();
  JsonPaths paths;
  const Source source(paths, projection);
  event::Event event(projection);
  JsonCaptures found;
  if (JsonReader(paths).Read(json, event.arena(), found) != DecodeResult::kDecoded) return;
  LineMemory memory;
  LineContext lines;
  lines.memory = &memory;
  int emitted = 0;
  const bool recognised = source.Recognises(found);
  const DecodeResult result = source.Decode(found, lines, event, [&](event::Event& e) {
    ++emitted;
    CheckFlow(e);
  });
  Require(emitted == (result == DecodeResult::kDecoded ? 1 : 0));
  Require(recognised == (result != DecodeResult::kNotRecognised));
}

}  // namespace sequitur::decode
