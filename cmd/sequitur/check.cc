// sequitur check: lint the whole configuration.

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cmd/sequitur/command.h"
#include "pipeline/canary_chain.h"

namespace sequitur::cmd {
namespace {

// The folders that were looked in; a rule that is switched off counts as none.
std::string WhereRulesAre(const pipeline::SiteOptions& options, const pipeline::Site& site) {
  const auto& paths = options.rule_paths.empty() ? site.config().paths.rules : options.rule_paths;
  return paths.empty() ? "the configuration" : absl::StrJoin(paths, ", ");
}

// Which rules the daemon would prove alive, where it is to.
void PrintCanaries(const pipeline::Site& site) {
  if (!site.config().canaries.enabled) return;
  const pipeline::CanaryPlan plan = pipeline::PlanCanaries(site);
  std::printf("canaries for %zu of %zu rules\n", plan.chains.size(), site.rules()->rules().size());
  for (const std::string& rule : plan.dead) {
    std::printf("  missed by %s: none of its tests finds anything with this configuration\n",
                rule.c_str());
  }
  for (const auto& [rule, why] : plan.without) {
    std::printf("  none for %s: %s\n", rule.c_str(), why.c_str());
  }
}

int Check(const pipeline::SiteOptions& options) {
  const auto [site, diagnostics] = pipeline::Site::Load(options);
  size_t errors = 0;
  for (const Diagnostic& diagnostic : diagnostics) {
    std::printf("%s\n", diagnostic.ToString().c_str());
    if (diagnostic.severity == Diagnostic::Severity::kError) ++errors;
  }
  const size_t warnings = diagnostics.size() - errors;
  if (site == nullptr) {
    std::printf("%s, %zu warnings\n",
                errors == 1 ? "1 error" : absl::StrCat(errors, " errors").c_str(), warnings);
    return 1;
  }
  const auto& rules = site->rules()->rules();
  if (rules.empty()) {
    std::printf("no rules in %s: nothing would ever be reported\n",
                WhereRulesAre(options, *site).c_str());
    return 1;
  }
  const auto sequences = std::count_if(rules.begin(), rules.end(),
                                       [](const rules::Rule& rule) { return rule.is_sequence; });
  std::printf(
      "%zu rules (%zu sequences), %zu allowlist entries, %zu tests: no errors, %zu warnings\n",
      rules.size(), static_cast<size_t>(sequences), site->rules()->allowlist().size(),
      site->tests().size(), warnings);
  PrintCanaries(*site);
  return 0;
}

}  // namespace

void AddCheck(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand(
      "check", "Lint configuration, rules, lists and allowlists; exit 1 on errors");
  auto options = std::make_shared<pipeline::SiteOptions>();
  AddSiteOptions(*command, *options);
  command->callback([&run, options] { run = [options] { return Check(*options); }; });
}

}  // namespace sequitur::cmd
