#pragma once

// Alert: a match with everything its reader needs: who, where, when, in which
// order, and where to fetch the raw records again.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/position.h"
#include "correlate/match.h"
#include "event/time.h"
#include "rules/rule.h"

namespace sequitur::alert {

struct Alert {
  struct KeyPart {
    std::string field;
    std::optional<std::string> value;  // unset: null in an optional key
  };

  // 32 hex digits, a function of rule id, join key and evidence positions: the
  // same log gives the same ids, whenever and however often it is read.
  std::string id;
  const rules::Rule* rule = nullptr;
  correlate::Match match;
  std::string host_id;    // machine id, or empty
  std::string host_name;  // canonical name; "unknown" when no record named one
  std::vector<KeyPart> key;
  event::TimeNs start = 0;  // earliest and latest event of the evidence
  event::TimeNs end = 0;
  event::TimeNs created = 0;
  // From the arrival of the last evidence to `created`; unset for files.
  std::optional<event::TimeNs> detect;
  // Set by the Suppressor: 32 hex digits that alerts of one suppression share;
  // empty when the rule does not suppress.
  std::string suppression_key;
  uint64_t suppressed = 0;  // alerts like this one held back since the last
  // Why telemetry around the chain may be missing, sorted; empty: none known.
  std::vector<std::string> coverage_gaps;
  // Of events that were put there to prove the rule alive.
  bool canary = false;
};

}  // namespace sequitur::alert
