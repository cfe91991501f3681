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
#include <string>
#include <vector>

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

// HintMemo gives the same hints, and remembers them: a site has few names.
// Bounds:   kNames names of kMaxText bytes; a new one takes the place of another.
// Threads:  none.
class HintMemo {
 public:
  static constexpr size_t kNames = 256;
  static constexpr size_t kMaxText = 128;

  StreamHint FromPath(absl::string_view path) { return Find(path, HintFromPath, paths_); }
  StreamHint FromName(absl::string_view name) { return Find(name, HintFromName, names_); }

 private:
  struct Entry {
    std::string text;
    StreamHint hint;
  };
  using Entries = std::vector<Entry>;

  static StreamHint Find(absl::string_view text, StreamHint (*make)(absl::string_view),
                         Entries& entries);

  Entries paths_;
  Entries names_;
};

}  // namespace sequitur::decode
