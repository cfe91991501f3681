#include "loadgen/endpoint_log.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sequitur::loadgen {

EndpointLog::EndpointLog(const Host& host, Timeline& timeline, Shipper& shipper, Random random)
    : timeline_(timeline), shipper_(shipper), random_(random), agent_id_(host.agent_id) {
  sequence_ = random_.Between(1'000, 400'000);
  JsonText json(static_members_);
  json.BeginObject().BeginObject("agent").Text("id", agent_id_).Text("type", "endpoint");
  json.Text("version", "8.15.3").EndObject();
  json.BeginObject("ecs").Text("version", "8.10.0").EndObject();
  json.BeginObject("elastic").BeginObject("agent").Text("id", agent_id_).EndObject().EndObject();
  json.BeginObject("host").Text("hostname", host.name).Text("name", host.name);
  json.Text("id", host.id).Text("architecture", host.brew == "/usr/local" ? "x86_64" : "arm64");
  json.BeginArray("ip")
      .Item("127.0.0.1")
      .Item("::1")
      .Item(host.ip)
      .Item(host.link_local)
      .EndArray();
  json.BeginArray("mac").Item(host.mac).EndArray().BeginObject("os").BeginObject("Ext");
  json.Text("variant", "macOS").EndObject().Text("family", "macos").Text("type", "macos");
  json.Text("full", absl::StrCat("macOS ", host.os_version)).Text("name", "macOS");
  json.Text("platform", "macos").Text("version", host.os_version).EndObject().EndObject();
  static_members_.erase(0, 1);
}

std::string EndpointLog::EntityId(int pid, TimeNs time) const {
  return absl::Base64Escape(absl::StrCat(agent_id_, "-", pid, "-", DecimalSeconds(time, 9)));
}

void EndpointLog::Fork(const Process& parent, const Process& child, Mark mark) {
  const std::string more = WithParent(child, parent.pid, parent.image, -1);
  Ship({"process", "fork", "start", "process"}, child, ProcessJson(child, more), mark);
}

void EndpointLog::Exec(const Process& process, Mark mark) {
  const std::string more = WithParent(process, process.parent->pid, process.previous, -1);
  Ship({"process", "exec", "start", "process"}, process, ProcessJson(process, more), mark);
}

void EndpointLog::Exit(const Process& process, int wait_status, Mark mark) {
  // The shell's convention, as the sensor reports it.
  const int signal = wait_status & 0x7f;
  const int code = signal != 0 ? 128 + signal : wait_status >> 8;
  const Image& before =
      process.previous.program != nullptr ? process.previous : process.parent->image;
  const std::string more = WithParent(process, process.parent->pid, before, code);
  Ship({"process", "end", "end", "process"}, process, ProcessJson(process, more), mark);
}

void EndpointLog::File(const Process& process, const FileChange& change, Mark mark) {
  const bool rename = change.action == FileAction::kRename;
  if (!rename && change.action != FileAction::kClose) return;
  const std::string name = change.path.substr(change.path.rfind('/') + 1);
  const size_t dot = name.rfind('.');
  std::string members = ProcessJson(process, "");
  JsonText json(members);
  json.BeginObject("file").Text("path", change.path).Text("name", name);
  if (dot != std::string::npos) json.Text("extension", name.substr(dot + 1));
  json.Number("size", change.size);
  if (rename) {
    json.BeginObject("Ext").BeginObject("original").Text("path", change.old_path);
    json.Text("name", change.old_path.substr(change.old_path.rfind('/') + 1));
    json.EndObject().EndObject();
  }
  json.EndObject();
  Ship({"file", rename ? "rename" : "modification", "change", "file"}, process, members, mark);
}

void EndpointLog::Connect(const Process& process, const Flow& flow, Mark mark) {
  Network({"network", "connection_attempted", "start", "network"}, process, flow, mark);
}

void EndpointLog::Disconnect(const Process& process, const Flow& flow) {
  Network({"network", "disconnect_received", "end", "network"}, process, flow, {});
}

