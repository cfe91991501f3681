#pragma once

// Lines of Apache httpd's error log: the 2.4 default, the 2.2 form, or one
// configured `ErrorLogFormat`.
// Formats: server/log.c of httpd.
//   [Www Mon DD HH:MM:SS.uuuuuu YYYY] [module:level] [pid P:tid T] file.c(123):
//   (errno)text: [client IP:port] AHnnnnn: message, referer: URL
//   [Www Mon DD HH:MM:SS YYYY] [level] [client IP] message
//
// Control bytes are escaped, so no client can begin a line. Lines without a
// prefix are the stderr of CGI scripts and other children: often the best proof
// of an injection, kept and dated by the entry before them.
//
// Bounds:   one pass over the line; no allocation but the arena's.
// Threads:  none needed; const once created.

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "decode/error_log_format.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

class HttpdError {
 public:
  // "": the stock formats. Else the format of an ErrorLogFormat directive, or
  // the whole directive.
  static absl::StatusOr<HttpdError> Create(absl::string_view error_log_format);

  static bool Recognises(absl::string_view line);

  DecodeResult Decode(absl::string_view line, const LineContext& lines, event::Event& event) const;

 private:
  HttpdError() = default;

  std::optional<ErrorLogFormat> format_;
};

}  // namespace sequitur::decode
