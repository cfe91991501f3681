#pragma once

// What can be said against a rule once it compiles: stages that can never
// match, fields nobody sets, windows without end or that do not fit together or
// the site, keys that promise more than correlation keeps. A shipped rule has none.

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/diagnostic.h"
#include "eql/program.h"
#include "event/field_table.h"
#include "rules/rule_file.h"

namespace sequitur::rules {

// What events of a site can be, as far as its configuration says. The default:
// anything.
struct Telemetry {
  std::function<bool(absl::string_view path)> sets_field;
  std::function<bool(absl::string_view category)> makes_category;
  std::optional<std::vector<std::string>> baselines;  // their names
  // Events of one stage that wait at a time.
  int64_t hits_per_key = std::numeric_limits<int64_t>::max();
  // How late events may come, of the latest source; unset: nobody says.
  std::optional<event::TimeNs> lateness;
  Diagnostic lateness_here;  // where that is set; no line: nowhere, it is the default
  // How long topics hold what is read again after a restart.
  event::TimeNs kept_for = std::numeric_limits<event::TimeNs>::max();
};

struct CheckInput {
  const eql::Program& program;
  const event::FieldTable& fields;
  const Telemetry& telemetry;
  absl::Span<const std::string> empty_lists;  // of those that the rule uses
};

// `draft.rule` has its stages; `draft.query` is set. Problems are added to its
// document.
void CheckRule(const RuleDraft& draft, const CheckInput& input);

// Of the rule as it was tuned; what is wrong may stand in another file than it.
Diagnostics CheckWindows(const RuleDraft& draft, const Telemetry& telemetry);
// What `lateness` is too short or too long for, once, where it is set; of the
// default, at the first such rule.
Diagnostics CheckLateness(absl::Span<const RuleDraft* const> drafts, const Telemetry& telemetry);

}  // namespace sequitur::rules
