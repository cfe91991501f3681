// sequitur diff: what another configuration would have found in the same logs.

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cmd/sequitur/command.h"
#include "pipeline/alert_diff.h"
#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace sequitur::cmd {
namespace {

using pipeline::AlertChange;
using pipeline::AlertDiff;

struct Options {
  std::string before, after;
  std::vector<std::string> paths;
  std::string host;
  std::string output = "text";
  bool exit_code = false;
};

constexpr char kFooter[] =
    "OLD and NEW are configuration files. `-` is an alert that only OLD finds, `+` one\n"
    "that only NEW finds; below it stands what is responsible, in the configuration\n"
    "that lacks it. The inputs are read several times, so standard input is none.\n"
    "\n"
    "  sequitur diff config/sequitur.yaml /tmp/new/sequitur.yaml /var/log/nginx es.ndjson.gz";

std::string TimeText(event::TimeNs time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixNanos(time), absl::UTCTimeZone());
}

std::string Place(const AlertChange::Reason& reason) {
  if (reason.file.empty()) return {};
  return reason.line > 0 ? absl::StrCat(reason.file, ":", reason.line) : reason.file;
}

const char* KindName(AlertChange::Kind kind) {
  return kind == AlertChange::Kind::kGained ? "gained" : "lost";
}

void PrintText(const AlertChange& change) {
  const auto& match = change.match;
  std::printf("%c %s  %s%s\n", change.kind == AlertChange::Kind::kGained ? '+' : '-',
              TimeText(match.end).c_str(),
              match.fate == pipeline::BacktestMatch::Fate::kShadow ? "(shadow) " : "",
              match.message.c_str());
  for (const auto& reason : change.reasons) {
    const std::string place = Place(reason);
    std::printf("    %s: %s%s\n", reason.what.c_str(), reason.text.c_str(),
                place.empty() ? "" : absl::StrCat("  [", place, "]").c_str());
  }
}

void PrintJson(const AlertChange& change) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> json(buffer);
  const auto text = [&](const char* key, absl::string_view value) {
    json.Key(key);
    json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  };
  json.StartObject();
  text("change", KindName(change.kind));
  text("@timestamp", TimeText(change.match.end));
  text("rule.id", change.match.rule);
  text("event.id", change.match.id);
  text("host.name", change.match.host);
  text("message", change.match.message);
  json.Key("shadow");
  json.Bool(change.match.fate == pipeline::BacktestMatch::Fate::kShadow);
  json.Key("reasons");
  json.StartArray();
  for (const auto& reason : change.reasons) {
    json.StartObject();
    text("what", reason.what);
    text("text", reason.text);
    text("file", reason.file);
    json.Key("line");
    json.Int(reason.line);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  std::printf("%s\n", buffer.GetString());
}

void PrintSummary(const AlertDiff& diff, std::FILE* out) {
  size_t width = 4;
  for (const auto& [rule, count] : diff.rules) width = std::max(width, rule.size());
  std::fprintf(out, "%-*s  %8s %8s %8s %8s\n", static_cast<int>(width), "rule", "old", "new",
               "gained", "lost");
  for (const auto& [rule, count] : diff.rules) {
    std::fprintf(
        out, "%-*s  %8llu %8llu %8llu %8llu\n", static_cast<int>(width), rule.c_str(),
        static_cast<unsigned long long>(count.before), static_cast<unsigned long long>(count.after),
        static_cast<unsigned long long>(count.gained), static_cast<unsigned long long>(count.lost));
  }
  std::fprintf(out, "%llu records, %zu alerts differ\n",
               static_cast<unsigned long long>(diff.before.records), diff.changes.size());
}

// Errors with the name of the side they are of.
std::unique_ptr<const pipeline::Site> LoadSide(const std::string& config) {
  pipeline::SiteOptions options;
  options.config_path = config;
  auto site = LoadOrExplain(options, Warnings::kHide);
  if (site != nullptr && site->rules()->rules().empty()) {
    std::fprintf(stderr, "sequitur: %s has no rules\n", config.c_str());
  }
  return site;
}

bool ReportProblems(const pipeline::InputList& inputs, const AlertDiff& diff) {
  for (const auto* problems : {&inputs.problems, &diff.before.problems}) {
    for (const std::string& problem : *problems) {
      std::fprintf(stderr, "sequitur: %s\n", problem.c_str());
    }
  }
  return !inputs.problems.empty() || !diff.before.problems.empty();
}

int Diff(const Options& options) {
  const int failed = options.exit_code ? 2 : 1;
  const auto before = LoadSide(options.before);
  const auto after = LoadSide(options.after);
  if (before == nullptr || after == nullptr) return failed;
  const pipeline::InputList inputs = pipeline::ListInputs(options.paths);
  for (const pipeline::Input& input : inputs.inputs) {
    if (input.path != "-") continue;
    std::fprintf(stderr, "sequitur: standard input cannot be read twice; save it to a file\n");
    return failed;
  }
  const AlertDiff diff = pipeline::DiffAlerts(*before, *after, inputs.inputs, options.host);
  const bool json = options.output == "json";
  for (const AlertChange& change : diff.changes) json ? PrintJson(change) : PrintText(change);
  if (!json && !diff.changes.empty()) std::printf("\n");
  PrintSummary(diff, json ? stderr : stdout);
  if (ReportProblems(inputs, diff)) return failed;
  return options.exit_code && !diff.changes.empty() ? 1 : 0;
}

}  // namespace

void AddDiff(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand(
      "diff", "Run two configurations over the same logs: alerts gained and lost, and why");
  auto options = std::make_shared<Options>();
  command->add_option("old", options->before, "Configuration as it is")
      ->type_name("OLD")
      ->required();
  command->add_option("new", options->after, "Configuration as it would be")
      ->type_name("NEW")
      ->required();
  command->add_option("inputs", options->paths, "What to read, as for replay")
      ->type_name("[SOURCE=]PATH")
      ->required();
  command->add_option("--host", options->host, "Host of records that name none")->type_name("NAME");
  command
      ->add_option("--output", options->output,
                   "text, or json: one changed alert a line, the summary on standard error")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_flag("--exit-code", options->exit_code,
                    "Exit 1 when alerts differ, and 2 when something is wrong (else: 0 and 1)");
  command->footer(kFooter);
  command->callback([&run, options] { run = [options] { return Diff(*options); }; });
}

}  // namespace sequitur::cmd
