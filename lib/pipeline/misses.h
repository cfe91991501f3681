#pragma once

// What `replay --explain-misses` says of near misses (correlate/near_misses.h):
// a table for people, with the lines of YAML to change, and JSON for programs.

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "correlate/near_misses.h"
#include "event/field_table.h"
#include "rules/rule_set.h"

namespace sequitur::pipeline {

// `misses` are by index into rules.rules(). Rules that missed nothing are left out.
std::string MissesText(const rules::RuleSet& rules, const event::FieldTable& fields,
                       absl::Span<const correlate::RuleMisses> misses);

// One JSON document a line, one line a rule, all rules. Times are in seconds.
std::string MissesJson(const rules::RuleSet& rules, const event::FieldTable& fields,
                       absl::Span<const correlate::RuleMisses> misses);

// Lines for `tuning:` in the site's configuration that would find more, each with
// what it brings; the nearest first, at most kMaxAdvice per setting.
inline constexpr size_t kMaxAdvice = 3;
std::vector<std::string> MissAdvice(const rules::Rule& rule, const correlate::RuleMisses& misses);

}  // namespace sequitur::pipeline
