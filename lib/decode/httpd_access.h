#pragma once

// Access lines of Apache httpd: common, combined, vhost_combined,
// ssl_request_log, or one configured `LogFormat`.
// Formats: mod_log_config and the stock httpd.conf.
//
// httpd dates a line by the START of its request (%t) but writes it at the end,
// so a file's times go back and forth; the end follows where %D or %T is there.
//
// Bounds:   one pass over the line; no allocation but the arena's.
// Threads:  none needed; const once created.

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "decode/log_format.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

class HttpdAccess {
 public:
  // "": the stock formats, told apart line by line. Else the format string of
  // a LogFormat directive (or all of the directive), or the nickname of a
  // stock format.
  static absl::StatusOr<HttpdAccess> Create(absl::string_view log_format);

  static bool Recognises(absl::string_view line);
  // The same of a line whose head SplitStockLine found.
  static bool RecognisesHead(absl::string_view head);

  DecodeResult Decode(absl::string_view line, const LineContext& lines, event::Event& event) const;

 private:
  HttpdAccess() = default;

  std::optional<LogFormat> format_;
};

}  // namespace sequitur::decode
