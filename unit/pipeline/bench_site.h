#pragma once

// The shipped site with more rules, for benchmarks run from the project's folder.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "pipeline/site.h"
#include "rules/realistic_rules.h"

namespace sequitur::bench {

// `yaml` is a file of rules; without one the site is as shipped. Ends the program
// where the rules are wrong.
inline std::unique_ptr<const pipeline::Site> SiteWith(const std::string& yaml) {
  pipeline::SiteOptions options;
  std::string folder = std::filesystem::temp_directory_path() / "sequitur_bench_XXXXXX";
  if (!yaml.empty()) {
    if (mkdtemp(folder.data()) == nullptr) std::exit(1);
    const std::string path = folder + "/more.yaml";
    std::ofstream(path) << yaml;
    options.rule_paths = {"config/rules", path};
  }
  auto loaded = pipeline::Site::Load(options);
  std::filesystem::remove_all(folder);
  if (loaded.site != nullptr) return std::move(loaded.site);
  for (const Diagnostic& problem : loaded.diagnostics) {
    std::fprintf(stderr, "%s\n", problem.ToString().c_str());
  }
  std::exit(1);
}

// Twenty rules of two steps for each family of telemetry.
inline std::string TwoStepRulesOfAllFamilies() {
  std::string rules;
  for (const auto family : kFamilies) rules += TwoStepRules(family, 20);
  return rules;
}

}  // namespace sequitur::bench
