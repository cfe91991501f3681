#pragma once

// Options: what a run of loadgen was asked for; the command line with types.

#include <cstdint>
#include <string>
#include <vector>

#include "loadgen/timeline.h"

namespace sequitur::loadgen {

enum class EnvelopeStyle : uint8_t { kFilebeat, kBare };

struct Options {
  std::string output = "loadgen-out";
  int hosts = 8;
  int first_host = 1;              // the number in the first host's name
  std::vector<std::string> roles;  // of the hosts, in turn; empty: all of them
  TimeNs start = 0;
  TimeNs duration = 10 * kMinute;
  double rate = 200;  // records per second of event time, all hosts together
  uint64_t seed = 1;
  int attacks = 8;
  int look_alikes = 8;
  std::vector<std::string> only;  // scenarios to plant; empty: all of them
  TimeNs disorder = 2 * kSecond;
  EnvelopeStyle envelope = EnvelopeStyle::kFilebeat;
  uint32_t streams = ~uint32_t{0};  // bits by Stream
};

}  // namespace sequitur::loadgen
