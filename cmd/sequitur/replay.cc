// sequitur replay: files in, alerts out.

#include "pipeline/replay.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "alert/alert_json.h"
#include "alert/timeline_text.h"
#include "cmd/sequitur/command.h"
#include "pipeline/misses.h"

namespace sequitur::cmd {
namespace {

struct Options {
  pipeline::SiteOptions site;
  std::vector<std::string> paths;
  std::string host;
  std::string output;
  bool no_suppress = false;
  bool explain_misses = false;
  std::string misses_output;
  int threads = 0;
};

constexpr char kFooter[] =
    "PATH may be a file, a .gz, a folder, or - for standard input; several are merged\n"
    "by event time. SOURCE names the kind where content does not tell it:\n"
    "  nginx-access nginx-error httpd-access httpd-error php-fpm eslogger ecs osquery\n"
    "  santa zeek suricata goflow2\n"
    "\n"
    "  sequitur replay /var/log/nginx eslogger.json.gz\n"
    "  eslogger exec fork exit create | sequitur replay --host web-03 -\n"
    "  sequitur replay --explain-misses yesterday/          # windows to tune\n"
    "  sequitur replay --output json ecs=events.ndjson | jq .message";

// One line on the terminal, rewritten; nothing when standard error is none.
class ProgressLine {
 public:
  ProgressLine() : shown_(isatty(STDERR_FILENO) != 0) {}

  void Show(const pipeline::ReplayProgress& progress) {
    const absl::Time now = absl::Now();
    if (!shown_ || now < next_) return;
    next_ = now + absl::Milliseconds(200);
    std::string line =
        absl::StrFormat("\r\x1b[K%d records, %d alerts", progress.records, progress.alerts);
    if (progress.bytes_total > 0) {
      absl::StrAppendFormat(
          &line, ", %d %%",
          std::min<int64_t>(100, 100 * progress.bytes_read / progress.bytes_total));
    }
    Write(line);
    visible_ = true;
  }
  // Before anything else is printed.
  void Clear() {
    if (visible_) Write("\r\x1b[K");
    visible_ = false;
  }

 private:
  static void Write(absl::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  }

