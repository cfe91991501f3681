#pragma once

// What can be said against a rule once it compiles: stages that can never
// match, fields nobody sets, windows without end, keys that promise more than correlation keeps.
// Problems are added to the document of the draft. A shipped rule has none.

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
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
};

struct CheckInput {
  const eql::Program& program;
  const event::FieldTable& fields;
  const Telemetry& telemetry;
  absl::Span<const std::string> empty_lists;  // of those that the rule uses
};

// `draft.rule` has its stages; `draft.query` is set.
void CheckRule(const RuleDraft& draft, const CheckInput& input);

}  // namespace sequitur::rules
