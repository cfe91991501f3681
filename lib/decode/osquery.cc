#include "decode/osquery.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "decode/captured_value.h"
#include "decode/document_host.h"
#include "decode/fact_identity.h"

namespace sequitur::decode {

namespace field = event::field;
using event::Event;
using event::Value;

Osquery::Columns::Columns(JsonPaths& paths)
    : time(paths.Add("time")),
      ntime(paths.Add("ntime")),
      event_type(paths.Add("event_type")),
      action(paths.Add("action")),
      syscall(paths.Add("syscall")),
      uptime(paths.Add("uptime")),
      sequence(paths.Add("global_seq_num")),
      pid(paths.Add("pid")),
      pidversion(paths.Add("pidversion")),
      path(paths.Add("path")),
      name(paths.Add("name")),
      cmdline(paths.Add("cmdline")),
      cwd(paths.Add("cwd")),
      args_count(paths.Add("cmdline_count")),
      parent(paths.Add("parent")),
      parent_pidversion(paths.Add("parent_pidversion")),
      original_parent(paths.Add("original_parent")),
      responsible_pid(paths.Add("responsible_pid")),
      responsible_pidversion(paths.Add("responsible_pidversion")),
      uid(paths.Add("uid")),
      euid(paths.Add("euid")),
      username(paths.Add("username")),
      signing_id(paths.Add("signing_id")),
      team_id(paths.Add("team_id")),
      child_pid(paths.Add("child_pid")),
      exit_code(paths.Add("exit_code")),
      status(paths.Add("status")),
      success(paths.Add("success")),
      probe_error(paths.Add("probe_error")),
      filename(paths.Add("filename")),
      dest_filename(paths.Add("dest_filename")),
      family(paths.Add("family")),
      protocol(paths.Add("protocol")),
      type(paths.Add("type")),
      local_address(paths.Add("local_address")),
      local_port(paths.Add("local_port")),
      remote_address(paths.Add("remote_address")),
      remote_port(paths.Add("remote_port")) {}

// The columns are few and all cheap, so the projection does not matter here.
Osquery::Osquery(JsonPaths& paths, const event::Projection&)
    : name_(paths.Add("name")),
      host_identifier_(paths.Add("hostIdentifier")),
      action_(paths.Add("action")),
      unix_time_(paths.Add("unixTime")),
      calendar_time_(paths.Add("calendarTime")),
      severity_(paths.Add("severity")),
      host_uuid_(paths.Add("decorations.host_uuid")),
      hostname_(paths.Add("decorations.hostname")),
      columns_raw_(paths.Add("columns", JsonPaths::Capture::kRaw)),
      snapshot_raw_(paths.Add("snapshot", JsonPaths::Capture::kRaw)),
      added_raw_(paths.Add("diffResults.added", JsonPaths::Capture::kRaw)),
      removed_raw_(paths.Add("diffResults.removed", JsonPaths::Capture::kRaw)),
      columns_(row_paths_),
      row_reader_(row_paths_) {}

bool Osquery::Recognises(const JsonCaptures& found) const {
  if (!found.Has(host_identifier_)) return false;
  const bool result =
      found.Has(name_) && (found.Has(columns_raw_) || found.Has(snapshot_raw_) ||
                           found.Has(added_raw_) || found.Has(removed_raw_) || found.Has(action_));
  return result || (found.Has(severity_) && found.Has(calendar_time_));  // osquery's own log
}

DecodeResult Osquery::Decode(const JsonCaptures& found, const LineContext&, Event& event,
                             EmitEvent emit) {
  const absl::string_view action = found.Text(action_);
  if (action == "removed") return DecodeResult::kNotAnEvent;
  DecodeResult overall = DecodeResult::kNotAnEvent;
  bool fresh = true;
  const auto row = [&](absl::string_view raw) {
    if (!fresh) event.Reset(Event::Keep::kArena);
    fresh = false;
    const DecodeResult result = DecodeRow(raw, found, event);
    if (result == DecodeResult::kDecoded) emit(event);
    // One event makes the record good; else damage says more than "no event".
    if (result == DecodeResult::kDecoded || overall == DecodeResult::kNotAnEvent) overall = result;
  };
  if (found.Has(columns_raw_)) row(found.Text(columns_raw_));
  ForEachJsonObject(found.Text(snapshot_raw_), row);
  ForEachJsonObject(found.Text(added_raw_), row);
  return overall;
}

DecodeResult Osquery::DecodeRow(absl::string_view raw, const JsonCaptures& found, Event& event) {
  const DecodeResult read = row_reader_.Read(raw, event.arena(), row_);
  if (read != DecodeResult::kDecoded) return read;
  const Table table = TableOf(found.Text(name_));
  if (table == Table::kOther) return DecodeResult::kNotAnEvent;
  if (const auto result = SetTime(found, event); result != DecodeResult::kDecoded) return result;
  if (const auto result = DecodeTable(table, event); result != DecodeResult::kDecoded) {
    return result;
  }
  event.SetString(field::kEventModule, "osquery");
  SetIdentity(raw, found, event);
  SetClaim(found, event);
  return DecodeResult::kDecoded;
}

Osquery::Table Osquery::TableOf(absl::string_view query) const {
  const bool is_socket = row_.Has(columns_.remote_address) || row_.Has(columns_.remote_port);
  if (row_.Has(columns_.syscall) && row_.Has(columns_.ntime)) {
    return is_socket ? Table::kBpfSocket : Table::kBpfProcess;
  }
  if (is_socket && row_.Has(columns_.action)) return Table::kSocket;
  if (row_.Has(columns_.event_type)) {
    if (row_.Has(columns_.filename)) return Table::kEsFile;
    if (row_.Has(columns_.pid)) return Table::kEsProcess;
  }
  // A query that selects few columns: its name has to say it.
  const bool command = row_.Has(columns_.pid) && row_.Has(columns_.path);
  const bool dated = row_.Has(columns_.time) && row_.Has(columns_.uptime);
  if (command && row_.Has(columns_.cmdline) &&
      (dated || absl::StrContains(query, "process_events"))) {
    return Table::kProcess;
  }
  return Table::kOther;
}

DecodeResult Osquery::SetTime(const JsonCaptures& found, Event& event) const {
  // The row's own time; `unixTime` is when the query ran, hours later at worst.
  // bpf's `ntime` counts from boot and only orders its rows.
  if (const auto ntime = Int(columns_.ntime)) event.sequence = *ntime;
  if (const auto sequence = Int(columns_.sequence)) event.sequence = *sequence;
  if (event.sequence != Event::kNoSequence) event.SetInt(field::kEventSequence, event.sequence);
  if (row_.Has(columns_.time)) {
    const auto time = CapturedTime(row_.Get(columns_.time));
    if (!time) return DecodeResult::kBadTimestamp;
    event.time = *time;
    return DecodeResult::kDecoded;
  }
  if (!found.Has(unix_time_)) return DecodeResult::kNoTimestamp;
  const auto time = CapturedTime(found.Get(unix_time_));
  if (!time) return DecodeResult::kBadTimestamp;
  event.time = *time;
  Flag(event, "time_of_query");
  return DecodeResult::kDecoded;
}

DecodeResult Osquery::DecodeTable(Table table, Event& event) const {
  switch (table) {
    case Table::kEsProcess:
      event.SetString(field::kHostOsType, "macos");
      return DecodeEsProcess(event);
    case Table::kEsFile:
      event.SetString(field::kHostOsType, "macos");
      return DecodeEsFile(event);
    case Table::kProcess:
      return DecodeProcess(event);
    case Table::kSocket:
      return DecodeSocket(event);
    case Table::kBpfProcess:
      event.SetString(field::kHostOsType, "linux");
      return DecodeProcess(event);
    case Table::kBpfSocket:
      event.SetString(field::kHostOsType, "linux");
      return DecodeSocket(event);
    case Table::kOther:
      break;
  }
  return DecodeResult::kNotAnEvent;
}

DecodeResult Osquery::DecodeEsProcess(Event& event) const {
  const absl::string_view type = Text(columns_.event_type);
  if (type == "exit") {
    SetProcess(event);
    const auto word = Int(columns_.exit_code);
    SetExit(event, word ? ExitStatus::FromWaitWord(*word) : ExitStatus());
    return DecodeResult::kDecoded;
  }
  if (type == "exec") {
    SetKind(event, {"process", "start", "exec"});
    SetProcess(event);
    SetCommandLine(event);
    return DecodeResult::kDecoded;
  }
  if (type != "fork") return DecodeResult::kNotAnEvent;
  // The row is the forking process; its child runs the same image.
  SetKind(event, {"process", "start", "fork"});
  SetImage(event, kParentImage, {IntOr(columns_.pid, -1), IntOr(columns_.pidversion, -1)});
  SetExecutable(event, kParentImage, Text(columns_.path));
  SetImage(event, kProcessImage, {IntOr(columns_.child_pid, -1), ImageId::kUnknown});
  SetExecutable(event, kProcessImage, Text(columns_.path));
  SetUser(field::kUserId, columns_.uid, event);
  return DecodeResult::kDecoded;
}

DecodeResult Osquery::DecodeEsFile(Event& event) const {
  struct Row {
    absl::string_view type;
    EventKind kind;
  };
  constexpr Row kKinds[] = {
      {"create", {"file", "creation", "creation"}},
      {"write", {"file", "change", "modification"}},
      {"rename", {"file", "change", "rename"}},
      {"truncate", {"file", "change", "modification"}},
      {"unlink", {"file", "deletion", "deletion"}},
      {"link", {"file", "creation", "creation"}},
      {"clone", {"file", "creation", "creation"}},
      {"copyfile", {"file", "creation", "creation"}},
      {"open", {"file", "access", "open"}},
  };
  for (const Row& row : kKinds) {
    if (row.type != Text(columns_.event_type)) continue;
    SetKind(event, row.kind);
    SetProcess(event);
    const absl::string_view to = Text(columns_.dest_filename);
    SetFile(event, to.empty() ? Text(columns_.filename) : to);
    if (!to.empty()) SetOriginalFile(event, Text(columns_.filename));
    return DecodeResult::kDecoded;
  }
  return DecodeResult::kNotAnEvent;
}

DecodeResult Osquery::DecodeProcess(Event& event) const {
  const absl::string_view syscall = Text(columns_.syscall);
  const bool fork = absl::StrContains(syscall, "fork") || absl::StrContains(syscall, "clone");
  // bpf rows carry the call's result: an exec that failed started nothing.
  if (!fork && row_.Has(columns_.ntime) && IntOr(columns_.exit_code, 0) != 0) {
    return DecodeResult::kNotAnEvent;
  }
  SetKind(event, {"process", "start", fork ? "fork" : "exec"});
  SetProcess(event);
  SetCommandLine(event);
  SetUser(field::kUserEffectiveId, columns_.euid, event);
  return DecodeResult::kDecoded;
}

DecodeResult Osquery::DecodeSocket(Event& event) const {
  constexpr int64_t kUnix = 1;  // AF_UNIX everywhere
  const absl::string_view call =
      row_.Has(columns_.action) ? Text(columns_.action) : Text(columns_.syscall);
  const bool inbound = absl::StartsWith(call, "accept");
  if (!inbound && call != "connect") return DecodeResult::kNotAnEvent;
  if (IntOr(columns_.family, 0) == kUnix || Text(columns_.remote_address).empty()) {
    return DecodeResult::kNotAnEvent;
  }
  SetKind(event, {"network", "start", inbound ? "connection_accepted" : "connection_attempted"},
          Outcome());
  static constexpr Value kTypes[] = {Value::String("connection"), Value::String("start")};
  event.Set(field::kEventType, Value::List(kTypes));
  SetProcess(event);
  SetEndpoints(inbound, event);
  event.SetString(field::kNetworkDirection, inbound ? "ingress" : "egress");
  event.SetString(field::kNetworkTransport, Transport());
  return DecodeResult::kDecoded;
}

void Osquery::SetEndpoints(bool inbound, Event& event) const {
  // An unbound local end is printed as "0", "" or the wildcard.
  const auto set = [&](event::FieldId ip, event::FieldId port, absl::string_view address,
                       PathId port_column) {
    if (address != "0" && address != "0.0.0.0" && address != "::") event.SetString(ip, address);
    const int64_t number = IntOr(port_column, 0);
    if (number > 0) event.SetInt(port, number);
  };
  const absl::string_view local = Text(columns_.local_address);
  const absl::string_view remote = Text(columns_.remote_address);
  if (inbound) {
    set(field::kSourceIp, field::kSourcePort, remote, columns_.remote_port);
    set(field::kDestinationIp, field::kDestinationPort, local, columns_.local_port);
  } else {
    set(field::kSourceIp, field::kSourcePort, local, columns_.local_port);
    set(field::kDestinationIp, field::kDestinationPort, remote, columns_.remote_port);
  }
  const bool v6 = remote.find(':') != remote.npos;
  event.SetString(field::kNetworkType, v6 ? "ipv6" : "ipv4");
}

absl::string_view Osquery::Outcome() const {
  const absl::string_view status = Text(columns_.status);
  if (status == "succeeded") return "success";
  if (status == "failed") return "failure";
  if (!status.empty()) return "unknown";  // in_progress
  if (row_.Has(columns_.exit_code)) {
    constexpr int64_t kInProgress = -115;  // EINPROGRESS of a non-blocking socket
    const int64_t code = IntOr(columns_.exit_code, 0);
    if (code == kInProgress) return "unknown";
    return code < 0 ? "failure" : "success";
  }
  // The old column is 0 for a non-blocking connect that goes on to succeed.
  return IntOr(columns_.success, 0) == 1 ? "success" : "unknown";
}

absl::string_view Osquery::Transport() const {
  constexpr int64_t kTcp = 6, kUdp = 17, kStream = 1, kDatagram = 2;
  const int64_t protocol = IntOr(columns_.protocol, 0);
  const int64_t type = IntOr(columns_.type, 0);
  if (protocol == kTcp || (protocol == 0 && type == kStream)) return "tcp";
  if (protocol == kUdp || (protocol == 0 && type == kDatagram)) return "udp";
  return {};
}

void Osquery::SetProcess(Event& event) const {
  SetImage(event, kProcessImage, {IntOr(columns_.pid, -1), IntOr(columns_.pidversion, -1)});
  SetExecutable(event, kProcessImage, Text(columns_.path));
  const ImageId parent = {IntOr(columns_.parent, -1), IntOr(columns_.parent_pidversion, -1)};
  SetImage(event, kParentImage, TrueParent(parent, Int(columns_.original_parent)));
  const ImageId responsible = {IntOr(columns_.responsible_pid, -1),
                               IntOr(columns_.responsible_pidversion, -1)};
  if (responsible.pid > 0) SetImage(event, kResponsibleImage, responsible);
  // bpf could not read all that it was to report.
  if (IntOr(columns_.probe_error, 0) != 0) Flag(event, "truncated");
  event.SetString(field::kProcessWorkingDirectory, FoldMacPath(Text(columns_.cwd)));
  SetUser(field::kUserId, columns_.uid, event);
  event.SetString(field::kUserName, Text(columns_.username));
  event.SetString(field::kProcessCodeSignatureSigningId, Text(columns_.signing_id));
  event.SetString(field::kProcessCodeSignatureTeamId, Text(columns_.team_id));
}

void Osquery::SetUser(event::FieldId id, PathId column, Event& event) const {
  const auto uid = Int(column);
  if (uid && event.Wants(id)) event.SetString(id, PrintUserId(*uid, event.arena()));
}

void Osquery::SetCommandLine(Event& event) const {
  const absl::string_view line = Text(columns_.cmdline);
  event.SetString(field::kProcessCommandLine, line);
  if (!event.Wants(field::kProcessArgs) && !event.Wants(field::kProcessArgsCount)) return;
  const Value args = SplitArguments(line, event.arena());
  if (args.is_null()) return;
  event.Set(field::kProcessArgs, args);
  event.SetInt(field::kProcessArgsCount,
               IntOr(columns_.args_count, static_cast<int64_t>(args.elements().size())));
}

void Osquery::SetIdentity(absl::string_view raw, const JsonCaptures& found, Event& event) const {
  FactIdentity identity;
  identity.Add("osquery").Add(found.Text(host_identifier_)).Add(found.Text(name_)).Add(raw);
  // A row without a time of its own may say the same of two facts.
  if (!row_.Has(columns_.time) && !row_.Has(columns_.ntime)) identity.Add(event.time);
  event.identity = identity.value();
}

void Osquery::SetClaim(const JsonCaptures& found, Event& event) const {
  const absl::string_view uuid = found.Text(host_uuid_);
  if (IsUuid(uuid)) event.claim.id = uuid;
  ClaimIdentifier(found.Text(host_identifier_), event.claim);
  ClaimName(found.Text(hostname_), event.claim);
}

std::optional<int64_t> Osquery::Int(PathId column) const {
  if (const auto i = CapturedInt(row_.Get(column))) return i;
  uint64_t wrapped = 0;
  if (!absl::SimpleAtoi(row_.Text(column), &wrapped)) return std::nullopt;
  return static_cast<int64_t>(wrapped);
}

int64_t Osquery::IntOr(PathId column, int64_t otherwise) const {
  return Int(column).value_or(otherwise);
}

}  // namespace sequitur::decode
