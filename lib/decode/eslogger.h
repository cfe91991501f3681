#pragma once

// Eslogger decodes the JSON lines of macOS's eslogger(1): one Endpoint Security
// message each, told apart by the key inside `event` and not by event_type or
// version, which change with the OS.
//
// A record names no host: that comes from the envelope or the Kafka key. There
// are no TCP/IP socket events either; `uipc_connect` is a UNIX-domain socket.
//
// Source:   eslogger(1) ("not API": unknown keys and versions pass), Apple's
//           EndpointSecurity/ESMessage.h for the meaning of the fields.
// Bounds:   one event a record.
// Threads:  none; one per worker (it keeps scratch for reading exec's fds).
// Lifetime: registers its paths in `paths` when made, which must then be read
//           with the same JsonPaths.

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "decode/es_process.h"
#include "decode/json_reader.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

struct EsFileKind;  // one row of the table of kinds, in the .cc

class Eslogger {
 public:
  Eslogger(JsonPaths& paths, const event::Projection& projection);
  Eslogger(const Eslogger&) = delete;
  Eslogger& operator=(const Eslogger&) = delete;

  bool Recognises(const JsonCaptures& found) const;
  DecodeResult Decode(const JsonCaptures& found, const LineContext& lines, event::Event& event,
                      EmitEvent emit);

 private:
  // Where the facts of one kind of event about a file stand. What a kind does
  // not have is a path that no record fills.
  struct FilePaths {
    EventKind kind;
    PathId path;       // of the file, or
    PathId directory;  // of the directory it is put into,
    PathId name;       // and its name there
    PathId cut;
    PathId original;
    PathId inode, size, mode, uid, gid;
  };

  static FilePaths Register(JsonPaths& paths, const event::Projection& projection,
                            const EsFileKind& kind);

  DecodeResult DecodeKind(absl::string_view key, const JsonCaptures& found, event::Event& event);
  DecodeResult DecodeExec(const JsonCaptures& found, event::Event& event);
  DecodeResult DecodeFork(const JsonCaptures& found, event::Event& event) const;
  DecodeResult DecodeExit(const JsonCaptures& found, event::Event& event) const;
  DecodeResult DecodeFile(const FilePaths& paths, const JsonCaptures& found,
                          event::Event& event) const;
  DecodeResult DecodeOther(absl::string_view key, const JsonCaptures& found,
                           event::Event& event) const;

  DecodeResult SetTime(const JsonCaptures& found, const LineContext& lines,
                       event::Event& event) const;
  void SetSequence(const JsonCaptures& found, event::Event& event) const;
  void SetStat(const FilePaths& paths, const JsonCaptures& found, event::Event& event) const;
  void SetDescriptors(absl::string_view raw, event::Event& event);
  bool Denied(const JsonCaptures& found) const;
  // Whether the file was written, for the kinds that only may have written it.
  bool Wrote(absl::string_view key, const JsonCaptures& found) const;

  PathId event_;
  PathId event_type_;
  PathId time_;
  PathId mach_time_;
  PathId schema_version_;
  PathId seq_num_;
  PathId global_seq_num_;
  PathId thread_id_;
  PathId result_type_;
  PathId result_auth_;
  PathId result_flags_;

  EsProcess process_;
  EsProcess target_;
  EsProcess child_;

  PathId exec_args_;
  PathId exec_env_;
  PathId exec_cwd_;
  PathId exec_script_;
  PathId exec_fds_;
  PathId exit_stat_;
  PathId close_modified_;
  PathId close_was_mapped_writable_;
  PathId open_fflag_;
  PathId socket_file_;
  absl::flat_hash_map<std::string, PathId> success_;  // of authentications, by key
  absl::flat_hash_map<absl::string_view, FilePaths> files_;

  JsonPaths fd_paths_;
  PathId fd_;
  PathId fd_type_;
  JsonReader fd_reader_;
  JsonCaptures fd_found_;
};

}  // namespace sequitur::decode
