#pragma once

// Replay: files in, alerts out, through the engine the daemon uses. Several
// files are merged by event time as they are read, so that rotated and
// per-source logs of the same hours meet; one file is read as it comes.
//
// Bounds:  what ReadAhead holds, besides the engine's own state.
// Threads: reading and decoding have their own (ReplayOptions::threads); engine
//          and callbacks are the caller's. What is found does not depend on them.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/types/span.h"
#include "pipeline/engine.h"
#include "pipeline/inputs.h"
#include "pipeline/site.h"

namespace sequitur::pipeline {

struct ReplayProgress {
  int64_t bytes_read = 0;
  int64_t bytes_total = 0;  // 0: unknown (standard input)
  uint64_t records = 0;
  uint64_t alerts = 0;
};

struct ReplaySummary {
  // Records of one source that gave no event for one reason.
  struct Skipped {
    uint64_t count = 0;
    std::string first;  // file:line of the first
  };

  uint64_t records = 0;
  std::map<decode::SourceKind, uint64_t> records_by_kind;
  std::map<decode::DecodeResult, Skipped> skipped;
  std::vector<std::string> problems;  // inputs that could not be read (to the end)
  EngineStats engine;
  correlate::Stats correlate;
  uint64_t suppressed = 0;
  std::vector<enrich::BaselineState> baselines;
  std::vector<uint64_t> allowlist_hits;       // by index into the rule set's allowlist
  std::vector<correlate::RuleMisses> misses;  // by rule, when asked for
};

struct ReplayOptions {
  std::string host;  // of records that name none
  alert::Suppression suppression = alert::Suppression::kByGroup;
  bool baselines = false;  // whether the summary has what they know in the end
  // When set, called with every event once the engine is through with it. What
  // an event learns later, when its process becomes known, is not in it.
  std::function<void(const event::Event&)> on_event;
  bool explain_misses = false;
  // One for the engine, the rest read ahead. 0: as many as there are processors.
  int threads = 0;
};

// Runs to the end of all inputs. `progress`, when set, is called now and then.
ReplaySummary Replay(const Site& site, absl::Span<const Input> inputs, const ReplayOptions& options,
                     absl::AnyInvocable<void(const alert::Alert&)> on_alert,
                     absl::AnyInvocable<void(const ReplayProgress&)> progress,
                     SourceNames& sources);

}  // namespace sequitur::pipeline
