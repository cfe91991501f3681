// sequitur baseline: what is normal, learnt from files, to be reviewed.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "alert/printable.h"
#include "base/status_macros.h"
#include "cmd/sequitur/command.h"
#include "pipeline/baseline_file.h"
#include "pipeline/baseline_record.h"
#include "pipeline/baselines_topic.h"
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
    "  sequitur baseline show config/learnt.yaml\n"
    "\n"
    "What the daemon knows is in its baselines topic. A count there is a lower bound:\n"
    "it is written when it has doubled, and once an hour at most besides.\n"
    "\n"
    "  sequitur baseline show\n"
    "  sequitur baseline save --output config/learnt.yaml\n"
    "\n"
    "What was taken out of that file is deleted from the topic, while the daemon is stopped, by\n"
    "\n"
    "  sequitur baseline prune config/learnt.yaml";

constexpr char kNoBrokers[] = "kafka.brokers is not set in the configuration";

int Fail(const std::string& text) {
  std::fprintf(stderr, "sequitur: %s\n", text.c_str());
  return 1;
}

using States = std::vector<enrich::BaselineState>;

// As a file to review.
int Write(const Options& options, const pipeline::Site& site, const States& states) {
  const std::string text = pipeline::BaselinesToYaml(states, site.config().baselines);
  std::FILE* out = options.file.empty() ? stdout : std::fopen(options.file.c_str(), "w");
  if (out == nullptr) return Fail(absl::StrCat(options.file, ": ", std::strerror(errno)));
  const bool written = std::fwrite(text.data(), 1, text.size(), out) == text.size();
  const bool closed = out == stdout ? std::fflush(out) == 0 : std::fclose(out) == 0;
  if (!written || !closed) return Fail(absl::StrCat(options.file, ": ", std::strerror(errno)));
  for (const auto& state : states) {
    std::fprintf(stderr, "%s: %zu combinations\n", state.name.c_str(), state.tuples.size());
  }
  return 0;
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
  if (const int failed = Write(options, *site, summary.baselines); failed != 0) return failed;
  for (const auto* problems : {&inputs.problems, &summary.problems}) {
    for (const std::string& problem : *problems) Fail(problem);
  }
  return inputs.problems.empty() && summary.problems.empty() ? 0 : 1;
}

std::string Age(event::TimeNs since, event::TimeNs until) {
  const int64_t days = (until - since) / (86400 * event::kSecond);
  return absl::StrCat(days, days == 1 ? " day" : " days");
}

std::string ValuesOf(const enrich::BaselineTuple& tuple) {
  return absl::StrJoin(tuple.values, ", ", [](std::string* out, const std::string& value) {
    absl::StrAppend(out, alert::Printable(value, 80));
  });
}

void ShowOne(const enrich::BaselineState& state, const config::Baseline* baseline) {
  std::printf(
      "%s (%s): %zu combinations, learning since %s\n", state.name.c_str(),
      baseline == nullptr ? "not configured" : absl::StrJoin(baseline->fields, ", ").c_str(),
      state.tuples.size(), event::FormatIso8601(state.learning_since).c_str());
  std::printf("  %10s  %-10s %-30s %-6s %s\n", "seen", "over", "last", "learnt", "values");
  for (auto tuple = state.tuples.rbegin(); tuple != state.tuples.rend(); ++tuple) {
    std::printf("  %10llu  %-10s %-30s %-6s %s\n", static_cast<unsigned long long>(tuple->seen),
                Age(tuple->first_seen, tuple->last_seen).c_str(),
                event::FormatIso8601(tuple->last_seen).c_str(), tuple->learnt ? "yes" : "no",
                ValuesOf(*tuple).c_str());
  }
}

void ShowAll(const pipeline::Site& site, const States& states) {
  for (const auto& state : states) {
    const config::Baseline* found = nullptr;
    for (const auto& baseline : site.config().baselines) {
      if (baseline.name == state.name) found = &baseline;
    }
    ShowOne(state, found);
  }
}