void EndpointLog::Network(const Kind& kind, const Process& process, const Flow& flow, Mark mark) {
  std::string members = ProcessJson(process, "");
  JsonText json(members);
  json.BeginObject("source").Text("address", flow.from).Text("ip", flow.from);
  json.Number("port", flow.from_port);
  if (kind.type == "end") json.Number("bytes", flow.sent);
  json.EndObject().BeginObject("destination").Text("address", flow.to).Text("ip", flow.to);
  json.Number("port", flow.to_port);
  if (kind.type == "end") json.Number("bytes", flow.received);
  json.EndObject().BeginObject("network").Text("direction", "egress");
  json.Text("transport", flow.transport).Text("type", "ipv4").EndObject();
  Ship(kind, process, members, mark);
}

std::string EndpointLog::ProcessJson(const Process& process, absl::string_view more) {
  const Program& program = *process.image.program;
  std::string text;
  JsonText json(text);
  json.BeginObject().BeginObject("process").Number("pid", process.pid);
  json.Text("entity_id", process.image.entity_id).Text("name", program.name);
  json.Text("executable", program.path).BeginObject("code_signature").Flag("exists", true);
  json.Text("signing_id", program.signing_id).Flag("trusted", true).Text("status", "No error.");
  json.EndObject().BeginObject("Ext").BeginArray("ancestry");
  for (const std::string& entity : process.ancestry) json.Item(entity);
  json.EndArray().EndObject();
  if (!more.empty()) json.Raw(more);
  json.EndObject();
  return text.substr(1);
}

std::string EndpointLog::WithParent(const Process& process, int pid, const Image& image,
                                    int exit_code) {
  std::string text;
  JsonText json(text);
  json.BeginObject().BeginArray("args");
  for (const std::string& arg : process.args) json.Item(arg);
  json.EndArray().Number("args_count", static_cast<int64_t>(process.args.size()));
  json.Text("command_line", absl::StrJoin(process.args, " "));
  if (!process.script.empty()) {
    json.Text("working_directory", process.cwd);
  }
  if (exit_code >= 0) json.Number("exit_code", exit_code);
  json.BeginObject("hash").Text("sha256", process.image.program->sha256).EndObject();
  json.BeginObject("parent").Number("pid", pid).Text("entity_id", image.entity_id);
  json.Text("name", image.program->name).Text("executable", image.program->path).EndObject();
  return text.substr(1);
}

void EndpointLog::Ship(const Kind& kind, const Process& process, absl::string_view members,
                       Mark mark) {
  const std::string dataset = absl::StrCat("endpoint.events.", kind.category);
  const std::string time = clock_.Iso(timeline_.Now(), 6);
  const std::string uid = absl::StrCat(process.user.uid), gid = absl::StrCat(process.user.gid);
  std::string document;
  document.reserve(members.size() + static_members_.size() + 800);
  JsonText json(document);
  json.BeginObject().Text("@timestamp", time).Raw(static_members_);
  json.Text("message", absl::StrCat("Endpoint ", kind.noun, " event")).Raw(members);
  json.BeginObject("data_stream").Text("type", "logs").Text("dataset", dataset);
  json.Text("namespace", "default").EndObject().BeginObject("event").Text("action", kind.action);
  json.BeginArray("category").Item(kind.category).EndArray().Text("created", time);
  json.Text("dataset", dataset)
      .Text("id", absl::StrCat("NKzK7X1mzrBAFUKh++++", random_.Letters(4)));
  json.Text("kind", "event").Text("module", "endpoint").Text("outcome", "unknown");
  json.Number("sequence", sequence_++).BeginArray("type").Item(kind.type).EndArray().EndObject();
  json.BeginObject("user").Text("id", uid).Text("name", process.user.name).BeginObject("Ext");
  json.BeginObject("real").Text("id", uid).Text("name", process.user.name).EndObject();
  json.EndObject().EndObject().BeginObject("group").Text("id", gid);
  json.Text("name", process.user.group).EndObject().EndObject();
  shipper_.ShipDocument(Stream::kEndpoint, std::move(document), mark);
}

}  // namespace sequitur::loadgen
