#pragma once

// Lines of php-fpm's own log, above all how its children ended, and of PHP's
// error_log, which shares their clock.
// Formats: zlog.c and fpm_children.c of php-fpm; main.c of PHP.
//   [22-Nov-2026 01:05:05] WARNING: [pool www] child 112 exited on signal 11
//   (SIGSEGV - core dumped) after 7.405936 seconds from start
//
// Bounds:   one pass over the line; no allocation but the arena's.
// Threads:  none needed; const.

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

class PhpFpm {
 public:
  // There is one format; anything but "" is refused.
  static absl::StatusOr<PhpFpm> Create(absl::string_view log_format);

  static bool Recognises(absl::string_view line);

  DecodeResult Decode(absl::string_view line, const LineContext& lines, event::Event& event) const;
};

}  // namespace sequitur::decode
