#pragma once

// Suggestions: narrow allowlist entries for what fires again and again in some
// files, to be read, given a reason and pasted, or not. Nothing is applied.
//
// Alerts of one rule are put together by the step that tells most (a started
// process before a file, a connection, a request) and by everything narrow that
// its event says: program, command line, parent, service, user. Where members
// differ only in numbers and names with numbers, `*` stands for the difference.
// Each condition is compiled and holds for every event it was made from.
//
// Bounds:   kMaxAlerts are looked at; further ones are counted.
// Threads:  none.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "event/time.h"
#include "pipeline/inputs.h"
#include "pipeline/replay.h"
#include "pipeline/site.h"

namespace sequitur::pipeline {

struct Suggestion {
  std::string rule;
  std::optional<int> step;  // unset: several variants of the rule, in any step
  std::string where;
  // The evidence for it.
  uint64_t alerts = 0;
  uint64_t of = 0;  // alerts of the rule, or of it and its variants
  uint64_t hosts = 0;
  event::TimeNs first = 0, last = 0;
  std::string example;  // an alert's headline
};

struct Suggestions {
  std::vector<Suggestion> entries;  // most alerts first
  // Entries of the site's allowlists that held nothing back.
  std::vector<rules::AllowlistEntry> unused;
  uint64_t alerts = 0;
  uint64_t beyond = 0;  // alerts beyond kMaxAlerts
  ReplaySummary summary;
};

inline constexpr size_t kMaxAlerts = 200'000;

// `at_least`: alerts that make a suggestion.
Suggestions Suggest(const Site& site, absl::Span<const Input> inputs, const std::string& host,
                    uint64_t at_least);

// As an entry of an allowlist file: with its evidence as comments, no owner and
// no reason, so that it is refused until somebody writes them.
std::string ToYaml(const Suggestion& suggestion, absl::CivilDay expires);

}  // namespace sequitur::pipeline