  const bool shown_;
  bool visible_ = false;
  absl::Time next_ = absl::InfinitePast();
};

void PrintSkipped(const pipeline::ReplaySummary& summary) {
  for (const auto& [result, skipped] : summary.skipped) {
    if (result == decode::DecodeResult::kEmpty) continue;
    std::fprintf(stderr, "  %s %llu %s (first: %s)\n",
                 decode::IsDecodeError(result) ? "unreadable:" : "passed over:",
                 static_cast<unsigned long long>(skipped.count),
                 std::string(decode::DecodeResultName(result)).c_str(), skipped.first.c_str());
  }
}

void PrintLosses(const pipeline::Site& site, const pipeline::ReplaySummary& summary) {
  const auto& stats = summary.correlate;
  if (stats.late_events > 0) {
    std::fprintf(stderr, "  late: %llu events older than the lateness bound\n",
                 static_cast<unsigned long long>(stats.late_events));
  }
  for (size_t rule = 0; rule < stats.rules.size(); ++rule) {
    for (size_t reason = 0; reason < correlate::kEvictReasons; ++reason) {
      const uint64_t evicted = stats.rules[rule].evicted[reason];
      if (evicted == 0) continue;
      std::fprintf(
          stderr, "  evicted: %llu hits of %s (%s), %llu of them in advanced sequences\n",
          static_cast<unsigned long long>(evicted), site.rules()->rules()[rule].id.c_str(),
          std::string(EvictReasonName(static_cast<correlate::EvictReason>(reason))).c_str(),
          static_cast<unsigned long long>(stats.rules[rule].evicted_advanced[reason]));
    }
  }
}

void PrintSummary(const pipeline::Site& site, const pipeline::ReplaySummary& summary) {
  std::vector<std::string> kinds;
  for (const auto& [kind, count] : summary.records_by_kind) {
    kinds.push_back(absl::StrCat(count, " ", decode::SourceKindName(kind)));
  }
  std::fprintf(stderr, "%llu records, %llu events, %llu alerts, %llu suppressed\n",
               static_cast<unsigned long long>(summary.records),
               static_cast<unsigned long long>(summary.engine.events),
               static_cast<unsigned long long>(summary.engine.alerts),
               static_cast<unsigned long long>(summary.suppressed));
  if (!kinds.empty()) std::fprintf(stderr, "  read: %s\n", absl::StrJoin(kinds, ", ").c_str());
  if (summary.engine.unknown_host_events > 0) {
    std::fprintf(stderr, "  no host: %llu events name none and share one (name it with --host)\n",
                 static_cast<unsigned long long>(summary.engine.unknown_host_events));
  }
  PrintSkipped(summary);
  PrintLosses(site, summary);
  for (const std::string& problem : summary.problems) {
    std::fprintf(stderr, "sequitur: %s\n", problem.c_str());
  }
}

// Never to standard output, which is for alerts.
bool WriteMisses(const Options& options, const pipeline::Site& site,
                 absl::Span<const correlate::RuleMisses> misses) {
  if (options.explain_misses) {
    std::fputs(pipeline::MissesText(*site.rules(), site.fields(), misses).c_str(), stderr);
  }
  if (options.misses_output.empty()) return true;
  const std::string json = pipeline::MissesJson(*site.rules(), site.fields(), misses);
  std::FILE* file = std::fopen(options.misses_output.c_str(), "w");
  bool written = file != nullptr && std::fwrite(json.data(), 1, json.size(), file) == json.size();
  if (file != nullptr) written = std::fclose(file) == 0 && written;
  if (!written) {
    std::fprintf(stderr, "sequitur: %s: %s\n", options.misses_output.c_str(), std::strerror(errno));
  }
  return written;
}

int Replay(const Options& options) {
  const auto site = LoadOrExplain(options.site, Warnings::kHide);
  if (site == nullptr) return 1;
  pipeline::InputList inputs = pipeline::ListInputs(options.paths);
  const bool json =
      options.output == "json" || (options.output.empty() && isatty(STDOUT_FILENO) == 0);
  const auto colour = isatty(STDOUT_FILENO) != 0 ? alert::Colour::kAnsi : alert::Colour::kNone;
  SourceNames sources;
  ProgressLine progress;
  bool output_open = true;
  auto summary = pipeline::Replay(
      *site, inputs.inputs,
      {.host = options.host,
       .suppression =
           options.no_suppress ? alert::Suppression::kNone : alert::Suppression::kByGroup,
       .explain_misses = options.explain_misses || !options.misses_output.empty(),
       .threads = options.threads},
      [&](const alert::Alert& alert) {
        progress.Clear();
        const std::string text = json ? alert::ToJson(alert, site->fields(), sources)
                                      : alert::ToTimeline(alert, sources, colour);
        output_open =
            output_open && std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
        output_open = output_open && std::fputc('\n', stdout) != EOF && std::fflush(stdout) == 0;
      },
      [&](const pipeline::ReplayProgress& now) { progress.Show(now); }, sources);
  progress.Clear();
  summary.problems.insert(summary.problems.begin(), inputs.problems.begin(), inputs.problems.end());
  PrintSummary(*site, summary);
  const bool misses_written = WriteMisses(options, *site, summary.misses);
  if (!output_open) std::fprintf(stderr, "sequitur: standard output was closed early\n");
  return summary.problems.empty() && output_open && misses_written ? 0 : 1;
}

}  // namespace

void AddReplay(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("replay", "Read telemetry from files and print the alerts");
  auto options = std::make_shared<Options>();
  AddSiteOptions(*command, options->site);
  command->add_option("--host", options->host, "Host of records that name none")->type_name("NAME");
  command
      ->add_option("--output", options->output,
                   "text: timelines (default on a terminal); json: one ECS document a line")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_flag("--no-suppress", options->no_suppress,
                    "Print every match, also those that `suppress:` holds back");
  command->add_flag("--explain-misses", options->explain_misses,
                    "Say on standard error which chains were nearly found, and what they lacked");
  command
      ->add_option("--misses-output", options->misses_output,
                   "Write the same to a file, one JSON document a rule")
      ->type_name("FILE");
  command
      ->add_option("--threads", options->threads,
                   "How many to use: one for the rules, the others read ahead (default: one a "
                   "processor, up to 5)")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command->add_option("inputs", options->paths, "What to read")
      ->type_name("[SOURCE=]PATH")
      ->required();
  command->footer(kFooter);
  command->callback([&run, options] { run = [options] { return Replay(*options); }; });
}

}  // namespace sequitur::cmd
