#include "loadgen/eslogger_log.h"

#include "absl/strings/str_cat.h"

namespace sequitur::loadgen {
namespace {

struct KindName {
  absl::string_view name;
  int number;  // es_event_type_t
};
// In the order of Kind.
constexpr KindName kKinds[] = {{"exec", 9},   {"fork", 11},  {"exit", 15},  {"create", 13},
                               {"write", 33}, {"close", 12}, {"rename", 25}};

constexpr int kRegularFile = 0100644;
constexpr int kDirectory = 040755;

std::string EnvironmentOf(const Process& process) {
  std::string text;
  JsonText json(text, Slashes::kEscaped);
  json.Item("PATH=/usr/bin:/bin:/usr/sbin:/sbin");
  json.Item(absl::StrCat("USER=", process.user.name));
  if (process.user.uid == kOps.uid) {
    json.Item("HOME=/Users/ops").Item("SHELL=/bin/zsh").Item("TERM=xterm-256color");
    json.Item("SSH_CLIENT=10.20.0.20 53188 22").Item("LANG=en_US.UTF-8");
  }
  json.Item(absl::StrCat("PWD=", process.cwd)).Item("__CF_USER_TEXT_ENCODING=0x0:0:0");
  return text;
}

}  // namespace

EsloggerLog::EsloggerLog(const Host& host, Timeline& timeline, Shipper& shipper, Random random)
    : host_(host), timeline_(timeline), shipper_(shipper), random_(random) {
  global_sequence_ = random_.Between(10'000, 9'000'000);
  for (int64_t& sequence : sequence_)
    sequence = random_.Between(1'000, global_sequence_ / 4 + 1'000);
}

void EsloggerLog::Fork(const Process& parent, const Process& child, Mark mark) {
  const std::string event =
      absl::StrCat("{\"fork\":{\"child\":", ProcessJson(child, child.image), "}}");
  Ship(Kind::kFork, ProcessJson(parent, parent.image), event, mark);
}

void EsloggerLog::Exec(const Process& process, Mark mark) {
  std::string event;
  JsonText json(event, Slashes::kEscaped);
  json.BeginObject().BeginObject("exec");
  if (process.script.empty()) {
    json.Null("script");
  } else {
    AppendFile("script", process.script, 1832, json);
  }
  json.Text("dyld_exec_path", process.image.program->path);
  json.Number("image_cputype", host_.brew == "/usr/local" ? 16777223 : 16777228);
  json.Number("image_cpusubtype", -2147483646).BeginArray("args");
  for (const std::string& arg : process.args) json.Item(arg);
  json.EndArray().BeginArray("env").Raw(EnvironmentOf(process)).EndArray();
  AppendFile("cwd", process.cwd, -1, json);
  json.Number("last_fd", 2).BeginArray("fds");
  for (int fd = 0; fd < 3; ++fd) {
    json.Raw(absl::StrCat("{\"fd\":", fd, ",\"fdtype\":", fd < 2 ? process.stdin_type : 1, "}"));
  }
  json.EndArray().Json("target", ProcessJson(process, process.image)).EndObject().EndObject();
  Ship(Kind::kExec, ProcessJson(process, process.previous), event, mark);
}

void EsloggerLog::Exit(const Process& process, int wait_status, Mark mark) {
  Ship(Kind::kExit, ProcessJson(process, process.image),
       absl::StrCat("{\"exit\":{\"stat\":", wait_status, "}}"), mark);
}

void EsloggerLog::File(const Process& process, const FileChange& change, Mark mark) {
  constexpr Kind kKindOf[] = {Kind::kCreate, Kind::kWrite, Kind::kClose, Kind::kRename};
  const Kind kind = kKindOf[static_cast<size_t>(change.action)];
  std::string event;
  JsonText json(event, Slashes::kEscaped);
  json.BeginObject().BeginObject(kKinds[static_cast<size_t>(kind)].name);
  if (kind == Kind::kCreate) {
    json.Number("destination_type", 0).BeginObject("destination");
    AppendFile("existing_file", change.path, change.size, json);
    json.EndObject().Null("acl");
  } else if (kind == Kind::kRename) {
    const size_t slash = change.path.rfind('/');
    AppendFile("source", change.old_path, change.size, json);
    json.Number("destination_type", 1).BeginObject("destination").BeginObject("new_path");
    AppendFile("dir", change.path.substr(0, slash), -1, json);
    json.Text("filename", change.path.substr(slash + 1)).EndObject().EndObject();
  } else {
    AppendFile("target", change.path, change.size, json);
    if (kind == Kind::kClose) json.Flag("modified", true).Flag("was_mapped_writable", false);
  }
  json.EndObject().EndObject();
  Ship(kind, ProcessJson(process, process.image), event, mark);
}

void EsloggerLog::Ship(Kind kind, absl::string_view process, absl::string_view event, Mark mark) {
  const TimeNs now = timeline_.Now();
  const auto index = static_cast<size_t>(kind);
  std::string line;
  line.reserve(process.size() + event.size() + 400);
  JsonText json(line, Slashes::kEscaped);
  json.BeginObject().Number("schema_version", 1).Number("version", host_.es_version);
  json.Number("event_type", kKinds[index].number).Number("action_type", 1);
  json.Json("event", event).Number("seq_num", sequence_[index]++);
  json.Json("thread", absl::StrCat("{\"thread_id\":", random_.Between(300'000, 9'000'000), "}"));
  json.Text("time", clock_.Iso(now, 9)).Json("process", process);
  json.Number("global_seq_num", global_sequence_++);
  // mach_time ticks at 24 MHz from boot; the boot was some days ago.
  json.Number("mach_time", (now % (1'000'000 * kSecond)) / 1'000 * 24);
  json.Json("action", "{\"result\":{\"result_type\":0,\"result\":{\"auth\":0}}}").EndObject();
  shipper_.ShipLine(Stream::kEslogger, line, mark);
}

std::string EsloggerLog::ProcessJson(const Process& process, const Image& image) {
  const Process* parent = process.parent;
  std::string text;
  JsonText json(text, Slashes::kEscaped);
  json.BeginObject();
  AppendToken("audit_token", {process.pid, image.pidversion, process.user}, json);
  json.Number("ppid", parent ? parent->pid : 0).Number("original_ppid", process.original_ppid);
  if (parent) {
    AppendToken("parent_audit_token", {parent->pid, parent->image.pidversion, parent->user}, json);
  }
  AppendToken("responsible_audit_token",
              {process.responsible_pid, process.responsible_pidversion, process.user}, json);
  json.Number("group_id", process.group).Number("session_id", process.session);
  json.Text("start_time", clock_.Iso(process.started, 6)).Null("tty");
  if (host_.es_version >= 10) json.Number("cs_validation_category", 1);
  json.Raw(image.program->eslogger_json).EndObject();
  return text;
}

void EsloggerLog::AppendToken(absl::string_view key, const Token& token, JsonText& json) const {
  const User& user = token.user;
  if (host_.array_tokens) {
    json.Json(key, absl::StrCat("[", user.audit_id, ",", user.uid, ",", user.gid, ",", user.uid,
                                ",", user.gid, ",", token.pid, ",", user.audit_session, ",",
                                absl::StrCat(token.pidversion, "]")));
    return;
  }
  json.BeginObject(key).Number("pid", token.pid).Number("pidversion", token.pidversion);
  json.Number("euid", user.uid).Number("ruid", user.uid).Number("egid", user.gid);
  json.Number("rgid", user.gid).Number("auid", user.audit_id);
  json.Number("asid", user.audit_session).EndObject();
}

// A negative size means a directory.
void EsloggerLog::AppendFile(absl::string_view key, absl::string_view path, int64_t size,
                             JsonText& json) {
  FileStat stat;
  stat.inode = random_.Between(1'000'000, 90'000'000);
  stat.size = size < 0 ? 640 : size;
  stat.mode = size < 0 ? kDirectory : kRegularFile;
  stat.changed = timeline_.Now();
  json.BeginObject(key).Text("path", path).Json("stat", EsloggerStat(stat, clock_));
  json.Flag("path_truncated", false).EndObject();
}

}  // namespace sequitur::loadgen
