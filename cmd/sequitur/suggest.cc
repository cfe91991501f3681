// sequitur suggest: allowlist entries to consider.

#include "pipeline/suggest.h"

#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cmd/sequitur/command.h"

namespace sequitur::cmd {
namespace {

struct Options {
  pipeline::SiteOptions site;
  std::vector<std::string> paths;
  std::string host;
  uint64_t at_least = 3;
  int days = 30;
};

constexpr char kFooter[] =
    "Prints entries for a file of config/allowlists, narrow ones, for what fires again\n"
    "and again in the inputs. Nothing is applied: an entry is refused until an owner and\n"
    "a reason are written down. Entries of the allowlists in force that have expired or\n"
    "held nothing back are named, too.\n"
    "\n"
    "  sequitur suggest /var/log/nginx eslogger.json.gz > /tmp/consider.yaml";

// What load said of entries that have expired.
void PrintExpired(const Diagnostics& diagnostics) {
  for (const Diagnostic& problem : diagnostics) {
    if (!absl::StrContains(problem.message, "expired on")) continue;
    std::printf("# Expired: %s:%d: %s\n", problem.file.c_str(), problem.line,
                problem.message.c_str());
  }
}

int Suggest(const Options& options) {
  const auto [site, diagnostics] = pipeline::Site::Load(options.site);
  if (site == nullptr) {
    for (const Diagnostic& problem : diagnostics) {
      std::fprintf(stderr, "%s\n", problem.ToString().c_str());
    }
    return 1;
  }
  const pipeline::InputList inputs = pipeline::ListInputs(options.paths);
  const auto found = pipeline::Suggest(*site, inputs.inputs, options.host, options.at_least);
  const absl::CivilDay expires = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone()) + options.days;
  for (const pipeline::Suggestion& entry : found.entries) {
    std::printf("%s\n", pipeline::ToYaml(entry, expires).c_str());
  }
  PrintExpired(diagnostics);
  for (const rules::AllowlistEntry& entry : found.unused) {
    std::printf("# Never hit here: %s:%d (%s)\n", entry.file.c_str(), entry.line,
                entry.rule.c_str());
  }
  std::fprintf(stderr, "%llu records, %llu alerts, %zu suggestions\n",
               static_cast<unsigned long long>(found.summary.records),
               static_cast<unsigned long long>(found.alerts), found.entries.size());
  if (found.beyond > 0) {
    std::fprintf(stderr, "  %llu further alerts were not looked at\n",
                 static_cast<unsigned long long>(found.beyond));
  }
  for (const auto* problems : {&inputs.problems, &found.summary.problems}) {
    for (const std::string& problem : *problems) {
      std::fprintf(stderr, "sequitur: %s\n", problem.c_str());
    }
  }
  return inputs.problems.empty() && found.summary.problems.empty() ? 0 : 1;
}

}  // namespace

void AddSuggest(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand(
      "suggest", "Allowlist entries to consider, from what fires repeatedly in logs");
  auto options = std::make_shared<Options>();
  AddSiteOptions(*command, options->site);
  command->add_option("--host", options->host, "Host of records that name none")->type_name("NAME");
  command->add_option("--at-least", options->at_least, "Alerts that make a suggestion (default: 3)")
      ->check(CLI::PositiveNumber)
      ->type_name("COUNT");
  command->add_option("--days", options->days, "Until an entry expires (default: 30)")
      ->check(CLI::Range(1, 3650))
      ->type_name("DAYS");
  command->add_option("inputs", options->paths, "What to read, as for replay")
      ->type_name("[SOURCE=]PATH")
      ->required();
  command->footer(kFooter);
  command->callback([&run, options] { run = [options] { return Suggest(*options); }; });
}

}  // namespace sequitur::cmd
