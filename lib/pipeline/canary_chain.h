#pragma once

// CanaryChain: the events that prove a rule alive, made from one of the rule's own
// tests. Whoever writes a test with a rule has a canary for nothing.
//
// A chain is played to an Engine of its own, as `sequitur test` does, with the rules,
// lists, allowlists and inventory of its Site, so it meets nothing but itself.
//
// Threads:  none.
// Lifetime: values; a chain is of the rules of its Site.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/position.h"
#include "base/source_names.h"
#include "event/time.h"
#include "pipeline/site.h"

namespace sequitur::pipeline {

// One record holds a chain, so it is well below what a record may hold.
inline constexpr size_t kMaxCanaryEvents = 1'000;
inline constexpr size_t kMaxCanaryBytes = 256 << 10;

struct CanaryChain {
  std::string rule;                    // id
  std::vector<std::string> events;     // as on the events topic, at their own times
  event::TimeNs end = event::kNoTime;  // of the latest
};

struct CanaryPlan {
  // In the order of the rules: of each rule's tests that expect an alert the first
  // that finds one at this site, or else the first.
  std::vector<CanaryChain> chains;
  // Rules of these, by id, that find nothing: they will miss their canaries.
  std::vector<std::string> dead;
  // The other rules, by id, and why they have none.
  std::map<std::string, std::string> without;
};

CanaryPlan PlanCanaries(const Site& site);

// The host of a canary; a test's events that name no host happen there.
std::string CanaryHost(int32_t partition);

// Where and when a chain is played.
struct CanaryStage {
  int32_t partition = 0;
  Position position;  // of the record that holds the chain
  absl::Time now;     // the chain is moved in time as a whole, to end then
};
// An alert as it goes out.
struct CanaryAlert {
  std::string id, json;
};

// The first alert of the chain's rule on these events of it; nothing when there is
// none, or they cannot be read.
std::optional<CanaryAlert> PlayCanary(const Site& site, const CanaryChain& chain,
                                      absl::Span<const absl::string_view> events,
                                      const CanaryStage& stage, SourceNames& sources);

}  // namespace sequitur::pipeline
