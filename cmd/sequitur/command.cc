#include "cmd/sequitur/command.h"

#include <cstdio>

namespace sequitur::cmd {

void AddSiteOptions(CLI::App& command, pipeline::SiteOptions& options) {
  command
      .add_option("--config", options.config_path,
                  "Site configuration (default: config/sequitur.yaml if it is there)")
      ->type_name("FILE");
  command
      .add_option("--rules", options.rule_paths,
                  "Rule file or folder, instead of the configured ones; may be repeated")
      ->type_name("PATH")
      ->allow_extra_args(false);
}

std::unique_ptr<const pipeline::Site> LoadOrExplain(const pipeline::SiteOptions& options,
                                                    Warnings warnings) {
  auto [site, diagnostics] = pipeline::Site::Load(options);
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity == Diagnostic::Severity::kWarning && warnings == Warnings::kHide) {
      continue;
    }
    std::fprintf(stderr, "%s\n", diagnostic.ToString().c_str());
  }
  if (site == nullptr) {
    std::fprintf(stderr, "sequitur: the configuration has errors; nothing was run\n");
  }
  return std::move(site);
}

}  // namespace sequitur::cmd
