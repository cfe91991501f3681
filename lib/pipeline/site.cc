#include "pipeline/site.h"

#include <fnmatch.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "config/load.h"
#include "pipeline/baseline_file.h"
#include "pipeline/provided_fields.h"
#include "yaml/document.h"
#include "yaml/files.h"
#include "yaml/json.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;

// Fields the pipeline itself reads, whatever the rules do.
constexpr event::FieldId kPipelineFields[] = {
    field::kEventCategory, field::kEventType,     field::kEventAction,
    field::kSourceIp,      field::kDestinationIp, field::kHostId,
    field::kHostName,      field::kProcessPid,    field::kSequiturFlags,
};

std::optional<std::string> ReadFile(const std::string& path, Diagnostics& diagnostics) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file) {
    Diagnostic problem;
    problem.file = path;
    problem.message = absl::StrCat("cannot be read: ", std::strerror(errno));
    diagnostics.push_back(std::move(problem));
    return std::nullopt;
  }
  return text.str();
}

// The configuration has checked that they parse.
std::vector<event::CidrBlock> Blocks(absl::Span<const std::string> texts) {
  std::vector<event::CidrBlock> blocks;
  for (const std::string& text : texts) {
    if (const auto block = event::CidrBlock::Parse(text)) blocks.push_back(*block);
  }
  return blocks;
}

enrich::DirectionOptions DirectionOf(const config::Network& network) {
  enrich::DirectionOptions options;
  if (network.not_egress_override.has_value()) {
    options.not_egress = Blocks(*network.not_egress_override);
  }
  for (const event::CidrBlock& block : Blocks(network.not_egress)) {
    options.not_egress.push_back(block);
  }
  options.own_ranges = Blocks(network.own_ranges);
  for (const event::CidrBlock& block : Blocks(network.egress_proxies)) {
    options.egress_proxies.push_back({block, 0});
  }
  return options;
}

// All that says how events are read and enriched: the configuration but for what
// is only looked for in them, and the files it names.
std::string EnvironmentText(const config::Config& config) {
  constexpr absl::string_view kLookedFor[] = {"rules",    "lists", "allowlists", "tuning",
                                              "evidence", "log",   "http"};
  std::string text;
  const auto add = [&](absl::string_view part) { absl::StrAppend(&text, part, "\n"); };
  if (!config.file.empty()) {
    yaml::Document document = yaml::Document::Load(config.file);
    for (const auto& [key, value] : document.root().Entries()) {
      if (absl::c_linear_search(kLookedFor, key.text())) continue;
      add(key.text());
      add(yaml::ToJson(value));
    }
  }
  Diagnostics ignored;  // said where the files are read
  for (const std::string& path :
       {config.paths.services, config.paths.indicators, config.paths.learnt}) {
    if (!path.empty()) add(ReadFile(path, ignored).value_or(""));
  }
  // Secrets may change in their files alone.
  for (const auto* properties :
       {&config.kafka.properties, &config.kafka.consumer, &config.kafka.producer}) {
    for (const auto& [name, value] : *properties) add(absl::StrCat(name, "=", value));
  }
  return text;
}

// A record of the latest source must still find its chain.
void SetTimes(const config::Config& config, rules::Telemetry& telemetry) {
  constexpr absl::Duration kKafkasDefault = absl::Hours(7 * 24);
  absl::Duration lateness = config.lateness;
  telemetry.lateness_here = config.lateness_here;
  for (const config::Source& source : config.sources) {
    if (source.lateness.value_or(lateness) <= lateness) continue;
    lateness = *source.lateness;
    telemetry.lateness_here = source.lateness_here;
  }
  telemetry.lateness = absl::ToInt64Nanoseconds(lateness);
  if (!config.kafka.brokers.empty()) {
    telemetry.kept_for = absl::ToInt64Nanoseconds(kKafkasDefault);
  }
}

rules::Telemetry TelemetryOf(const config::Config& config) {
  const auto provided = std::make_shared<const ProvidedFields>(config);
  rules::Telemetry telemetry;
  telemetry.sets_field = [provided](absl::string_view path) { return provided->Has(path); };
  telemetry.makes_category = [provided](absl::string_view category) {
    return provided->Makes(category);
  };
  telemetry.baselines.emplace();
  for (const config::Baseline& baseline : config.baselines) {
    telemetry.baselines->push_back(baseline.name);
  }
  telemetry.hits_per_key = config.limits.hits_per_key;
  SetTimes(config, telemetry);
  return telemetry;
}

}  // namespace

