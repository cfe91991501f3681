// services.yaml to InventorySpec.

#include "absl/strings/str_cat.h"
#include "enrich/inventory.h"
#include "yaml/document.h"

namespace sequitur::enrich {
namespace {

DeclaredChild ReadChild(const yaml::Node& node) {
  DeclaredChild out;
  yaml::Mapping child(node, "an expected child");
  out.program = child.RequireString("program").value_or("");
  if (const auto arguments = child.Require("arguments")) {
    out.any_arguments = arguments->is_scalar() && arguments->text() == "any";
    if (!out.any_arguments) out.arguments = arguments->AsStrings();
    if (arguments->is_scalar() && !out.any_arguments) {
      arguments->AddError("expected `any` or a list with one pattern per argument");
    }
  }
  child.Finish();
  return out;
}

ServiceCommand ReadCommand(const yaml::Node& node) {
  ServiceCommand out;
  yaml::Mapping command(node, "a command");
  out.program = command.RequireString("program").value_or("");
  out.arguments = command.RequireString("arguments").value_or("");
  command.Finish();
  return out;
}

ServiceSpec ReadService(const yaml::Node& node) {
  ServiceSpec out;
  yaml::Mapping service(node, "a service");
  out.name = service.RequireString("name").value_or("");
  out.processes = service.GetStrings("processes");
  out.runtimes = service.GetStrings("runtimes");
  out.workers = service.GetStrings("workers");
  if (const auto upstreams = service.Get("upstreams")) out.upstreams = upstreams->AsStrings();
  out.datasets = service.GetStrings("datasets");
  out.web_roots = service.GetStrings("web_roots");
  out.module_dirs = service.GetStrings("module_dirs");
  out.logs = service.GetStrings("logs");
  out.temp = service.GetStrings("temp");
  out.cache = service.GetStrings("cache");
  out.config = service.GetStrings("config");
  out.egress = service.GetStrings("expected_egress");
  if (const auto commands = service.Get("commands")) {
    for (const yaml::Node& each : commands->Elements()) out.commands.push_back(ReadCommand(each));
  }
  if (const auto children = service.Get("expected_children")) {
    for (const yaml::Node& each : children->Elements()) out.children.push_back(ReadChild(each));
  }
  service.Finish();
  return out;
}

bool NamesService(const InventorySpec& spec, absl::string_view name) {
  for (const ServiceSpec& service : spec.services) {
    if (service.name == name) return true;
  }
  return false;
}

void CheckNames(const InventorySpec& spec, const yaml::Node& node) {
  for (const ServiceSpec& service : spec.services) {
    const auto check = [&](absl::string_view what, const std::vector<std::string>& names) {
      for (const std::string& name : names) {
        if (NamesService(spec, name)) continue;
        node.AddError(absl::StrCat("service '", service.name, "' names the ", what, " '", name,
                                   "', which is no service here"));
      }
    };
    check("worker", service.workers);
    check("upstream", service.upstreams.value_or(std::vector<std::string>()));
  }
}

}  // namespace

std::optional<InventorySpec> ParseInventory(absl::string_view yaml_text,
                                            absl::string_view file_name, Diagnostics& diagnostics) {
  yaml::Document document = yaml::Document::Parse(yaml_text, file_name);
  InventorySpec spec;
  yaml::Mapping root(document.root(), "the inventory");
  if (const auto services = root.Get("services")) {
    for (const yaml::Node& node : services->Elements()) {
      ServiceSpec service = ReadService(node);
      if (NamesService(spec, service.name)) node.AddError("a second service of this name");
      if (spec.services.size() == Inventory::kMaxServices) {
        node.AddError(absl::StrCat("more than ", Inventory::kMaxServices, " services"));
        break;
      }
      spec.services.push_back(std::move(service));
    }
    CheckNames(spec, *services);
  }
  spec.web_users = root.GetStrings("web_users");
  spec.persistence = root.GetStrings("persistence");
  spec.shared_temp = root.GetStrings("shared_temp");
  root.Finish();
  const bool failed = document.HasErrors();
  for (Diagnostic& each : document.TakeDiagnostics()) diagnostics.push_back(std::move(each));
  if (failed) return std::nullopt;
  return spec;
}

}  // namespace sequitur::enrich
