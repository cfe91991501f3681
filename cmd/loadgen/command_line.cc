#include "loadgen/command_line.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "loadgen/host.h"
#include "loadgen/scenario.h"
#include "loadgen/sink.h"

namespace sequitur::loadgen {
namespace {

absl::StatusOr<TimeNs> ToDuration(absl::string_view option, const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration >= absl::ZeroDuration() &&
      duration <= absl::Hours(24 * 366)) {
    return absl::ToInt64Nanoseconds(duration);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(option, " ", text, ": not a duration such as 90s, 10m or 2h30m"));
}

template <typename Names>
absl::Status Known(absl::string_view option, const std::string& word, const Names& names) {
  if (std::find(names.begin(), names.end(), word) != names.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(option, " ", word, ": not one of ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<uint32_t> ToStreams(const std::vector<std::string>& names) {
  if (names.empty()) return ~uint32_t{0};
  uint32_t streams = 0;
  for (const std::string& name : names) {
    RETURN_IF_ERROR(Known("--streams", name, kStreamNames));
    const auto at = std::find(kStreamNames.begin(), kStreamNames.end(), name);
    streams |= uint32_t{1} << (at - kStreamNames.begin());
  }
  return streams;
}

absl::Status KnownScenarios(const std::vector<std::string>& only) {
  std::vector<std::string> names;
  for (const Scenario& scenario : AllScenarios()) {
    for (const absl::string_view name : {scenario.name, scenario.rule}) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
    }
  }
  for (const std::string& name : only) RETURN_IF_ERROR(Known("--only", name, names));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Options> ToOptions(const Arguments& arguments) {
  Options options;
  options.output = arguments.output;
  options.hosts = arguments.hosts;
  options.first_host = arguments.first_host;
  options.roles = arguments.roles;
  for (const std::string& role : options.roles) RETURN_IF_ERROR(Known("--role", role, kRoleNames));
  const auto start = event::ParseIso8601(arguments.start);
  if (!start) {
    return absl::InvalidArgumentError(
        absl::StrCat("--start ", arguments.start, ": not a time such as 2026-11-24T08:00:00Z"));
  }
  options.start = *start;
  ASSIGN_OR_RETURN(options.duration, ToDuration("--duration", arguments.duration));
  ASSIGN_OR_RETURN(options.disorder, ToDuration("--disorder", arguments.disorder));
  options.rate = arguments.rate;
  options.seed = arguments.seed;
  options.attacks = arguments.attacks;
  options.look_alikes = arguments.look_alikes;
  RETURN_IF_ERROR(KnownScenarios(arguments.only));
  options.only = arguments.only;
  options.envelope = arguments.envelope == "bare" ? EnvelopeStyle::kBare : EnvelopeStyle::kFilebeat;
  ASSIGN_OR_RETURN(options.streams, ToStreams(arguments.streams));
  return options;
}

std::string ScenarioList() {
  std::string text;
  for (const Scenario& scenario : AllScenarios()) {
    const bool attack = scenario.expectation == Expectation::kAttack;
    absl::StrAppendFormat(&text, "%-20s %-10s %-25s %s\n", scenario.name,
                          attack ? "attack" : "look-alike", scenario.rule, scenario.note);
  }
  return text;
}

}  // namespace sequitur::loadgen
