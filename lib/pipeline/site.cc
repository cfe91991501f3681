#include "pipeline/site.h"

#include <fnmatch.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "config/load.h"
#include "pipeline/baseline_file.h"
#include "pipeline/provided_fields.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;

// Fields the pipeline itself reads, whatever the rules do.
constexpr event::FieldId kPipelineFields[] = {
    field::kEventCategory, field::kEventType, field::kEventAction, field::kSourceIp,
    field::kDestinationIp, field::kHostId,    field::kHostName,
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
  return telemetry;
}

}  // namespace

Site::Loaded Site::Load(const SiteOptions& options) {
  Loaded loaded;
  std::unique_ptr<Site> site(new Site());
  auto config = config::LoadConfig(
      options.config_path.empty() ? std::nullopt : std::optional<std::string>(options.config_path));
  site->config_ = std::move(config.config);
  loaded.diagnostics = std::move(config.diagnostics);
  site->LoadRules(options, loaded.diagnostics);
  site->LoadInventory(loaded.diagnostics);
  site->LoadIndicators(loaded.diagnostics);
  site->CompileBaselines(loaded.diagnostics);
  site->LoadLearnt(loaded.diagnostics);
  if (HasErrors(loaded.diagnostics) || site->rules_ == nullptr) return loaded;
  site->BuildProjection();
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
  enrich::Enricher::Options options;
  options.inventory = inventory_.get();
  options.indicators = indicators_.get();
  options.lineage.patience = absl::ToInt64Nanoseconds(config_.lateness);
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
