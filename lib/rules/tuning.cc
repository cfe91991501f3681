#include "rules/tuning.h"

#include <algorithm>
#include <iterator>

namespace sequitur::rules {
namespace {

constexpr absl::string_view kSeverityNames[] = {"low", "medium", "high", "critical"};
constexpr absl::string_view kModeNames[] = {"live", "shadow"};

Tuning ReadRuleTuning(const yaml::Node::Entry& entry) {
  Tuning tuning;
  tuning.here = entry.key.Here();
  yaml::Mapping mapping(entry.value, "the tuning of a rule");
  tuning.enabled = mapping.GetBool("enabled");
  if (const auto mode = mapping.Get("mode")) tuning.mode = ReadMode(*mode);
  if (const auto maxspan = mapping.Get("maxspan")) tuning.maxspan = ReadWindow(*maxspan);
  tuning.order_slack = mapping.GetDuration("order_slack");
  if (const auto suppress = mapping.Get("suppress")) tuning.suppress = ReadSuppress(*suppress);
  if (const auto severity = mapping.Get("severity")) tuning.severity = ReadSeverity(*severity);
  mapping.Finish();
  return tuning;
}

}  // namespace

absl::string_view SeverityName(Severity severity) {
  return kSeverityNames[static_cast<size_t>(severity)];
}

std::optional<Severity> ParseSeverity(absl::string_view name) {
  const auto* found = std::find(std::begin(kSeverityNames), std::end(kSeverityNames), name);
  if (found == std::end(kSeverityNames)) return std::nullopt;
  return static_cast<Severity>(found - std::begin(kSeverityNames));
}

absl::string_view ModeName(Mode mode) { return kModeNames[static_cast<size_t>(mode)]; }

std::optional<Severity> ReadSeverity(const yaml::Node& node) {
  const auto index = node.AsWord(kSeverityNames);
  if (!index) return std::nullopt;
  return static_cast<Severity>(*index);
}

std::optional<Mode> ReadMode(const yaml::Node& node) {
  const auto index = node.AsWord(kModeNames);
  if (!index) return std::nullopt;
  return static_cast<Mode>(*index);
}

std::optional<SuppressSpec> ReadSuppress(const yaml::Node& node) {
  yaml::Mapping mapping(node, "suppress");
  SuppressSpec suppress;
  suppress.by = mapping.GetStrings("by");
  if (const auto window = mapping.Require("for")) {
    suppress.window = window->AsDuration().value_or(absl::ZeroDuration());
  }
  if (const auto group = mapping.Get("group")) {
    suppress.group = group->AsString().value_or("");
    suppress.group_here = group->Here();
    if (group->is_scalar() && suppress.group.empty()) group->AddError("expected a name");
  }
  mapping.Finish();
  return suppress;
}

std::optional<absl::Duration> ReadWindow(const yaml::Node& node) {
  const auto window = node.AsDuration();
  if (!window || *window > absl::ZeroDuration()) return window;
  node.AddError("expected a duration longer than zero");
  return std::nullopt;
}

std::map<std::string, Tuning> ReadTuning(const yaml::Node& node) {
  std::map<std::string, Tuning> tuning;
  if (!node.is_mapping()) {
    node.AddError("expected rule ids with what to change, such as `my-rule: {maxspan: 10m}`");
    return tuning;
  }
  for (const yaml::Node::Entry& entry : node.Entries()) {
    tuning.emplace(entry.key.text(), ReadRuleTuning(entry));
  }
  return tuning;
}

}  // namespace sequitur::rules
