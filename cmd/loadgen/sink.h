#pragma once

// Sink: where finished records go. The one seam to the outside: files now, any
// other transport by another implementation.

#include <array>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "loadgen/timeline.h"

namespace sequitur::loadgen {

// One log source; a file or a topic.
enum class Stream : uint8_t {
  kNginxAccess,
  kNginxError,
  kHttpdAccess,
  kHttpdError,
  kPhpFpm,
  kEslogger,
  kEndpoint,
  kFlows,
};
inline constexpr std::array<absl::string_view, 8> kStreamNames = {
    "nginx-access", "nginx-error", "httpd-access", "httpd-error",
    "php-fpm",      "eslogger",    "endpoint",     "flows"};
inline constexpr size_t kStreams = kStreamNames.size();
inline absl::string_view StreamName(Stream s) { return kStreamNames[static_cast<size_t>(s)]; }

// Where a record can be found again; empty file: nowhere. The name lives as
// long as the sink.
struct Place {
  absl::string_view file;
  int64_t line = 0;  // 1-based
};

class Sink {
 public:
  virtual ~Sink() = default;
  // `host` is the monitored host, `time` when the record reaches the transport;
  // both serve transports that have keys and timestamps. The first failure is
  // kept and returned by Close(); after it nothing is written.
  virtual Place Write(Stream stream, absl::string_view host, TimeNs time,
                      absl::string_view line) = 0;
  virtual absl::Status Close() = 0;
  virtual bool Failed() const = 0;
};

}  // namespace sequitur::loadgen
