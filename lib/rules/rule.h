#pragma once

// Rule: one detection, compiled: metadata from YAML, stages from EQL, tuning
// and allowlists applied. Immutable once its RuleSet is built.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "eql/query.h"
#include "event/field_table.h"
#include "event/time.h"
#include "rules/links.h"

namespace sequitur::rules {

enum class Severity : uint8_t { kLow, kMedium, kHigh, kCritical };
enum class Mode : uint8_t { kLive, kShadow };

absl::string_view SeverityName(Severity severity);  // low, medium, high, critical
std::optional<Severity> ParseSeverity(absl::string_view name);
absl::string_view ModeName(Mode mode);  // live, shadow

// After an alert, further ones with the same values of `by` within `window`
// (event time) are counted on the next alert instead of being published.
struct Suppress {
  std::vector<event::FieldId> by;  // empty: one alert per window for the rule
  event::TimeNs window = 0;        // 0: no suppression
  // Rules that name one group tell one incident together: an alert of any of
  // them holds back those of the others that are not graver. Empty: the rule's own.
  std::string group;
};

// "This is known and fine": an event that hits a stage and matches `where`
// does not advance the sequence there.
struct AllowlistEntry {
  std::string rule;         // id; without a step it covers the rule's variants too
  std::optional<int> step;  // 1-based stage as a person counts; unset: every positive stage
  eql::ConditionId where = 0;
  std::string where_text;
  std::string owner;
  std::string reason;
  std::string expires;  // YYYY-MM-DD, or empty
  std::string file;     // where the entry stands
  int line = 0;
};

// A term of the query as the correlator sees it.
struct Stage {
  eql::Term term;
  std::vector<uint32_t> allowlist;  // indices into RuleSet::allowlist()
};

struct Rule {
  std::string id;
  std::string name;
  std::string description;
  // What the alert's reader must know that the chain cannot say: which step a
  // variant could not see. Part of the message.
  std::string note;
  Severity severity = Severity::kMedium;
  int risk_score = 47;
  std::vector<std::string> attack;      // ATT&CK technique ids
  std::vector<std::string> references;  // AN0221 ..., URLs
  Mode mode = Mode::kLive;
  Suppress suppress;

  bool is_sequence = false;
  std::vector<Stage> stages;  // in order, missing ones included; one for an event query
  std::optional<Stage> until;
  std::optional<event::TimeNs> maxspan;
  event::TimeNs order_slack = 0;
  std::vector<Link> links;  // of positive stages
  std::vector<eql::Pipe> pipes;

  std::string query;    // as written
  std::string version;  // 16 hex digits: hash of everything that decides what it matches
  // The same of its stages, keys, links, `until` and the lists they name alone: what
  // is pending can go on in a rule that agrees in these, whatever else was edited.
  std::string stages_version;
  std::string file;
  int line = 0;
};

}  // namespace sequitur::rules
