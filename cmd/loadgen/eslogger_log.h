#pragma once

// EsloggerLog: what `eslogger exec fork exit create write close rename` prints
// about one host, one JSON object per line.
//
// Format: Apple's eslogger(1) and the Endpoint Security message structures
//         (message versions 7 to 10), slashes escaped as it does.
// Threads:  none.
// Lifetime: borrows everything it is given.

#include <array>
#include <string>

#include "loadgen/json_text.h"
#include "loadgen/process.h"
#include "loadgen/shipper.h"

namespace sequitur::loadgen {

enum class FileAction : uint8_t { kCreate, kWrite, kClose, kRename };

struct FileChange {
  FileAction action = FileAction::kCreate;
  std::string path;  // of a rename: the new one
  std::string old_path;
  int64_t size = 0;
};

class EsloggerLog {
 public:
  EsloggerLog(const Host& host, Timeline& timeline, Shipper& shipper, Random random);

  // What `process` just did; for an exec it is already the new image.
  void Fork(const Process& parent, const Process& child, Mark mark);
  void Exec(const Process& process, Mark mark);
  void Exit(const Process& process, int wait_status, Mark mark);
  void File(const Process& process, const FileChange& change, Mark mark);

 private:
  enum class Kind : uint8_t { kExec, kFork, kExit, kCreate, kWrite, kClose, kRename };
  struct Token {
    int pid = 1;
    int pidversion = 1;
    User user = kRoot;
  };
  void Ship(Kind kind, absl::string_view process, absl::string_view event, Mark mark);
  std::string ProcessJson(const Process& process, const Image& image);
  void AppendToken(absl::string_view key, const Token& token, JsonText& json) const;
  void AppendFile(absl::string_view key, absl::string_view path, int64_t size, JsonText& json);

  const Host& host_;
  Timeline& timeline_;
  Shipper& shipper_;
  Random random_;
  ClockText clock_;
  int64_t global_sequence_;
  std::array<int64_t, 7> sequence_{};
};

}  // namespace sequitur::loadgen
