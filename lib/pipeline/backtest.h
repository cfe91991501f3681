#pragma once

// Backtest: what a site finds in files, kept to be compared with what another
// configuration finds in the same ones.
//
// Threads: none.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "event/snapshot.h"
#include "pipeline/inputs.h"
#include "pipeline/replay.h"
#include "pipeline/site.h"

namespace sequitur::pipeline {

struct BacktestMatch {
  // What becomes of a match, from least to most seen.
  enum class Fate : uint8_t { kSuppressed, kShadow, kLive };

  std::string id;
  std::string rule;
  std::string host;
  std::string message;
  event::TimeNs start = 0;
  event::TimeNs end = 0;
  Fate fate = Fate::kLive;
  // One of each per shown step; unset, kNoTime and empty for a missing event.
  std::vector<std::optional<Position>> evidence;
  std::vector<event::TimeNs> times;
  std::vector<std::string> phrases;  // as in the timeline

  bool published() const { return fate != Fate::kSuppressed; }
};

struct Backtest {
  std::vector<BacktestMatch> matches;  // in order of their finding
  ReplaySummary summary;
};

// Reads the inputs once. A Position names the same record in every backtest of
// the same inputs.
Backtest RunBacktest(const Site& site, absl::Span<const Input> inputs, const std::string& host);

// The events at these positions as the site sees them, enriched.
using EventsByPosition = absl::flat_hash_map<Position, event::SnapshotRef>;
EventsByPosition CaptureEvents(const Site& site, absl::Span<const Input> inputs,
                               const std::string& host,
                               const absl::flat_hash_set<Position>& wanted);

}  // namespace sequitur::pipeline
