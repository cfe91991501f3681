#pragma once

// Error logs sent to syslog leave the date to its header. httpd then begins an
// entry with "[module:level] [pid ..." (server/log.c, do_errorlog_default) and
// php-fpm with "[LEVEL] " (zlog.c). DateEntry writes the entry as its log file
// would have it, so that one decoder reads both.
//
// Threads:  pure; the result is in the arena.

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/arena.h"
#include "decode/source.h"
#include "event/time.h"

namespace sequitur::decode {

// `line` itself when it is not such an entry of `kind`.
absl::string_view DateEntry(SourceKind kind, absl::string_view line, event::TimeNs time,
                            const absl::TimeZone& zone, Arena& arena);

}  // namespace sequitur::decode
