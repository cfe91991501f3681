#pragma once

// Site: everything that the configuration decides, loaded, compiled and turned
// into each module's options. The one place that knows both config and modules.
//
// Threads:  immutable once loaded; shared const.
// Lifetime: outlives every Engine made from it.

#include <memory>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "config/config.h"
#include "correlate/correlator.h"
#include "decode/source.h"
#include "enrich/enricher.h"
#include "eql/program.h"
#include "event/field_table.h"
#include "event/host_table.h"
#include "rules/loader.h"
#include "rules/rule_set.h"

namespace sequitur::pipeline {

struct SiteOptions {
  // Empty: config/sequitur.yaml if it exists, else built-in defaults.
  std::string config_path;
  // Not empty: these files or folders instead of the configured rules.
  std::vector<std::string> rule_paths;
};

class Site {
 public:
  struct Loaded {
    std::unique_ptr<const Site> site;  // null when there are errors
    Diagnostics diagnostics;           // errors and warnings, all of them
  };
  static Loaded Load(const SiteOptions& options);

  // How records of this file or topic are to be read.
  decode::SourceOptions SourceOptionsFor(absl::string_view name) const;
  // Options for one worker's Enricher; baselines' conditions are its own.
  enrich::Enricher::Options EnrichOptions() const;
  event::HostTableOptions HostOptions() const;
  correlate::Options CorrelateOptions() const;

  const config::Config& config() const { return config_; }
  const event::FieldTable& fields() const { return fields_; }
  // What rules, alerts and enrichments read of an event.
  const event::Projection& projection() const { return projection_; }
  const std::shared_ptr<const rules::RuleSet>& rules() const { return rules_; }
  const std::vector<rules::RuleTest>& tests() const { return tests_; }
  // What baselines know from the start.
  const std::vector<enrich::BaselineState>& learnt() const { return learnt_; }

 private:
  Site() = default;
  void LoadRules(const SiteOptions& options, Diagnostics& diagnostics);
  void LoadInventory(Diagnostics& diagnostics);
  void LoadIndicators(Diagnostics& diagnostics);
  void CompileBaselines(Diagnostics& diagnostics);
  void LoadLearnt(Diagnostics& diagnostics);
  void BuildProjection();

  config::Config config_;
  event::FieldTable fields_;
  event::Projection projection_{fields_};
  std::shared_ptr<const rules::RuleSet> rules_;
  std::vector<rules::RuleTest> tests_;
  std::unique_ptr<const enrich::Inventory> inventory_;
  std::unique_ptr<const enrich::IndicatorSet> indicators_;
  eql::Program baseline_conditions_{fields_};
  std::vector<enrich::BaselineOptions> baselines_;
  std::vector<enrich::BaselineState> learnt_;
  std::vector<std::optional<eql::ConditionId>> baseline_when_;  // by baseline
};

}  // namespace sequitur::pipeline
