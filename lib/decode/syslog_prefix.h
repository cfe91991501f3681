#pragma once

// The syslog header in front of a line, in the forms that relays really send:
//   <187>Nov 24 03:49:10 web-03 nginx[12]: LINE      RFC 3164, as nginx and httpd write it
//   <187>Nov 24 03:49:10 nginx: LINE                 without the host (nginx `nohostname`)
//   <165>1 2026-11-24T03:49:10Z web-03 nginx 12 - - LINE      RFC 5424
//   2026-11-24T03:49:10.5+01:00 web-03 nginx: LINE   rsyslog's file format
//   web-03 nginx[12]: LINE, nginx: LINE              what some relays leave of it
// Without a priority or a BSD time the program must be one that we read, since
// "word: text" is how ordinary lines begin, too.
//
// Bounds:   linear in the header.
// Threads:  pure; views into the line.

#include <optional>

#include "absl/strings/string_view.h"
#include "event/time.h"

namespace sequitur::decode {

struct SyslogPrefix {
  absl::string_view host;     // empty when not said
  absl::string_view program;  // without [pid]; may be empty in RFC 5424
  // Of the header, where it has a year and a zone; else kNoTime.
  event::TimeNs time = event::kNoTime;
  absl::string_view rest;
};

std::optional<SyslogPrefix> ParseSyslogPrefix(absl::string_view line);

}  // namespace sequitur::decode
