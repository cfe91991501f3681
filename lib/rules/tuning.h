#pragma once

// Tuning: what a site changes about a shipped rule without editing it, under
// `tuning:` in the site's configuration, by rule id.
//
//   tuning:
//     web-exploit-chain: {maxspan: 10m, mode: shadow}
//
// It is for exactly the rule named: a variant (`web-exploit-chain-crash`) has
// its own line, since its severity and windows differ on purpose.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/diagnostic.h"
#include "rules/rule.h"
#include "yaml/document.h"

namespace sequitur::rules {

// Suppress before its fields have numbers.
struct SuppressSpec {
  std::vector<std::string> by;
  absl::Duration window;
  std::string group;
  Diagnostic group_here;  // where the group is named
};

struct Tuning {
  std::optional<bool> enabled;
  std::optional<Mode> mode;
  std::optional<absl::Duration> maxspan;
  std::optional<absl::Duration> order_slack;
  std::optional<SuppressSpec> suppress;
  std::optional<Severity> severity;
  Diagnostic here;  // where the rule is named
};

// Problems are added to the nodes' document.
std::map<std::string, Tuning> ReadTuning(const yaml::Node& node);

// The same keys as they stand in a rule.
std::optional<Severity> ReadSeverity(const yaml::Node& node);
std::optional<Mode> ReadMode(const yaml::Node& node);
std::optional<SuppressSpec> ReadSuppress(const yaml::Node& node);
// Longer than zero.
std::optional<absl::Duration> ReadWindow(const yaml::Node& node);

}  // namespace sequitur::rules
