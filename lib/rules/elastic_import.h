#pragma once

// Elastic's detection rules as rules of ours: metadata translated, the query
// unchanged. A rule of another language than EQL is passed over with the reason;
// what has no counterpart here is named, so that nobody believes it is in force.
//
// Flow:     TOML text -> ElasticRule -> Rule -> YAML text, read back to be sure.
// Threads:  none.

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/diagnostic.h"
#include "event/field_table.h"

namespace sequitur::rules {

struct ImportOptions {
  // Alerts go to the shadow topic until somebody trusts the rule.
  bool shadow = false;
};

struct ImportedRule {
  std::string id;       // a slug of the name
  std::string rule_id;  // Elastic's, kept under `references`
  std::string yaml;     // one element of a rule file's list; empty: not imported
  std::string skipped;  // why, for a rule that is fine and not EQL
  std::vector<std::string> notes;
  std::vector<event::FieldId> fields;  // what the query reads
  int line = 0;                        // of the query
  // Why it was not imported (errors), and what is lost (warnings).
  Diagnostics diagnostics;
};

// Reads one TOML file. The fields of its query are given numbers in `fields`.
ImportedRule ImportElasticRule(absl::string_view toml, absl::string_view file,
                               const ImportOptions& options, event::FieldTable& fields);

// Lower-case words joined by dashes: an id from a name. Never empty.
std::string SlugOf(absl::string_view name);

}  // namespace sequitur::rules
