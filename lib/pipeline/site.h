#pragma once

// Site: everything that the configuration decides, loaded, compiled and turned
// into each module's options. The one place that knows both config and modules.
//
// A site that is loaded while another is in use extends its field table, so that
// fields keep their numbers and pending state stays valid. Where nothing but
// rules, lists, allowlists, tuning and evidence changed, it also shares the
// other's environment (services, indicators, baselines): then engines can go over
// to it as they are.
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
  static Loaded Load(const SiteOptions& options, std::shared_ptr<const Site> in_use = nullptr);

  // Both read events, hosts and Kafka in the same way: only what is looked for
  // in them may differ.
  bool HasSameEnvironment(const Site& other) const { return environment_ == other.environment_; }
  // Events that came in before this (record time) may lack fields that the rule
  // reads, since nothing read them then; kNoTime: none do. By index into rules().
  event::TimeNs CompleteFrom(uint32_t rule) const { return complete_from_[rule]; }

  // Whether all that the other reads of an event is read here too.
  bool ReadsAllThat(const Site& other) const;
  // Every file the site was read from, folders with what is in them now.
  std::vector<std::string> Files() const;

  // How records of this file or topic are to be read.
  decode::SourceOptions SourceOptionsFor(absl::string_view name) const;
  // Options for one worker's Enricher; baselines' conditions are its own.
  enrich::Enricher::Options EnrichOptions() const;
  event::HostTableOptions HostOptions() const;
  correlate::Options CorrelateOptions() const;

  const enrich::IndicatorSet& indicators() const {
    return environment_of_ ? environment_of_->indicators() : *indicators_;
  }
  // Baselines' `when`, by baseline, and the program they are of.
  const eql::Program& baseline_conditions() const {
    return environment_of_ ? environment_of_->baseline_conditions() : baseline_conditions_;
  }
  const std::vector<std::optional<eql::ConditionId>>& baseline_when() const {
    return environment_of_ ? environment_of_->baseline_when() : baseline_when_;
  }

  const config::Config& config() const { return config_; }
  const event::FieldTable& fields() const { return fields_; }
  // What rules, alerts and enrichments read of an event.
  const event::Projection& projection() const { return projection_; }
  const std::shared_ptr<const rules::RuleSet>& rules() const { return rules_; }
  const std::vector<rules::RuleTest>& tests() const { return tests_; }
  // What baselines know from the start.
  const std::vector<enrich::BaselineState>& learnt() const {
    return environment_of_ ? environment_of_->learnt() : learnt_;
  }

 private:
  Site() = default;
  void LoadRules(const SiteOptions& options, Diagnostics& diagnostics);
  void LoadInventory(Diagnostics& diagnostics);
  void LoadIndicators(Diagnostics& diagnostics);
  void CompileBaselines(Diagnostics& diagnostics);
  void LoadLearnt(Diagnostics& diagnostics);
  void BuildProjection();
  void DateRules(const Site* in_use);

  std::string environment_;                     // all that is not looked for, as text
  std::shared_ptr<const Site> environment_of_;  // whose it is; null: our own
  std::vector<event::TimeNs> complete_from_;    // by rule
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
