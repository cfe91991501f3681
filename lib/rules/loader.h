#pragma once

// From YAML files to a RuleSet: rules, lists, allowlists and the site's tuning
// are read, compiled, joined and checked, and every problem is found in one go.
//
// Flow:     files -> yaml::Document -> drafts -> eql::Program -> RuleSet.
// Threads:  none; the RuleSet that comes out is immutable.
// Lifetime: the FieldTable must outlive the RuleSet.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "base/diagnostic.h"
#include "event/field_table.h"
#include "rules/checks.h"
#include "rules/rule_set.h"
#include "rules/rule_test.h"
#include "rules/tuning.h"
#include "yaml/document.h"

namespace sequitur::rules {

struct LoadOptions {
  // Files or folders.
  std::vector<std::string> rule_paths;
  std::vector<std::string> list_paths;
  std::vector<std::string> allowlist_paths;

  std::map<std::string, Tuning> tuning;  // by rule id
  // The rules are not all the site has (`--rules`): tuning and allowlist entries
  // for others are passed over.
  bool rules_are_partial = false;
  // Decides which allowlist entries have expired.
  absl::CivilDay today;
  // Decoded for alerts although no rule reads them.
  std::vector<std::string> evidence_fields;
  // What the site's events can be, for saying which rules can see nothing.
  Telemetry telemetry;
  // What a test's `source:` may be; empty: not checked.
  std::vector<std::string> source_kinds;
};

struct Loaded {
  // Unset when there are errors. Disabled rules are not in it.
  std::shared_ptr<const RuleSet> rules;
  std::vector<RuleTest> tests;  // of the rules in the set, in their order
  Diagnostics diagnostics;
};

Loaded LoadRuleSet(const LoadOptions& options, event::FieldTable& fields);

// The same from documents that are already read (the paths of `options` are
// not looked at).
struct RuleDocuments {
  std::vector<yaml::Document> lists;
  std::vector<yaml::Document> rules;
  std::vector<yaml::Document> allowlists;
};
Loaded LoadRuleSet(RuleDocuments documents, const LoadOptions& options, event::FieldTable& fields);

}  // namespace sequitur::rules