// What all partitions of the baselines topic say.
absl::StatusOr<States> ReadTopic(const pipeline::Site& site) {
  if (site.config().kafka.brokers.empty()) {
    return absl::InvalidArgumentError(kNoBrokers);
  }
  ASSIGN_OR_RETURN(auto partitions, pipeline::ReadBaselinesTopic(site, {}));
  States states;
  for (auto& [number, read] : partitions) {
    std::move(read.begin(), read.end(), std::back_inserter(states));
  }
  return pipeline::MergeBaselines(std::move(states));
}

// Unset, and said why, when the file cannot be read or has errors.
std::optional<States> ReadFile(const std::string& path, const pipeline::Site& site) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  if (in) text << in.rdbuf();
  if (!in) {
    Fail(absl::StrCat(path, " cannot be read: ", std::strerror(errno)));
    return std::nullopt;
  }
  Diagnostics diagnostics;
  States states = pipeline::ParseBaselines(text.str(), path, site.config().baselines, diagnostics);
  for (const Diagnostic& problem : diagnostics) {
    std::fprintf(stderr, "%s\n", problem.ToString().c_str());
  }
  if (HasErrors(diagnostics)) return std::nullopt;
  return states;
}

int Show(const Options& options) {
  const auto site = LoadOrExplain(options.site, Warnings::kHide);
  if (site == nullptr) return 1;
  if (options.file.empty()) {
    const auto states = ReadTopic(*site);
    if (!states.ok()) return Fail(std::string(states.status().message()));
    ShowAll(*site, *states);
    return 0;
  }
  const auto states = ReadFile(options.file, *site);
  if (!states) return 1;
  ShowAll(*site, *states);
  return 0;
}

int Save(const Options& options) {
  const auto site = LoadOrExplain(options.site, Warnings::kHide);
  if (site == nullptr) return 1;
  const auto states = ReadTopic(*site);
  if (!states.ok()) return Fail(std::string(states.status().message()));
  return Write(options, *site, *states);
}

int Prune(const Options& options) {
  const auto site = LoadOrExplain(options.site, Warnings::kHide);
  if (site == nullptr) return 1;
  if (site->config().kafka.brokers.empty()) return Fail(kNoBrokers);
  const auto kept = ReadFile(options.file, *site);
  if (!kept) return 1;
  const auto deleted = pipeline::PruneBaselinesTopic(*site, *kept);
  if (!deleted.ok()) return Fail(std::string(deleted.status().message()));
  for (const auto& state : *deleted) {
    for (const auto& tuple : state.tuples) {
      std::printf("deleted from %s: %s\n", state.name.c_str(), ValuesOf(tuple).c_str());
    }
  }
  return 0;
}

}  // namespace

void AddBaseline(CLI::App& app, Run& run) {
  auto* command =
      app.add_subcommand("baseline", "Learn baselines from files, and look at what they know");
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
  auto* show = command->add_subcommand("show", "Print what baselines know as tables");
  AddSiteOptions(*show, options->site);
  show->add_option("file", options->file, "What to show (default: the baselines topic)")
      ->type_name("FILE");
  show->callback([&run, options] { run = [options] { return Show(*options); }; });
  auto* save = command->add_subcommand("save", "Write what the baselines topic holds as a file");
  AddSiteOptions(*save, options->site);
  save->add_option("--output", options->file, "Where to write (default: standard output)")
      ->type_name("FILE");
  save->callback([&run, options] { run = [options] { return Save(*options); }; });
  auto* prune = command->add_subcommand(
      "prune", "Delete from the baselines topic what a file does not have, of its baselines");
  AddSiteOptions(*prune, options->site);
  prune->add_option("file", options->file, "What to keep")->type_name("FILE")->required();
  prune->callback([&run, options] { run = [options] { return Prune(*options); }; });
}

}  // namespace sequitur::cmd
