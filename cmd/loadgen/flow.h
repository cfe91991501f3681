#pragma once

// Flow: one connection between two addresses, and the log of the network
// sensor that sees it.
//
// Format: Zeek's conn.log as JSON lines, times as epoch seconds.

#include <cstdint>
#include <string>

#include "loadgen/shipper.h"

namespace sequitur::loadgen {

struct Flow {
  std::string from;
  int from_port = 0;
  std::string to;
  int to_port = 0;
  absl::string_view transport = "tcp";
  absl::string_view service = "ssl";  // empty: not recognised
  TimeNs start = 0;
  TimeNs duration = 0;
  int64_t sent = 0;  // by the initiator
  int64_t received = 0;
};

class ZeekLog {
 public:
  ZeekLog(Shipper& sensor, Random random) : sensor_(sensor), random_(random) {}

  // Written now, which is after the flow's end; `host` is whose flow it is.
  void Write(const Flow& flow, absl::string_view host, Mark mark);

 private:
  Shipper& sensor_;
  Random random_;
};

bool IsPrivateAddress(absl::string_view ip);

}  // namespace sequitur::loadgen
