#pragma once

// Shipper: the agent of one machine. It takes the lines that programs write to
// their logs, wraps them as Filebeat does and hands them to the arrivals with
// the lag of the way.
//
// Format: Filebeat 8 output documents (@timestamp is the time of reading).
//
// Threads:  none.
// Lifetime: borrows everything it is given.

#include <array>
#include <string>

#include "loadgen/arrivals.h"
#include "loadgen/clock_text.h"
#include "loadgen/host.h"

namespace sequitur::loadgen {

class Shipper {
 public:
  struct Settings {
    EnvelopeStyle envelope = EnvelopeStyle::kFilebeat;
    TimeNs disorder = 0;
  };

  Shipper(const Host& host, Settings settings, Timeline& timeline, Arrivals& arrivals,
          Random random);

  // A line appended to the log of `stream` just now.
  void ShipLine(Stream stream, absl::string_view line, Mark mark = {});
  // A whole document of an agent that needs no wrapping.
  void ShipDocument(Stream stream, std::string document, Mark mark = {});
  // Whose records these are in the eyes of the transport; default: this host's.
  void SetHostKey(absl::string_view host) { host_key_ = host; }

 private:
  struct LogFile {
    std::string path;
    int64_t offset = 0;
    std::string tail;  // the envelope from "input" on
    TimeNs base_lag = 0;
  };
  TimeNs Lag(const LogFile& file);
  std::string Wrapped(Stream stream, absl::string_view line, TimeNs read);
  void AppendPayload(Stream stream, absl::string_view line, std::string& out) const;
  void Push(Stream stream, std::string line, TimeNs arrival, Mark mark);
  std::string PathOf(Stream stream) const;
  std::string Tail(Stream stream) const;

  const Host& host_;
  Settings settings_;
  Timeline& timeline_;
  Arrivals& arrivals_;
  Random random_;
  absl::string_view host_key_;
  std::array<LogFile, kStreams> files_;
  ClockText clock_;
};

}  // namespace sequitur::loadgen
