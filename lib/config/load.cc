#include "config/load.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "config/sections.h"
#include "yaml/scalar.h"

namespace sequitur::config {
namespace {

namespace fs = std::filesystem;

using yaml::Mapping;
using yaml::Node;

constexpr absl::string_view kDefaultFile = "config/sequitur.yaml";
constexpr absl::string_view kDefaultFolder = "config";

bool Exists(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// Reads the paths of the site's other files, which start from its folder. One
// that is written down must exist; a default that does not is left out.
class PathReader {
 public:
  explicit PathReader(fs::path folder) : folder_(std::move(folder)) {}

  std::vector<std::string> ReadAll(Mapping& mapping, absl::string_view key) const {
    const auto node = mapping.Get(key);
    if (!node) return Default(key);
    std::vector<std::string> paths;
    for (const Node& element : node->Elements()) paths.push_back(Given(element));
    return paths;
  }

  std::string ReadOne(Mapping& mapping, absl::string_view key,
                      absl::string_view default_name) const {
    const auto node = mapping.Get(key);
    if (node) return Given(*node);
    const std::vector<std::string> paths = Default(default_name);
    return paths.empty() ? "" : paths[0];
  }

  std::vector<std::string> Default(absl::string_view name) const {
    const fs::path path = folder_ / std::string(name);
    if (!Exists(path)) return {};
    return {path.string()};
  }

 private:
  std::string Given(const Node& node) const {
    const fs::path path = folder_ / node.AsString().value_or("");
    if (node.is_scalar() && !Exists(path)) {
      node.AddError(absl::StrCat("no such file or folder: ", path.string()));
    }
    return path.string();
  }

  fs::path folder_;
};

Paths DefaultPaths() {
  const PathReader reader{fs::path(std::string(kDefaultFolder))};
  const auto one = [&](absl::string_view name) {
    const std::vector<std::string> paths = reader.Default(name);
    return paths.empty() ? std::string() : paths[0];
  };
  return {reader.Default("rules"), reader.Default("lists"), reader.Default("allowlists"),
          one("services.yaml"),    one("indicators.yaml"),  one("learnt.yaml")};
}

Paths ReadPaths(Mapping& site) {
  const PathReader reader(fs::path(std::string(site.node().file())).parent_path());
  Paths paths;
  paths.rules = reader.ReadAll(site, "rules");
  paths.lists = reader.ReadAll(site, "lists");
  paths.allowlists = reader.ReadAll(site, "allowlists");
  paths.services = reader.ReadOne(site, "services", "services.yaml");
  paths.indicators = reader.ReadOne(site, "indicators", "indicators.yaml");
  paths.learnt = reader.ReadOne(site, "learnt", "learnt.yaml");
  return paths;
}

void ReadEvidence(const Node& node, Config& config) {
  Mapping mapping(node, "evidence");
  if (const auto fields = mapping.Get("fields")) config.evidence_fields = fields->AsStrings();
  mapping.Finish();
}

void ReadSite(const Node& root, Config& config) {
  Mapping site(root, "the site configuration");
  config.paths = ReadPaths(site);
  if (const auto node = site.Get("sources")) config.sources = ReadSources(*node);
  if (const auto node = site.Get("hosts")) config.hosts = ReadHosts(*node);
  config.strip_domains = site.GetStrings("strip_domains");
  if (const auto node = site.Get("network")) config.network = ReadNetwork(*node);
  if (const auto node = site.Get("baselines")) config.baselines = ReadBaselines(*node);
  if (const auto lateness = site.Get("lateness")) {
    config.lateness = lateness->AsDuration().value_or(config.lateness);
    config.lateness_here = lateness->Here();
  }
  if (const auto node = site.Get("clock")) config.clock = ReadClock(*node);
  if (const auto node = site.Get("coverage")) config.coverage = ReadCoverage(*node);
  if (const auto node = site.Get("canaries")) config.canaries = ReadCanaries(*node);
  if (const auto node = site.Get("http")) config.http = ReadHttp(*node);
  if (const auto node = site.Get("limits")) config.limits = ReadLimits(*node);
  if (const auto node = site.Get("kafka")) config.kafka = ReadKafka(*node);
  if (const auto node = site.Get("log")) config.log = ReadLog(*node);
  if (const auto node = site.Get("evidence")) ReadEvidence(*node, config);
  if (const auto node = site.Get("tuning")) config.tuning = rules::ReadTuning(*node);
  site.Finish();
}

void Warn(Diagnostic here, std::string message, Diagnostics& diagnostics) {
  here.severity = Diagnostic::Severity::kWarning;
  here.message = std::move(message);
  diagnostics.push_back(std::move(here));
}

// Times that do not go together.
void CheckTimes(const Config& config, Diagnostics& diagnostics) {
  absl::Duration longest = config.lateness;
  for (const Source& source : config.sources) {
    if (!source.lateness) continue;
    longest = std::max(longest, *source.lateness);
    if (*source.lateness >= config.lateness) continue;
    Warn(source.lateness_here,
         absl::StrCat("shorter than the site's lateness (", absl::FormatDuration(config.lateness),
                      "), which counts for all: a source's own can only be longer"),
         diagnostics);
  }
  if (config.clock.max_future <= longest) return;
  const bool set = config.clock.max_future_here.line > 0;
  Warn(set ? config.clock.max_future_here : config.lateness_here,
       absl::StrCat("clock.max_future (", absl::FormatDuration(config.clock.max_future),
                    ") is longer than lateness (", absl::FormatDuration(longest),
                    "): one sensor whose clock is so far ahead makes all else of its host too "
                    "late to be joined; ",
                    set ? "lower it, or raise lateness" : "raise lateness, or lower it"),
       diagnostics);
}

void AddLines(const Node& node, std::set<int>& lines) {
  lines.insert(node.line());
  if (node.is_sequence()) {
    for (const Node& element : node.Elements()) AddLines(element, lines);
  }
  for (const auto& [key, value] : node.Entries()) {
    lines.insert(key.line());
    AddLines(value, lines);
  }
}

// A password may be written into a property, so problems of such lines come
// without the line itself.
void HidePropertyLines(const Node& root, Diagnostics& diagnostics) {
  std::set<int> lines;
  for (const auto& [section, kafka] : root.Entries()) {
    if (section.text() != "kafka") continue;
    for (const auto& [key, value] : kafka.Entries()) {
      if (key.text() == "properties" || key.text() == "consumer" || key.text() == "producer") {
        AddLines(value, lines);
      }
    }
  }
  for (Diagnostic& diagnostic : diagnostics) {
    if (lines.contains(diagnostic.line)) diagnostic.source_line.clear();
  }
}

}  // namespace

std::vector<std::string> DefaultEvidenceFields() {
  return {
      "message",
      "event.category",
      "event.type",
      "event.action",
      "event.outcome",
      "event.dataset",
      "event.id",
      "host.id",
      "host.name",
      "host.ip",
      "service.name",
      "user.id",
      "user.name",
      "user_agent.original",
      "http.request.method",
      "http.request.referrer",
      "http.response.status_code",
      "http.response.body.bytes",
      "url.original",
      "url.path",
      "url.query",
      "url.domain",
      "error.message",
      "log.file.path",
      "process.pid",
      "process.entity_id",
      "process.executable",
      "process.name",
      "process.args",
      "process.command_line",
      "process.working_directory",
      "process.exit_code",
      "process.hash.sha256",
      "process.code_signature.signing_id",
      "process.code_signature.team_id",
      "process.parent.pid",
      "process.parent.entity_id",
      "process.parent.executable",
      "process.parent.name",
      "process.parent.command_line",
      "process.script.path",
      "file.path",
      "file.name",
      "file.target_path",
      "source.ip",
      "source.port",
      "destination.ip",
      "destination.port",
      "destination.domain",
      "network.transport",
      "network.protocol",
      "network.direction",
      "network.bytes",
      "network.community_id",
      "sequitur.source",
      "sequitur.exit.signal",
      "sequitur.indicators",
      "sequitur.novel",
      "sequitur.ancestors.name",
      "sequitur.lineage.service",
      "sequitur.lineage.entity_id",
      "sequitur.lineage.complete",
      "sequitur.flags",
  };
}

LoadedConfig ReadConfig(yaml::Document document) {
  LoadedConfig loaded;
  loaded.config.file = std::string(document.root().file());
  ReadSite(document.root(), loaded.config);
  loaded.diagnostics = document.TakeDiagnostics();
  CheckTimes(loaded.config, loaded.diagnostics);
  HidePropertyLines(document.root(), loaded.diagnostics);
  return loaded;
}

LoadedConfig LoadConfig(const std::optional<std::string>& path) {
  if (path) return ReadConfig(yaml::Document::Load(*path));
  if (Exists(fs::path(std::string(kDefaultFile)))) {
    return ReadConfig(yaml::Document::Load(kDefaultFile));
  }
  LoadedConfig loaded;
  loaded.config.paths = DefaultPaths();
  return loaded;
}

}  // namespace sequitur::config
