#pragma once

// Lines of nginx's error log.
// Format: ngx_log_error_core and ngx_http_log_error_handler:
//   YYYY/MM/DD HH:MM:SS [level] pid#tid: *cid message, client: A, server: N,
//   request: "R", subrequest: "S", upstream: "U", host: "H", referrer: "F"
//
// Nothing in it is escaped: a path, a user's name, the request and the headers
// are bytes as a client sent them, and may hold whole forged tails. See
// nginx_error_tail.h for what is believed.
//
// An entry may go on over lines (a script's stderr with newlines). A line
// without the prefix is dated by the entry before it.
//
// Bounds:   one pass over the line and a bounded look at each tail in it.
// Threads:  none needed; const.

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

class NginxError {
 public:
  // nginx's error log has one format; anything but "" is refused.
  static absl::StatusOr<NginxError> Create(absl::string_view log_format);

  static bool Recognises(absl::string_view line);

  DecodeResult Decode(absl::string_view line, const LineContext& lines, event::Event& event) const;
};

}  // namespace sequitur::decode
