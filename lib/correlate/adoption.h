#pragma once

// Adoption: what becomes of each rule, and of what is pending for it, when a
// worker goes on with another RuleSet. Rules are the same by their id.

#include <cstdint>
#include <string>
#include <vector>

#include "correlate/stats.h"
#include "rules/rule.h"

namespace sequitur::correlate {

struct Adoption {
  enum class Fate : uint8_t {
    kKept,        // matches as it did: everything pending goes on
    kRewindowed,  // only maxspan or order_slack differ: what still fits goes on
    kReplaced,    // its stages differ: begins empty, what was pending is counted as given up
    kNew,         // begins empty
  };
  struct Gone {
    std::string id;
    RuleStats stats;  // to the end
  };

  std::vector<Fate> rules;  // by index into the adopted RuleSet
  std::vector<Gone> gone;   // rules that are not in it
};

// `before` is the rule of the same id, null when there was none.
Adoption::Fate FateOf(const rules::Rule* before, const rules::Rule& now);

}  // namespace sequitur::correlate
