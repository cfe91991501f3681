#pragma once

// Allowlists: "this is known and fine", one entry each, in files of
// config/allowlists:
//
//   - rule: web-exploit-chain        # an id; the rule's variants are covered too
//     step: 3                        # optional; then the rule itself only, since
//                                    # a variant counts its steps differently
//     where: process.name == "logrotate"
//     owner: web-platform@example.com
//     reason: nightly rotation restarts the workers
//     expires: 2027-03-31            # active through that day
//
// An entry needs an owner and a reason, and should expire: an allowlist that
// nobody answers for is a hole nobody remembers.

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "rules/rule.h"
#include "yaml/document.h"

namespace sequitur::rules {

// An entry of a file; its condition is still text. The nodes point into the
// document it was read from.
struct AllowlistDraft {
  explicit AllowlistDraft(yaml::Node rule) : rule(rule) {}

  AllowlistEntry entry;
  yaml::Node rule;
  std::optional<yaml::Node> step;
  std::optional<yaml::Node> where;
  bool expired = false;
};

// Problems are added to the document. `today` decides what has expired.
std::vector<AllowlistDraft> ReadAllowlist(yaml::Document& document, absl::CivilDay today);

// True when the entry is about the rule: by its id, or, without a step, by the
// id that the rule is a variant of.
bool Covers(const AllowlistEntry& entry, absl::string_view rule_id);

}  // namespace sequitur::rules
