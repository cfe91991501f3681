// sequitur baseline: what is normal, learnt from files, to be reviewed.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "alert/printable.h"
#include "cmd/sequitur/command.h"
#include "pipeline/baseline_file.h"
#include "pipeline/replay.h"

namespace sequitur::cmd {
namespace {

struct Options {
  pipeline::SiteOptions site;
  std::vector<std::string> paths;
  std::string host;
  std::string file;
};

constexpr char kFooter[] =
    "`learn` writes every combination that the configured baselines see in the inputs,\n"
    "also those that would have been new: read them, and take out what is not normal.\n"
    "With `learnt: FILE` in the configuration, replay and run begin with them.\n"
    "\n"
    "  sequitur baseline learn --output config/learnt.yaml /var/log/nginx es.ndjson.gz\n"
    "  sequitur baseline show config/learnt.yaml";

int Fail(const std::string& text) {
  std::fprintf(stderr, "sequitur: %s\n", text.c_str());
  return 1;
}

int Learn(const Options& options) {
  const auto site = LoadOrExplain(options.site, Warnings::kHide);
  if (site == nullptr) return 1;
  if (site->config().baselines.empty()) return Fail("no baselines are configured");
  if (!site->projection().Has(event::field::kSequiturNovel)) {
    return Fail("no rule reads sequitur.novel, so that baselines are not kept");
  }
  const pipeline::InputList inputs = pipeline::ListInputs(options.paths);
  SourceNames sources;
  pipeline::ReplayOptions replay;
  replay.host = options.host;
  replay.baselines = true;
  const auto summary = pipeline::Replay(
      *site, inputs.inputs, replay, [](const alert::Alert&) {}, nullptr, sources);
  const std::string text = pipeline::BaselinesToYaml(summary.baselines, site->config().baselines);
  std::FILE* out = options.file.empty() ? stdout : std::fopen(options.file.c_str(), "w");
  if (out == nullptr) return Fail(absl::StrCat(options.file, ": ", std::strerror(errno)));
  const bool written = std::fwrite(text.data(), 1, text.size(), out) == text.size();
  const bool closed = out == stdout ? std::fflush(out) == 0 : std::fclose(out) == 0;
  if (!written || !closed) return Fail(absl::StrCat(options.file, ": ", std::strerror(errno)));
  for (const auto& state : summary.baselines) {
    std::fprintf(stderr, "%s: %zu combinations\n", state.name.c_str(), state.tuples.size());
  }
  for (const auto* problems : {&inputs.problems, &summary.problems}) {
    for (const std::string& problem : *problems) Fail(problem);
  }
  return inputs.problems.empty() && summary.problems.empty() ? 0 : 1;
}

std::string Age(event::TimeNs since, event::TimeNs until) {
  const int64_t days = (until - since) / (86400 * event::kSecond);
  return absl::StrCat(days, days == 1 ? " day" : " days");
}

void Show(const enrich::BaselineState& state, const config::Baseline* baseline) {
  std::printf("%s (%s): %zu combinations, learning since %s\n", state.name.c_str(),
              baseline == nullptr ? "" : absl::StrJoin(baseline->fields, ", ").c_str(),
              state.tuples.size(), event::FormatIso8601(state.learning_since).c_str());
  std::printf("  %10s  %-12s %-26s %s\n", "seen", "over", "last", "values");
  for (auto tuple = state.tuples.rbegin(); tuple != state.tuples.rend(); ++tuple) {
    std::vector<std::string> values;
    for (const std::string& value : tuple->values) values.push_back(alert::Printable(value, 80));
    std::printf("  %10llu  %-12s %-26s %s\n", static_cast<unsigned long long>(tuple->seen),
                Age(tuple->first_seen, tuple->last_seen).c_str(),
                event::FormatIso8601(tuple->last_seen).c_str(),
                absl::StrJoin(values, ", ").c_str());
  }
}

int ShowFile(const Options& options) {
  const auto site = LoadOrExplain(options.site, Warnings::kHide);
  if (site == nullptr) return 1;
  std::ifstream in(options.file, std::ios::binary);
  std::stringstream text;
  if (in) text << in.rdbuf();
  if (!in) return Fail(absl::StrCat(options.file, " cannot be read: ", std::strerror(errno)));
  Diagnostics diagnostics;
  const auto& configured = site->config().baselines;
  const auto states = pipeline::ParseBaselines(text.str(), options.file, configured, diagnostics);
  for (const Diagnostic& problem : diagnostics) {
    std::fprintf(stderr, "%s\n", problem.ToString().c_str());
  }
  for (const auto& state : states) {
    const config::Baseline* found = nullptr;
    for (const auto& baseline : configured) {
      if (baseline.name == state.name) found = &baseline;
    }
    Show(state, found);
  }
  return HasErrors(diagnostics) ? 1 : 0;
}

}  // namespace

void AddBaseline(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("baseline", "Learn baselines from files, and look at them");
  command->require_subcommand(1);
  command->footer(kFooter);
  auto options = std::make_shared<Options>();
  auto* learn = command->add_subcommand("learn", "Write what the baselines see in the inputs");
  AddSiteOptions(*learn, options->site);
  learn->add_option("--host", options->host, "Host of records that name none")->type_name("NAME");
  learn->add_option("--output", options->file, "Where to write (default: standard output)")
      ->type_name("FILE");
  learn->add_option("inputs", options->paths, "What to read, as for replay")
      ->type_name("[SOURCE=]PATH")
      ->required();
  learn->callback([&run, options] { run = [options] { return Learn(*options); }; });
  auto* show = command->add_subcommand("show", "Print a file of learnt baselines as tables");
  AddSiteOptions(*show, options->site);
  show->add_option("file", options->file, "What to show")->type_name("FILE")->required();
  show->callback([&run, options] { run = [options] { return ShowFile(*options); }; });
}

}  // namespace sequitur::cmd
