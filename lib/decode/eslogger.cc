#include "decode/eslogger.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "decode/captured_value.h"
#include "decode/fact_identity.h"
#include "decode/process_fields.h"

namespace sequitur::decode {

namespace field = event::field;
using event::Event;
using event::Value;

// One row of what is known about the kinds that concern a file. Paths are
// relative to event.<key>; an existing destination and a new one are told apart
// by which of them is there.
struct EsFileKind {
  absl::string_view key;
  absl::string_view action;
  absl::string_view type;
  absl::string_view file;       // an es_file_t, or
  absl::string_view directory;  // an es_file_t, and
  absl::string_view name;       // a name in it
  absl::string_view original;   // an es_file_t
  absl::string_view stat;       // the es_file_t whose stat describes the file now
};

namespace {

constexpr absl::string_view kNewDirectory = "destination.new_path.dir";
constexpr absl::string_view kNewName = "destination.new_path.filename";
constexpr absl::string_view kExisting = "destination.existing_file";

constexpr EsFileKind kFileKinds[] = {
    {"create", "creation", "creation", kExisting, kNewDirectory, kNewName, "", kExisting},
    {"write", "modification", "change", "target", "", "", "", "target"},
    {"close", "modification", "change", "target", "", "", "", "target"},
    {"open", "modification", "change", "file", "", "", "", "file"},
    {"truncate", "modification", "change", "target", "", "", "", "target"},
    {"rename", "rename", "change", kExisting, kNewDirectory, kNewName, "source", "source"},
    {"unlink", "deletion", "deletion", "target", "", "", "", "target"},
    {"link", "creation", "creation", "", "target_dir", "target_filename", "source", "source"},
    {"clone", "creation", "creation", "", "target_dir", "target_name", "source", ""},
    {"copyfile", "creation", "creation", "target_file", "target_dir", "target_name", "source", ""},
    {"exchangedata", "modification", "change", "file1", "", "", "file2", ""},
    {"setmode", "setmode", "change", "target", "", "", "", "target"},
    {"setowner", "setowner", "change", "target", "", "", "", "target"},
    {"setacl", "setacl", "change", "target", "", "", "", "target"},
    {"setflags", "setflags", "change", "target", "", "", "", "target"},
    {"setextattr", "setextattr", "change", "target", "", "", "", "target"},
    {"deleteextattr", "deleteextattr", "change", "target", "", "", "", "target"},
};

// The other kinds that are not simply about a process.
constexpr EventKind kOtherKinds[] = {
    {"authentication", "start", "authentication"},
    {"authentication", "start", "openssh_login"},
    {"authentication", "end", "openssh_logout"},
    {"authentication", "start", "login_login"},
    {"authentication", "end", "login_logout"},
    {"authentication", "start", "lw_session_login"},
    {"authentication", "end", "lw_session_logout"},
    {"authentication", "start", "screensharing_attach"},
    {"authentication", "end", "screensharing_detach"},
    {"authentication", "start", "su"},
    {"authentication", "start", "sudo"},
    {"configuration", "change", "tcc_modify"},
    {"configuration", "creation", "btm_launch_item_add"},
    {"configuration", "deletion", "btm_launch_item_remove"},
    {"configuration", "creation", "profile_add"},
    {"configuration", "deletion", "profile_remove"},
    {"configuration", "change", "gatekeeper_user_override"},
    {"malware", "info", "xp_malware_detected"},
    {"malware", "info", "xp_malware_remediated"},
    {"process", "change", "remote_thread_create"},
    {"process", "change", "cs_invalidated"},
};

// Kinds that only look at something. They come by the thousand, change nothing
// and would answer to every rule about the process that looks.
constexpr absl::string_view kObservations[] = {
    "access",     "chdir",       "dup",    "fcntl",      "fsgetpath", "getattrlist",
    "getextattr", "listextattr", "lookup", "mmap",       "mprotect",  "readdir",
    "readlink",   "searchfs",    "stat",   "proc_check", "iokit_open"};

// Kinds that say in the event itself whether they succeeded.
constexpr absl::string_view kWithSuccess[] = {
    "authentication", "openssh_login", "login_login", "screensharing_attach", "su", "sudo"};

// The key of the first member of the JSON object `raw` whose value is an
// object: shippers put scalars of their own (event.dataset ...) beside it.
absl::string_view FirstObjectKey(absl::string_view raw) {
  int depth = 0;
  absl::string_view key;
  for (size_t i = 0; i < raw.size(); ++i) {
    switch (raw[i]) {
      case '"': {
        const size_t start = ++i;
        for (; i < raw.size() && raw[i] != '"'; ++i) {
          if (raw[i] == '\\') ++i;
        }
        if (depth == 1 && key.empty()) key = raw.substr(start, i - start);
        break;
      }
      case '{':
        if (++depth == 2) return key;
        break;
      case '[':
        // Its elements are not members; skip to its end by depth alone.
        depth += 2;
        break;
      case ']':
        depth -= 2;
        break;
      case '}':
        --depth;
        break;
      case ',':
        if (depth == 1) key = {};
        break;
      default:
        break;
    }
  }
  return {};
}

// proc_info's PROX_FDTYPE_*.
absl::string_view DescriptorType(int64_t type) {
  constexpr absl::string_view kTypes[] = {"atalk",     "file",   "socket", "shared_memory",
                                          "semaphore", "kqueue", "pipe",   "fsevents"};
  const bool known = type >= 0 && type < static_cast<int64_t>(std::size(kTypes));
  return known ? kTypes[type] : "other";
}

}  // namespace

Eslogger::Eslogger(JsonPaths& paths, const event::Projection& projection)
    : event_(paths.Add("event", JsonPaths::Capture::kRaw)),
      event_type_(paths.Add("event_type")),
      time_(paths.Add("time")),
      mach_time_(paths.Add("mach_time")),
      schema_version_(paths.Add("schema_version")),
      seq_num_(paths.Add("seq_num")),
      global_seq_num_(paths.Add("global_seq_num")),
      thread_id_(AddWanted(paths, projection, "thread.thread_id", {field::kProcessThreadId})),
      result_type_(paths.Add("action.result.result_type")),
      result_auth_(paths.Add("action.result.result.auth")),
      result_flags_(paths.Add("action.result.result.flags")),
      process_(paths, projection, "process"),
      target_(paths, projection, "event.exec.target"),
      child_(paths, projection, "event.fork.child"),
      exec_args_(
          AddWanted(paths, projection, "event.exec.args",
                    {field::kProcessArgs, field::kProcessArgsCount, field::kProcessCommandLine})),
      exec_env_(AddWanted(paths, projection, "event.exec.env", {field::kProcessEnvVars})),
      exec_cwd_(paths.Add("event.exec.cwd.path")),
      exec_script_(paths.Add("event.exec.script.path")),
      exec_fds_(paths.Add("event.exec.fds", JsonPaths::Capture::kRaw)),
      exit_stat_(paths.Add("event.exit.stat")),
      close_modified_(paths.Add("event.close.modified")),
      close_was_mapped_writable_(paths.Add("event.close.was_mapped_writable")),
      open_fflag_(paths.Add("event.open.fflag")),
      socket_file_(paths.Add("event.uipc_connect.file.path")),
      fd_(fd_paths_.Add("fd")),
      fd_type_(fd_paths_.Add("fdtype")),
      fd_reader_(fd_paths_) {
  for (const EsFileKind& kind : kFileKinds) files_[kind.key] = Register(paths, projection, kind);
  for (absl::string_view key : kWithSuccess) {
    success_[key] = paths.Add(absl::StrCat("event.", key, ".success"));
  }
}

Eslogger::FilePaths Eslogger::Register(JsonPaths& paths, const event::Projection& projection,
                                       const EsFileKind& kind) {
  const auto add = [&](absl::string_view at, absl::string_view key) {
    return paths.Add(at.empty() ? std::string(kUnfilledPath)
                                : absl::StrCat("event.", kind.key, ".", at, key));
  };
  const auto add_for = [&](absl::string_view at, absl::string_view key,
                           std::initializer_list<event::FieldId> fields) {
    if (at.empty()) return paths.Add(kUnfilledPath);
    return AddWanted(paths, projection, absl::StrCat("event.", kind.key, ".", at, key), fields);
  };
  FilePaths out;
  out.kind = {"file", kind.type, kind.action};
  out.path = add(kind.file, ".path");
  out.directory = add(kind.directory, ".path");
  out.name = add(kind.name, "");
  out.cut = add(kind.file, ".path_truncated");
  out.original =
      add_for(kind.original, ".path", {field::kFileExtOriginalPath, field::kFileExtOriginalName});
  out.inode = add_for(kind.stat, ".stat.st_ino", {field::kFileInode});
  out.size = add_for(kind.stat, ".stat.st_size", {field::kFileSize});
  out.mode = add_for(kind.stat, ".stat.st_mode", {field::kFileMode});
  out.uid = add_for(kind.stat, ".stat.st_uid", {field::kFileUid});
  out.gid = add_for(kind.stat, ".stat.st_gid", {field::kFileGid});
  return out;
}

bool Eslogger::Recognises(const JsonCaptures& found) const {
  // In ECS documents `process.executable` is a string and `event_type` unknown.
  if (!found.Has(event_) || !CapturedInt(found.Get(event_type_))) return false;
  if (!process_.Present(found)) return false;
  return found.Has(global_seq_num_) || found.Has(seq_num_) || found.Has(mach_time_) ||
         found.Has(schema_version_);
}

DecodeResult Eslogger::Decode(const JsonCaptures& found, const LineContext& lines, Event& event,
                              EmitEvent emit) {
  const absl::string_view key = FirstObjectKey(found.Text(event_));
  if (key.empty() || !process_.Present(found)) return DecodeResult::kMalformedLine;
  if (const auto result = SetTime(found, lines, event); result != DecodeResult::kDecoded) {
    return result;
  }
  SetSequence(found, event);
  event.SetString(field::kHostOsType, "macos");
  event.SetString(field::kEventModule, "eslogger");
  if (const auto id = CapturedInt(found.Get(thread_id_))) {
    event.SetInt(field::kProcessThreadId, *id);
  }
  const DecodeResult result = DecodeKind(key, found, event);
  if (result == DecodeResult::kDecoded) emit(event);
  return result;
}

DecodeResult Eslogger::SetTime(const JsonCaptures& found, const LineContext& lines,
                               Event& event) const {
  if (!found.Has(time_)) {
    // A shipper may have taken the record's time for its own and dropped it.
    if (lines.read_time == event::kNoTime) return DecodeResult::kNoTimestamp;
    event.time = lines.read_time;
    Flag(event, "time_of_read");
    return DecodeResult::kDecoded;
  }
  const auto time = CapturedTime(found.Get(time_));
  if (!time) return DecodeResult::kBadTimestamp;
  event.time = *time;
  event.SetString(field::kTimestamp, found.Text(time_));
  return DecodeResult::kDecoded;
}

void Eslogger::SetSequence(const JsonCaptures& found, Event& event) const {
  const auto sequence = CapturedInt(found.Get(global_seq_num_));
  if (!sequence) return;
  event.sequence = *sequence;
  event.SetInt(field::kEventSequence, *sequence);
  // The counter starts anew with each client; the time keeps those apart.
  event.identity = FactIdentity().Add("eslogger").Add(*sequence).Add(event.time).value();
}

bool Eslogger::Denied(const JsonCaptures& found) const {
  // es_result_type_t: 0 = es_auth_result_t (1 = deny), 1 = flags allowed.
  const auto type = CapturedInt(found.Get(result_type_));
  if (type == 0) return CapturedInt(found.Get(result_auth_)) == 1;
  return type == 1 && CapturedInt(found.Get(result_flags_)) == 0;
}

DecodeResult Eslogger::DecodeKind(absl::string_view key, const JsonCaptures& found, Event& event) {
  if (key == "exec") return DecodeExec(found, event);
  if (key == "fork") return DecodeFork(found, event);
  if (key == "exit") return DecodeExit(found, event);
  if (std::find(std::begin(kObservations), std::end(kObservations), key) !=
      std::end(kObservations)) {
    return DecodeResult::kNotAnEvent;
  }
  const auto file = files_.find(key);
  if (file == files_.end()) return DecodeOther(key, found, event);
  // What another client forbade left the file as it was.
  if (Denied(found) || !Wrote(key, found)) return DecodeResult::kNotAnEvent;
  return DecodeFile(file->second, found, event);
}

DecodeResult Eslogger::DecodeExec(const JsonCaptures& found, Event& event) {
  if (!target_.Present(found)) return DecodeResult::kMalformedLine;
  if (Denied(found)) {
    // The program never ran: lineage and rules about starts must not see one.
    SetKind(event, {"process", "denied", "exec_denied"}, "failure");
  } else {
    SetKind(event, {"process", "start", "exec"});
  }
  target_.SetAsProcess(found, event);
  process_.SetAsImage(found, kPreviousImage, event);
  SetArguments(event, found.Get(exec_args_));
  event.Set(field::kProcessEnvVars, found.Get(exec_env_));
  event.SetString(field::kProcessWorkingDirectory, FoldMacPath(found.Text(exec_cwd_)));
  event.SetString(field::kProcessScriptPath, FoldMacPath(found.Text(exec_script_)));
  SetDescriptors(found.Text(exec_fds_), event);
  return DecodeResult::kDecoded;
}

void Eslogger::SetDescriptors(absl::string_view raw, Event& event) {
  if (raw.empty() || !event.Wants(field::kProcessStdioTypes)) return;
  absl::string_view types[3];
  ForEachJsonObject(raw, [&](absl::string_view object) {
    if (fd_reader_.Read(object, event.arena(), fd_found_) != DecodeResult::kDecoded) return;
    const int64_t fd = CapturedInt(fd_found_.Get(fd_)).value_or(-1);
    if (fd < 0 || fd > 2) return;
    types[fd] = DescriptorType(CapturedInt(fd_found_.Get(fd_type_)).value_or(-1));
  });
  SetStdio(event, types);
}

DecodeResult Eslogger::DecodeFork(const JsonCaptures& found, Event& event) const {
  if (!child_.Present(found)) return DecodeResult::kMalformedLine;
  SetKind(event, {"process", "start", "fork"});
  child_.SetAsProcess(found, event);
  // The record names the forking image itself, surer than the child's token.
  process_.SetAsImage(found, kParentImage, event);
  return DecodeResult::kDecoded;
}

DecodeResult Eslogger::DecodeExit(const JsonCaptures& found, Event& event) const {
  process_.SetAsProcess(found, event);
  const auto word = CapturedInt(found.Get(exit_stat_));
  SetExit(event, word ? ExitStatus::FromWaitWord(*word) : ExitStatus());
  return DecodeResult::kDecoded;
}

bool Eslogger::Wrote(absl::string_view key, const JsonCaptures& found) const {
  constexpr int64_t kFWrite = 2;  // sys/fcntl.h FWRITE: fflag holds kernel flags, not O_*
  if (key == "open") return (CapturedInt(found.Get(open_fflag_)).value_or(0) & kFWrite) != 0;
  if (key != "close") return true;
  // A file written through a mapping alone closes with modified = false.
  return CapturedBool(found.Get(close_modified_)).value_or(false) ||
         CapturedBool(found.Get(close_was_mapped_writable_)).value_or(false);
}

DecodeResult Eslogger::DecodeFile(const FilePaths& paths, const JsonCaptures& found,
                                  Event& event) const {
  EventKind kind = paths.kind;
  absl::string_view path = found.Text(paths.path);
  if (path.empty()) {
    path = JoinPath(found.Text(paths.directory), found.Text(paths.name), event.arena());
  } else if (kind.action == "creation" && found.Has(paths.directory)) {
    // copyfile onto a file that is there already.
    kind = {"file", "change", "modification"};
  }
  SetKind(event, kind);
  process_.SetAsProcess(found, event);
  SetFile(event, path);
  SetOriginalFile(event, found.Text(paths.original));
  if (CapturedBool(found.Get(paths.cut)).value_or(false)) Flag(event, "truncated");
  SetStat(paths, found, event);
  return DecodeResult::kDecoded;
}

void Eslogger::SetStat(const FilePaths& paths, const JsonCaptures& found, Event& event) const {
  Arena& arena = event.arena();
  if (const auto size = CapturedInt(found.Get(paths.size))) {
    event.SetInt(field::kFileSize, *size);
  }
  if (const auto inode = CapturedInt(found.Get(paths.inode))) {
    event.SetString(field::kFileInode, PrintInt(*inode, arena));
  }
  if (const auto mode = CapturedInt(found.Get(paths.mode))) SetFileMode(event, *mode);
  if (const auto uid = CapturedInt(found.Get(paths.uid))) {
    event.SetString(field::kFileUid, PrintUserId(*uid, arena));
  }
  if (const auto gid = CapturedInt(found.Get(paths.gid))) {
    event.SetString(field::kFileGid, PrintUserId(*gid, arena));
  }
}

DecodeResult Eslogger::DecodeOther(absl::string_view key, const JsonCaptures& found,
                                   Event& event) const {
  EventKind kind = {"process", "info", key};
  for (const EventKind& row : kOtherKinds) {
    if (row.action == key) kind = row;
  }
  const auto success = success_.find(key);
  const bool failed =
      success != success_.end() && !CapturedBool(found.Get(success->second)).value_or(true);
  SetKind(event, kind, failed || Denied(found) ? "failure" : "success");
  process_.SetAsProcess(found, event);
  if (key == "uipc_connect") SetFile(event, found.Text(socket_file_));
  return DecodeResult::kDecoded;
}

}  // namespace sequitur::decode
