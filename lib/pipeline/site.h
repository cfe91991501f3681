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

struct Site {
  struct LoadedSite {
    std::unique_ptr<const Site> site;  // null when there are errors
    Diagnostics diagnostics;           // errors and warnings, all of them
  };
  static LoadedSite Load(const SiteOptions& options);

  // How records of this file or topic are to be read.
  decode::SourceOptions SourceOptionsFor(absl::string_view name) const;

  event::FieldTable fields;
  event::Projection projection{fields};  // what rules and enrichments read
  config::Config config;
  std::shared_ptr<const rules::RuleSet> rules;
  std::vector<rules::RuleTest> tests;
  enrich::Options enrich;
  event::HostTableOptions hosts;
  correlate::Options correlate;
};

}  // namespace sequitur::pipeline
