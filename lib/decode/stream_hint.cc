#include "decode/stream_hint.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace sequitur::decode {
namespace {

using Server = StreamHint::Server;
using Role = StreamHint::Role;

// `word` is in lower case.
bool Contains(absl::string_view text, absl::string_view word) {
  if (text.size() < word.size()) return false;
  for (size_t i = 0; i + word.size() <= text.size(); ++i) {
    size_t n = 0;
    while (n < word.size() && absl::ascii_tolower(text[i + n]) == word[n]) ++n;
    if (n == word.size()) return true;
  }
  return false;
}

Server ServerIn(absl::string_view text) {
  if (Contains(text, "nginx")) return Server::kNginx;
  if (Contains(text, "httpd") || Contains(text, "apache")) return Server::kHttpd;
  if (Contains(text, "php")) return Server::kPhpFpm;
  return Server::kUnknown;
}

Role RoleIn(absl::string_view text) {
  if (Contains(text, "access")) return Role::kAccess;
  if (Contains(text, "error")) return Role::kError;
  return Role::kUnknown;
}

// The basename of a server's own text log, rotated or not: "error.log.2",
// "ssl_error_log-20261124.gz", but not "nginx-access.ndjson".
bool IsRawLogName(absl::string_view name) {
  if (absl::EndsWithIgnoreCase(name, "json") || absl::EndsWithIgnoreCase(name, "jsonl")) {
    return false;
  }
  return Contains(name, "access.log") || Contains(name, "access_log") ||
         Contains(name, "error.log") || Contains(name, "error_log");
}

}  // namespace

void StreamHint::Fill(const StreamHint& other) {
  if (server == Server::kUnknown) server = other.server;
  if (role == Role::kUnknown) role = other.role;
  raw_log = raw_log || other.raw_log;
}

SourceKind StreamHint::error_kind() const {
  if (server == Server::kPhpFpm && role != Role::kAccess) return SourceKind::kPhpFpm;
  if (role != Role::kError) return SourceKind::kAuto;
  if (server == Server::kNginx) return SourceKind::kNginxError;
  if (server == Server::kHttpd) return SourceKind::kHttpdError;
  return SourceKind::kAuto;
}

StreamHint HintFromPath(absl::string_view path) {
  if (path.size() > kMaxHintText) path.remove_prefix(path.size() - kMaxHintText);
  const size_t slash = path.find_last_of("/\\");
  const absl::string_view name = slash == path.npos ? path : path.substr(slash + 1);
  StreamHint hint;
  hint.server = ServerIn(name);
  if (hint.server == Server::kUnknown) hint.server = ServerIn(path);
  hint.role = RoleIn(name);
  hint.raw_log = IsRawLogName(name);
  // httpd's own names: access_log, ssl_error_log, other_vhosts_access.log.
  if (hint.server == Server::kUnknown && hint.raw_log &&
      (Contains(name, "_log") || Contains(name, "vhosts_access"))) {
    hint.server = Server::kHttpd;
  }
  return hint;
}

StreamHint HintFromName(absl::string_view name) {
  name = name.substr(0, kMaxHintText);
  StreamHint hint;
  hint.server = ServerIn(name);
  hint.role = RoleIn(name);
  return hint;
}

StreamHint HintMemo::Find(absl::string_view text, StreamHint (*make)(absl::string_view),
                          Entries& entries) {
  if (text.empty() || text.size() > kMaxText) return make(text);
  if (entries.empty()) entries.resize(kNames);
  // Names of one site differ near their ends, if not in size.
  uint64_t end = 0;
  const size_t size = std::min(text.size(), sizeof end);
  std::memcpy(&end, text.data() + text.size() - size, size);
  const uint64_t hash = (end ^ text.size()) * 0x9e3779b97f4a7c15;
  Entry& entry = entries[hash >> 56];
  static_assert(kNames == 256);
  if (entry.text != text) {
    entry.text.assign(text.data(), text.size());
    entry.hint = make(text);
  }
  return entry.hint;
}

}  // namespace sequitur::decode
