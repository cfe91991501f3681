#pragma once

// AlertDiff: the alerts that one configuration finds in some files and another
// does not, each with what is responsible: the rule, window, list or allowlist
// entry, by file and line.
//
// The reason is looked for where the alert is missing: its evidence, as that
// side sees it, is put to that side's rule step by step.
//
// Threads: none.

#include <map>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "pipeline/backtest.h"
#include "pipeline/inputs.h"
#include "pipeline/site.h"

namespace sequitur::pipeline {

struct AlertChange {
  enum class Kind : uint8_t { kGained, kLost };
  struct Reason {
    std::string what;  // rule, mode, suppress, maxspan, allowlist, query ...
    std::string text;
    std::string file;  // of the side that lacks the alert; empty: no one place
    int line = 0;
  };

  Kind kind = Kind::kGained;
  BacktestMatch match;
  std::vector<Reason> reasons;  // at least one
};

struct AlertDiff {
  struct Count {
    uint64_t before = 0, after = 0, gained = 0, lost = 0;
  };

  std::vector<AlertChange> changes;    // by time
  std::map<std::string, Count> rules;  // every rule with alerts on a side
  ReplaySummary before, after;
};

// Reads the inputs up to four times, so standard input is none of them.
AlertDiff DiffAlerts(const Site& before, const Site& after, absl::Span<const Input> inputs,
                     const std::string& host);

}  // namespace sequitur::pipeline
