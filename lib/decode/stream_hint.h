#pragma once

// StreamHint: what the names around a line (file path, topic, tags, dataset,
// container image, syslog program) suggest it is. Content is asked first; a
// hint decides between formats that look alike (nginx and httpd combined), says
// which error log a line without a prefix continues, and bars a file that is
// known to be a web server's own log from yielding anything else.
//
// Bounds:   the first kMaxHintText bytes of a name are looked at.
// Threads:  values.

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "decode/source.h"

namespace sequitur::decode {

inline constexpr size_t kMaxHintText = 512;

struct StreamHint {
  enum class Server : uint8_t { kUnknown, kNginx, kHttpd, kPhpFpm };
  enum class Role : uint8_t { kUnknown, kAccess, kError };

  Server server = Server::kUnknown;
  Role role = Role::kUnknown;
  // A file named as only a web server's raw log is (access.log, error_log.1):
  // whatever stands in it was provoked by clients, so a JSON document or a
  // syslog prefix in there is text and not an envelope.
  bool raw_log = false;

  // Takes from `other` what is unknown here.
  void Fill(const StreamHint& other);

  // The error log that this stream is or belongs to; kAuto when unknown.
  SourceKind error_kind() const;
};

StreamHint HintFromPath(absl::string_view path);
// A tag, topic, dataset, container image or program name.
StreamHint HintFromName(absl::string_view name);

}  // namespace sequitur::decode