// A rule that did not change knows what it knew; another may read what nobody had
// read before.
void Site::DateRules(const Site* in_use) {
  const bool reads_more = in_use != nullptr && !in_use->ReadsAllThat(*this);
  const event::TimeNs now = absl::ToUnixNanos(absl::Now());
  for (const rules::Rule& rule : rules_->rules()) {
    const int before = in_use == nullptr ? -1 : in_use->rules_->Find(rule.id);
    const bool same =
        before >= 0 && in_use->rules_->rules()[static_cast<size_t>(before)].version == rule.version;
    complete_from_.push_back(same         ? in_use->complete_from_[static_cast<size_t>(before)]
                             : reads_more ? now
                                          : event::kNoTime);
  }
}

bool Site::ReadsAllThat(const Site& other) const {
  for (event::FieldId id = 0; id < other.projection_.size(); ++id) {
    if (other.projection_.Has(id) && !projection_.Has(id)) return false;
  }
  return true;
}

std::vector<std::string> Site::Files() const {
  std::vector<std::string> paths;
  for (const auto* part : {&config_.paths.rules, &config_.paths.lists, &config_.paths.allowlists}) {
    paths.insert(paths.end(), part->begin(), part->end());
  }
  std::vector<std::string> files = yaml::FindFiles(paths).paths;
  for (const std::string& path :
       {config_.file, config_.paths.services, config_.paths.indicators, config_.paths.learnt}) {
    if (!path.empty()) files.push_back(path);
  }
  return files;
}

Site::Loaded Site::Load(const SiteOptions& options, std::shared_ptr<const Site> in_use) {
  Loaded loaded;
  std::unique_ptr<Site> site(new Site());
  if (in_use != nullptr) {
    for (event::FieldId id = event::field::kKnownFields; id < in_use->fields_.size(); ++id) {
      site->fields_.Intern(in_use->fields_.path(id));
    }
  }
  auto config = config::LoadConfig(
      options.config_path.empty() ? std::nullopt : std::optional<std::string>(options.config_path));
  site->config_ = std::move(config.config);
  loaded.diagnostics = std::move(config.diagnostics);
  site->environment_ = EnvironmentText(site->config_);
  site->LoadRules(options, loaded.diagnostics);
  if (in_use != nullptr && site->HasSameEnvironment(*in_use)) {
    site->environment_of_ = in_use->environment_of_ ? in_use->environment_of_ : in_use;
  } else {
    site->LoadInventory(loaded.diagnostics);
    site->LoadIndicators(loaded.diagnostics);
    site->CompileBaselines(loaded.diagnostics);
    site->LoadLearnt(loaded.diagnostics);
  }
  if (HasErrors(loaded.diagnostics) || site->rules_ == nullptr) return loaded;
  site->BuildProjection();
  site->DateRules(in_use.get());
  loaded.site = std::move(site);
  return loaded;
}

void Site::LoadRules(const SiteOptions& options, Diagnostics& diagnostics) {
  rules::LoadOptions load;
  load.rule_paths = options.rule_paths.empty() ? config_.paths.rules : options.rule_paths;
  load.list_paths = config_.paths.lists;
  load.allowlist_paths = config_.paths.allowlists;
  load.tuning = config_.tuning;
  // Other rules than the site's: what it says of rules that are not there is idle.
  load.rules_are_partial = !options.rule_paths.empty();
  load.today = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
  load.evidence_fields = config_.evidence_fields;
  load.telemetry = TelemetryOf(config_);
  for (absl::string_view kind : decode::SourceKindNames()) load.source_kinds.emplace_back(kind);
  rules::Loaded loaded = rules::LoadRuleSet(load, fields_);
  rules_ = std::move(loaded.rules);
  tests_ = std::move(loaded.tests);
  diagnostics.insert(diagnostics.end(), loaded.diagnostics.begin(), loaded.diagnostics.end());
}

void Site::LoadInventory(Diagnostics& diagnostics) {
  enrich::InventorySpec spec;
  if (!config_.paths.services.empty()) {
    const auto text = ReadFile(config_.paths.services, diagnostics);
    if (!text.has_value()) return;
    auto parsed = enrich::ParseInventory(*text, config_.paths.services, diagnostics);
    if (!parsed.has_value()) return;
    spec = *std::move(parsed);
  }
  inventory_ = std::make_unique<enrich::Inventory>(spec);
}

void Site::LoadIndicators(Diagnostics& diagnostics) {
  std::vector<enrich::IndicatorSpec> specs;
  if (!config_.paths.indicators.empty()) {
    const auto text = ReadFile(config_.paths.indicators, diagnostics);
    if (!text.has_value()) return;
    auto parsed = enrich::ParseIndicators(*text, config_.paths.indicators, diagnostics);
    if (!parsed.has_value()) return;
    specs = *std::move(parsed);
  }
  indicators_ = std::make_unique<enrich::IndicatorSet>(specs);
}

