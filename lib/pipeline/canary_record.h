#pragma once

// The record of the events topic that is a canary: the events of one chain, on their
// way from a correlate worker to itself.
//
// What makes it one is how it begins, and ingest begins every event it hands on with
// something else: nothing that comes in with the telemetry, whatever it says of
// itself, can be taken for a canary, or a canary for it.
//
// Layout (version 1): 'S' 'C' version; sender and number, 8 bytes each; then each
// event, as forwarded_event.h has it, with its length in 4 bytes before it. Numbers
// are little-endian.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sequitur::pipeline {

struct CanaryRecord {
  uint64_t sender = 0;                    // a worker, by a number nobody else has
  uint64_t number = 0;                    // of the sender's
  std::vector<absl::string_view> events;  // views into the record
};

bool IsCanary(absl::string_view bytes);
// False when the bytes are not one whole canary of this version.
bool ReadCanary(absl::string_view bytes, CanaryRecord& record);
std::string WriteCanary(uint64_t sender, uint64_t number, absl::Span<const std::string> events);

}  // namespace sequitur::pipeline
