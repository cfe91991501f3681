#include "decode/santa_json.h"

#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "decode/base64.h"
#include "decode/captured_value.h"
#include "decode/process_fields.h"

namespace sequitur::decode {

namespace field = event::field;
using event::Event;
using event::Value;

// One row of what is known about the kinds of messages. `target` and `source`
// are a FileInfo (".path" is added) or, where `target_is_text`, a plain path.
struct SantaKind {
  enum class Shape { kExec, kFork, kExit, kFile, kProcess, kFlows, kNone };

  absl::string_view key;
  Shape shape;
  EventKind kind;
  absl::string_view target;
  bool target_is_text = false;
  absl::string_view source;
};

namespace {

using Shape = SantaKind::Shape;

constexpr EventKind kCreation = {"file", "creation", "creation"};
constexpr EventKind kModification = {"file", "change", "modification"};
constexpr EventKind kDeletion = {"file", "deletion", "deletion"};
constexpr EventKind kRename = {"file", "change", "rename"};

// Actions are named as eslogger names the same facts.
constexpr SantaKind kKinds[] = {
    {"execution", Shape::kExec, {"process", "start", "exec"}, {}, false, {}},
    {"fork", Shape::kFork, {"process", "start", "fork"}, {}, false, {}},
    {"exit", Shape::kExit, {}, {}, false, {}},
    {"close", Shape::kFile, kModification, "target", false, {}},
    {"rename", Shape::kFile, kRename, "target", true, "source"},
    {"unlink", Shape::kFile, kDeletion, "target", false, {}},
    {"link", Shape::kFile, kCreation, "target", true, "source"},
    {"clone", Shape::kFile, kCreation, "target", true, "source"},
    {"copyfile", Shape::kFile, kCreation, "target", true, "source"},
    {"exchangedata", Shape::kFile, kModification, "file1", false, "file2"},
    {"file_access", Shape::kFile, {"file", "access", "file_access"}, "target", false, {}},
    {"network_activity", Shape::kFlows, {"network", "connection", "network_flow"}, {}, false, {}},
    {"authentication",
     Shape::kProcess,
     {"authentication", "start", "authentication"},
     {},
     false,
     {}},
    {"open_ssh", Shape::kProcess, {"authentication", "start", "openssh_login"}, {}, false, {}},
    {"login_logout", Shape::kProcess, {"authentication", "info", "login_logout"}, {}, false, {}},
    {"login_window_session",
     Shape::kProcess,
     {"authentication", "info", "lw_session"},
     {},
     false,
     {}},
    {"screen_sharing", Shape::kProcess, {"authentication", "info", "screensharing"}, {}, false, {}},
    {"tcc_modification", Shape::kProcess, {"configuration", "change", "tcc_modify"}, {}, false, {}},
    {"launch_item", Shape::kProcess, {"configuration", "change", "btm_launch_item"}, {}, false, {}},
    {"gatekeeper_override",
     Shape::kProcess,
     {"configuration", "change", "gatekeeper_user_override"},
     {},
     false,
     {}},
    {"codesigning_invalidated",
     Shape::kProcess,
     {"process", "change", "cs_invalidated"},
     {},
     false,
     {}},
    {"xprotect", Shape::kProcess, {"malware", "info", "xprotect"}, {}, false, {}},
    {"disk", Shape::kNone, {}, {}, false, {}},
    {"bundle", Shape::kNone, {}, {}, false, {}},
    {"allowlist", Shape::kNone, {}, {}, false, {}},
};

// "DECISION_DENY", "POLICY_DECISION_DENIED_INVALID_SIGNATURE", "FLOW_..._DENIED".
bool IsDenial(absl::string_view decision) {
  return absl::StrContains(decision, "DENY") || absl::StrContains(decision, "DENIED");
}

absl::string_view DescriptorType(absl::string_view type) {
  struct Name {
    absl::string_view santa, ours;
  };
  constexpr Name kNames[] = {{"VNODE", "file"},         {"SOCKET", "socket"},  {"PIPE", "pipe"},
                             {"PSHM", "shared_memory"}, {"PSEM", "semaphore"}, {"KQUEUE", "kqueue"},
                             {"FSEVENTS", "fsevents"},  {"ATALK", "atalk"}};
  absl::ConsumePrefix(&type, "FD_TYPE_");
  for (const Name& name : kNames) {
    if (name.santa == type) return name.ours;
  }
  return "other";
}

// An IANA number, or an enumerator or name that ends in the protocol's name.
absl::string_view Transport(const Value& protocol) {
  struct Name {
    int64_t number;
    absl::string_view suffix, ours;
  };
  constexpr Name kNames[] = {
      {6, "TCP", "tcp"}, {17, "UDP", "udp"}, {1, "ICMP", "icmp"}, {58, "ICMPV6", "ipv6-icmp"}};
  const auto number = CapturedInt(protocol);
  for (const Name& name : kNames) {
    const absl::string_view text = protocol.text();
    if (number == name.number || absl::EndsWithIgnoreCase(text, name.suffix)) return name.ours;
  }
  return {};
}

}  // namespace

SantaJson::Message::Message(JsonPaths& paths, const event::Projection& projection,
                            const SantaKind& kind)
    : kind(&kind),
      raw(paths.Add(kind.key, JsonPaths::Capture::kRaw)),
      instigator(paths, projection, absl::StrCat(kind.key, ".instigator.")) {
  const auto add = [&](absl::string_view at, absl::string_view key) {
    return paths.Add(at.empty() ? std::string(kUnfilledPath)
                                : absl::StrCat(kind.key, ".", at, key));
  };
  path = add(kind.target, kind.target_is_text ? "" : ".path");
  original = add(kind.source, ".path");
  existed = add("target_existed", "");
  // What moved or was written is described by its own stat; a copy's is unknown.
  const bool moved = kind.key == "rename" || kind.key == "link";
  const absl::string_view stat = kind.target_is_text ? (moved ? kind.source : "") : kind.target;
  inode = add(stat, ".stat.ino");
  size = add(stat, ".stat.size");
  mode = add(stat, ".stat.mode");
}

SantaJson::Flow::Flow(JsonPaths& paths)
    : remote_address(paths.Add("remote_address")),
      remote_port(paths.Add("remote_port")),
      remote_hostname(paths.Add("remote_hostname")),
      local_address(paths.Add("local_address")),
      local_port(paths.Add("local_port")),
      protocol(paths.Add("protocol")),
      direction(paths.Add("direction")),
      start_time(paths.Add("start_time")),
      close_time(paths.Add("close_time")),
      decision(paths.Add("decision")) {}

SantaJson::SantaJson(JsonPaths& paths, const event::Projection& projection)
    : machine_id_(paths.Add("machine_id")),
      boot_session_(paths.Add("boot_session_uuid")),
      event_time_(paths.Add("event_time")),
      processed_time_(paths.Add("processed_time")),
      exec_target_(paths, projection, "execution.target."),
      fork_child_(paths, projection, "fork.child."),
      exec_args_(
          AddWanted(paths, projection, "execution.args",
                    {field::kProcessArgs, field::kProcessArgsCount, field::kProcessCommandLine})),
      exec_envs_(AddWanted(paths, projection, "execution.envs", {field::kProcessEnvVars})),
      exec_cwd_(paths.Add("execution.working_directory.path")),
      exec_script_(paths.Add("execution.script.path")),
      exec_fds_(paths.Add("execution.fds", JsonPaths::Capture::kRaw)),
      exec_decision_(paths.Add("execution.decision")),
      exit_status_(paths.Add("exit.exited.exit_status")),
      exit_signal_(paths.Add("exit.signaled.signal")),
      close_modified_(paths.Add("close.modified")),
      access_decision_(paths.Add("file_access.policy_decision")),
      access_policy_(paths.Add("file_access.policy_name")),
      flows_(paths.Add("network_activity.processes", JsonPaths::Capture::kRaw)),
      flow_process_(process_paths_, projection, "process."),
      process_flows_(process_paths_.Add("flows", JsonPaths::Capture::kRaw)),
      process_reader_(process_paths_),
      flow_(flow_paths_),
      flow_reader_(flow_paths_),
      fd_(fd_paths_.Add("fd")),
      fd_type_(fd_paths_.Add("fd_type")),
      fd_reader_(fd_paths_) {
  for (const SantaKind& kind : kKinds) messages_.emplace_back(paths, projection, kind);
}

bool SantaJson::Recognises(const JsonCaptures& found) const {
  return (found.Has(event_time_) || found.Has(processed_time_)) &&
         (found.Has(machine_id_) || found.Has(boot_session_));
}

DecodeResult SantaJson::Decode(const JsonCaptures& found, const LineContext&, Event& event,
                               EmitEvent emit) {
  if (const auto result = SetCommon(found, event); result != DecodeResult::kDecoded) return result;
  if (found.Has(flows_)) return DecodeFlows(found, event, emit);
  for (const Message& message : messages_) {
    if (!found.Has(message.raw)) continue;
    const DecodeResult result = DecodeMessage(message, found, event);
    if (result == DecodeResult::kDecoded) emit(event);
    return result;
  }
  return DecodeResult::kNotAnEvent;
}

DecodeResult SantaJson::SetCommon(const JsonCaptures& found, Event& event) const {
  const PathId path = found.Has(event_time_) ? event_time_ : processed_time_;
  if (!found.Has(path)) return DecodeResult::kNoTimestamp;
  const auto time = CapturedTime(found.Get(path));
  if (!time) return DecodeResult::kBadTimestamp;
  event.time = *time;
  event.SetString(field::kTimestamp, found.Text(path));
  event.claim.id = found.Text(machine_id_);
  event.SetString(field::kHostBootId, found.Text(boot_session_));
  event.SetString(field::kHostOsType, "macos");
  event.SetString(field::kEventModule, "santa");
  return DecodeResult::kDecoded;
}

DecodeResult SantaJson::DecodeMessage(const Message& message, const JsonCaptures& found,
                                      Event& event) {
  switch (message.kind->shape) {
    case Shape::kExec:
      return DecodeExec(message, found, event);
    case Shape::kFork:
      return DecodeFork(message, found, event);
    case Shape::kExit:
      return DecodeExit(message, found, event);
    case Shape::kFile:
      return DecodeFile(message, found, event);
    case Shape::kProcess:
      SetKind(event, message.kind->kind);
      message.instigator.SetAsProcess(found, event);
      return DecodeResult::kDecoded;
    case Shape::kFlows:
    case Shape::kNone:
      break;
  }
  return DecodeResult::kNotAnEvent;
}

DecodeResult SantaJson::DecodeExec(const Message& message, const JsonCaptures& found,
                                   Event& event) {
  if (!exec_target_.Present(found)) return DecodeResult::kMalformedLine;
  if (IsDenial(found.Text(exec_decision_))) {
    // The program never ran: lineage and rules about starts must not see one.
    SetKind(event, {"process", "denied", "exec_denied"}, "failure");
  } else {
    SetKind(event, message.kind->kind);
  }
  exec_target_.SetAsProcess(found, event);
  message.instigator.SetAsImage(found, kPreviousImage, event);
  SetArguments(event, DecodeArguments(found.Get(exec_args_), event.arena()));
  event.Set(field::kProcessEnvVars, DecodeArguments(found.Get(exec_envs_), event.arena()));
  event.SetString(field::kProcessWorkingDirectory, FoldMacPath(found.Text(exec_cwd_)));
  event.SetString(field::kProcessScriptPath, FoldMacPath(found.Text(exec_script_)));
  SetDescriptors(found.Text(exec_fds_), event);
  return DecodeResult::kDecoded;
}

Value SantaJson::DecodeArguments(const Value& encoded, Arena& arena) const {
  const auto elements = encoded.elements();
  Value* list = arena.Allocate<Value>(elements.size());
  for (size_t i = 0; i < elements.size(); ++i) {
    const absl::string_view text = elements[i].text();
    list[i] = Value::String(DecodeBase64(text, arena).value_or(text));
  }
  return Value::List({list, elements.size()});
}

void SantaJson::SetDescriptors(absl::string_view raw, Event& event) {
  if (raw.empty() || !event.Wants(field::kProcessStdioTypes)) return;
  absl::string_view types[3];
  ForEachJsonObject(raw, [&](absl::string_view object) {
    if (fd_reader_.Read(object, event.arena(), fd_found_) != DecodeResult::kDecoded) return;
    // A default of 0 is printed, but a compact printer may leave it out.
    const int64_t fd = CapturedInt(fd_found_.Get(fd_)).value_or(0);
    if (fd >= 0 && fd <= 2) types[fd] = DescriptorType(fd_found_.Text(fd_type_));
  });
  SetStdio(event, types);
}

DecodeResult SantaJson::DecodeFork(const Message& message, const JsonCaptures& found,
                                   Event& event) const {
  if (!fork_child_.Present(found)) return DecodeResult::kMalformedLine;
  SetKind(event, message.kind->kind);
  fork_child_.SetAsProcess(found, event);
  message.instigator.SetAsImage(found, kParentImage, event);
  return DecodeResult::kDecoded;
}

DecodeResult SantaJson::DecodeExit(const Message& message, const JsonCaptures& found,
                                   Event& event) const {
  message.instigator.SetAsProcess(found, event);
  SetExit(event, {CapturedInt(found.Get(exit_status_)), CapturedInt(found.Get(exit_signal_))});
  return DecodeResult::kDecoded;
}

DecodeResult SantaJson::DecodeFile(const Message& message, const JsonCaptures& found,
                                   Event& event) const {
  const bool is_close = message.kind->key == "close";
  if (is_close && !CapturedBool(found.Get(close_modified_)).value_or(false)) {
    return DecodeResult::kNotAnEvent;
  }
  EventKind kind = message.kind->kind;
  const bool existed = CapturedBool(found.Get(message.existed)).value_or(false);
  if (kind.action == "creation" && existed) kind = kModification;
  const bool denied = message.kind->key == "file_access" && IsDenial(found.Text(access_decision_));
  if (denied) kind.type = "denied";
  SetKind(event, kind, denied ? "failure" : "success");
  message.instigator.SetAsProcess(found, event);
  SetFile(event, found.Text(message.path));
  SetOriginalFile(event, found.Text(message.original));
  event.SetString(field::kEventReason, found.Text(access_policy_));
  if (const auto inode = CapturedInt(found.Get(message.inode))) {
    event.SetString(field::kFileInode, PrintInt(*inode, event.arena()));
  }
  if (const auto size = CapturedInt(found.Get(message.size))) {
    event.SetInt(field::kFileSize, *size);
  }
  if (const auto mode = CapturedInt(found.Get(message.mode))) SetFileMode(event, *mode);
  return DecodeResult::kDecoded;
}

DecodeResult SantaJson::DecodeFlows(const JsonCaptures& found, Event& event, EmitEvent emit) {
  bool any = false;
  const auto flow = [&](absl::string_view raw) {
    if (flow_reader_.Read(raw, event.arena(), flow_found_) != DecodeResult::kDecoded) return;
    if (flow_found_.Text(flow_.remote_address).empty()) return;
    if (any) event.Reset(Event::Keep::kArena);
    any = true;
    // It succeeded before the first flow, so it does for each.
    if (SetCommon(found, event) != DecodeResult::kDecoded) return;
    flow_process_.SetAsProcess(process_found_, event);
    SetFlow(event);
    emit(event);
  };
  ForEachJsonObject(found.Text(flows_), [&](absl::string_view raw) {
    if (process_reader_.Read(raw, event.arena(), process_found_) != DecodeResult::kDecoded) return;
    ForEachJsonObject(process_found_.Text(process_flows_), flow);
  });
  return any ? DecodeResult::kDecoded : DecodeResult::kNotAnEvent;
}

void SantaJson::SetFlow(Event& event) const {
  const bool inbound = absl::EndsWith(flow_found_.Text(flow_.direction), "INBOUND");
  const bool denied = IsDenial(flow_found_.Text(flow_.decision));
  SetKind(event, {"network", denied ? "denied" : "connection", "network_flow"},
          denied ? "failure" : "success");
  const auto set = [&](event::FieldId ip, event::FieldId port, PathId address, PathId number) {
    event.SetString(ip, flow_found_.Text(address));
    const int64_t i = CapturedInt(flow_found_.Get(number)).value_or(0);
    if (i > 0) event.SetInt(port, i);
  };
  if (inbound) {
    set(field::kSourceIp, field::kSourcePort, flow_.remote_address, flow_.remote_port);
    set(field::kDestinationIp, field::kDestinationPort, flow_.local_address, flow_.local_port);
    event.SetString(field::kSourceDomain, flow_found_.Text(flow_.remote_hostname));
  } else {
    set(field::kSourceIp, field::kSourcePort, flow_.local_address, flow_.local_port);
    set(field::kDestinationIp, field::kDestinationPort, flow_.remote_address, flow_.remote_port);
    event.SetString(field::kDestinationDomain, flow_found_.Text(flow_.remote_hostname));
  }
  if (flow_found_.Has(flow_.direction)) {
    event.SetString(field::kNetworkDirection, inbound ? "ingress" : "egress");
  }
  event.SetString(field::kNetworkTransport, Transport(flow_found_.Get(flow_.protocol)));
  SetFlowTimes(event);
}

void SantaJson::SetFlowTimes(Event& event) const {
  const auto start = CapturedTime(flow_found_.Get(flow_.start_time));
  if (start.value_or(0) > 0) {
    event.time = *start;
    event.SetString(field::kTimestamp, flow_found_.Text(flow_.start_time));
    event.SetString(field::kEventStart, flow_found_.Text(flow_.start_time));
  }
  if (CapturedTime(flow_found_.Get(flow_.close_time)).value_or(0) > 0) {
    event.SetString(field::kEventEnd, flow_found_.Text(flow_.close_time));
  }
}

}  // namespace sequitur::decode
