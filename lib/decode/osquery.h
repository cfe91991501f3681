#pragma once

// Osquery decodes results of osquery's event tables: es_process_events,
// es_process_file_events, process_events, socket_events, bpf_process_events and
// bpf_socket_events, as an event row, a snapshot or a batch. A query's name is
// its author's choice, so a row is told by its columns first and by the table's
// name in the query's name second. Rows of other queries describe a state and
// are no events, nor are removed rows.
//
// Source:   osquery's specs/*.table and plugins/logger; es_utils.cpp (its column
//           `euid` of the es_* tables holds the effective GROUP id).
// Bounds:   as many events as rows, each row's own size.
// Threads:  none; one per worker (it keeps scratch for reading rows).
// Lifetime: registers its paths in `paths` when made.

#include <optional>

#include "absl/strings/string_view.h"
#include "decode/json_reader.h"
#include "decode/process_fields.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

class Osquery {
 public:
  Osquery(JsonPaths& paths, const event::Projection& projection);
  Osquery(const Osquery&) = delete;
  Osquery& operator=(const Osquery&) = delete;

  bool Recognises(const JsonCaptures& found) const;
  // kDecoded when at least one row was an event.
  DecodeResult Decode(const JsonCaptures& found, const LineContext& lines, event::Event& event,
                      EmitEvent emit);

 private:
  // The columns of a row, whichever table it is of.
  struct Columns {
    explicit Columns(JsonPaths& paths);

    PathId time, ntime, event_type, action, syscall, uptime, sequence;
    PathId pid, pidversion, path, name, cmdline, cwd, args_count;
    PathId parent, parent_pidversion, original_parent, responsible_pid, responsible_pidversion;
    PathId uid, euid, username, signing_id, team_id;
    PathId child_pid, exit_code, status, success, probe_error;
    PathId filename, dest_filename;
    PathId family, protocol, type, local_address, local_port, remote_address, remote_port;
  };
  enum class Table { kOther, kEsProcess, kEsFile, kProcess, kSocket, kBpfProcess, kBpfSocket };

  Table TableOf(absl::string_view query) const;
  DecodeResult DecodeRow(absl::string_view raw, const JsonCaptures& found, event::Event& event);
  DecodeResult SetTime(const JsonCaptures& found, event::Event& event) const;
  DecodeResult DecodeTable(Table table, event::Event& event) const;
  DecodeResult DecodeEsProcess(event::Event& event) const;
  DecodeResult DecodeEsFile(event::Event& event) const;
  DecodeResult DecodeProcess(event::Event& event) const;
  DecodeResult DecodeSocket(event::Event& event) const;
  void SetIdentity(absl::string_view raw, const JsonCaptures& found, event::Event& event) const;
  void SetClaim(const JsonCaptures& found, event::Event& event) const;
  void SetProcess(event::Event& event) const;
  void SetUser(event::FieldId id, PathId column, event::Event& event) const;
  void SetCommandLine(event::Event& event) const;
  void SetEndpoints(bool inbound, event::Event& event) const;
  absl::string_view Outcome() const;
  absl::string_view Transport() const;

  absl::string_view Text(PathId column) const { return row_.Text(column); }
  // A column as a number; uint64 text beyond int64 is a negative number that
  // was printed unsigned.
  std::optional<int64_t> Int(PathId column) const;
  int64_t IntOr(PathId column, int64_t otherwise) const;

  PathId name_;
  PathId host_identifier_;
  PathId action_;
  PathId unix_time_;
  PathId calendar_time_;
  PathId severity_;
  PathId host_uuid_;
  PathId hostname_;
  PathId columns_raw_;
  PathId snapshot_raw_;
  PathId added_raw_;
  PathId removed_raw_;

  JsonPaths row_paths_;
  Columns columns_;
  JsonReader row_reader_;
  JsonCaptures row_;
};

}  // namespace sequitur::decode