void Site::CompileBaselines(Diagnostics& diagnostics) {
  const auto no_lists = [](absl::string_view) -> const std::vector<std::string>* {
    return nullptr;
  };
  for (const config::Baseline& baseline : config_.baselines) {
    enrich::BaselineOptions options;
    options.name = baseline.name;
    for (const std::string& path : baseline.fields) {
      if (const auto id = fields_.Intern(path)) options.fields.push_back(*id);
    }
    options.learning_period = absl::ToInt64Nanoseconds(baseline.learning_period);
    options.learning_until = baseline.learning_until;
    options.age = absl::ToInt64Nanoseconds(baseline.age);
    options.cap = static_cast<size_t>(baseline.cap);
    std::optional<eql::ConditionId> when;
    if (!baseline.when.empty()) {
      auto compiled = baseline_conditions_.CompileCondition(baseline.when, no_lists);
      for (const eql::QueryError& error : compiled.errors) {
        Diagnostic problem = baseline.when_here;
        problem.message = error.message;
        diagnostics.push_back(std::move(problem));
      }
      when = compiled.condition;
    }
    if (when.has_value()) {
      event::Projection read(fields_);
      baseline_conditions_.CollectFields(*when, read);
      for (event::FieldId id = 0; id < read.size(); ++id) {
        if (read.Has(id)) options.when_fields.push_back(id);
      }
    }
    baselines_.push_back(std::move(options));
    baseline_when_.push_back(when);
  }
}

void Site::LoadLearnt(Diagnostics& diagnostics) {
  if (config_.paths.learnt.empty()) return;
  const auto text = ReadFile(config_.paths.learnt, diagnostics);
  if (!text.has_value()) return;
  learnt_ = ParseBaselines(*text, config_.paths.learnt, config_.baselines, diagnostics);
}

void Site::BuildProjection() {
  projection_ = rules_->projection();
  for (event::FieldId id : kPipelineFields) projection_.Add(id);
  enrich::Enricher::AddFields(projection_, EnrichOptions());
}

enrich::Enricher::Options Site::EnrichOptions() const {
  if (environment_of_ != nullptr) return environment_of_->EnrichOptions();
  enrich::Enricher::Options options;
  options.inventory = inventory_.get();
  options.indicators = indicators_.get();
  options.lineage.patience = absl::ToInt64Nanoseconds(config_.lateness);
  options.lineage.max_bytes = static_cast<size_t>(config_.limits.process_memory);
  options.direction = DirectionOf(config_.network);
  options.baselines = baselines_;
  for (size_t i = 0; i < baselines_.size(); ++i) {
    if (!baseline_when_[i].has_value()) continue;
    auto evaluator = std::make_shared<eql::Evaluator>(baseline_conditions_);
    options.baselines[i].when = [evaluator, when = *baseline_when_[i]](const event::Event& event) {
      evaluator->Begin(event);
      return evaluator->Matches(when);
    };
  }
  return options;
}

event::HostTableOptions Site::HostOptions() const {
  event::HostTableOptions options;
  for (const config::Host& host : config_.hosts) {
    options.hosts.push_back({host.name, host.ids, host.addresses});
  }
  options.strip_domains = config_.strip_domains;
  options.max_hosts = static_cast<size_t>(config_.limits.hosts);
  options.own_networks = Blocks(config_.network.own_ranges);
  return options;
}

correlate::Options Site::CorrelateOptions() const {
  correlate::Options options;
  absl::Duration lateness = config_.lateness;
  // A record of the slowest source must still find its chain.
  for (const config::Source& source : config_.sources) {
    lateness = std::max(lateness, source.lateness.value_or(lateness));
  }
  options.lateness = absl::ToInt64Nanoseconds(lateness);
  options.limits.memory = config_.limits.memory;
  options.limits.host_share = static_cast<double>(config_.limits.host_memory_percent) / 100;
  options.limits.key.max_hits = static_cast<size_t>(config_.limits.hits_per_key);
  return options;
}

decode::SourceOptions Site::SourceOptionsFor(absl::string_view name) const {
  const std::string path(name);
  const std::string base = std::filesystem::path(path).filename().string();
  decode::SourceOptions options;
  for (const config::Source& source : config_.sources) {
    if (fnmatch(source.match.c_str(), path.c_str(), 0) == 0 ||
        fnmatch(source.match.c_str(), base.c_str(), 0) == 0) {
      options = source.options;
      break;
    }
  }
  for (const config::Host& host : config_.hosts) {
    if (!host.time_zone.has_value()) continue;
    options.host_zones.emplace(absl::AsciiStrToLower(host.name), *host.time_zone);
    for (const std::string& id : host.ids) {
      options.host_zones.emplace(absl::AsciiStrToLower(id), *host.time_zone);
    }
  }
  return options;
}

}  // namespace sequitur::pipeline
