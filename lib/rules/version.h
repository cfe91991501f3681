#pragma once

// The version of a rule: a hash of everything that decides what it matches, so
// that an analyst can tell whether two alerts were made by the same rule.

#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/types/span.h"
#include "event/field_table.h"
#include "rules/lists.h"
#include "rules/rule.h"

namespace sequitur::rules {

// Both are 16 hex digits. They do not depend on the layout or comments of the query's
// YAML, on metadata, or on the machine. `used_lists` are the lists its query
// and allowlist entries name.
std::string RuleVersion(const Rule& rule, absl::Span<const AllowlistEntry> allowlist,
                        const absl::btree_set<std::string>& used_lists, const Lists& lists,
                        const event::FieldTable& fields);

// Rule::stages_version. `used_lists` are those its query names.
std::string StagesVersion(const Rule& rule, const absl::btree_set<std::string>& used_lists,
                          const Lists& lists, const event::FieldTable& fields);

}  // namespace sequitur::rules
