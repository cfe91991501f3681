#pragma once

// What the correlator counts. Everything that was late, dropped or given up is
// here by reason: it is never the same as "nothing happened".

#include <array>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

namespace sequitur::correlate {

enum class EvictReason : uint8_t {
  kKeyCap,         // one join key held too many hits
  kHostShare,      // one host held more than its share of the memory
  kMemory,         // all hosts together held more than the budget
  kKeyProduct,     // list-valued join keys made too many combinations
  kForgottenHost,  // more hosts than may be known at one time
  kRuleChanged,    // the rule set was replaced, and the rule's stages differ or it is gone
};
inline constexpr size_t kEvictReasons = 6;
absl::string_view EvictReasonName(EvictReason reason);

// What the join keys of one rule hold now.
struct Held {
  uint64_t keys = 0;
  uint64_t hits = 0;  // (event, stage) pairs
  // Of the keys and of the events they hold. An event that several rules hold
  // counts for each: the sum over the rules can be more than Stats::bytes.
  uint64_t bytes = 0;

  Held& operator+=(const Held& other) {
    keys += other.keys;
    hits += other.hits;
    bytes += other.bytes;
    return *this;
  }
  Held& operator-=(const Held& other) {
    keys -= other.keys;
    hits -= other.hits;
    bytes -= other.bytes;
    return *this;
  }
  friend bool operator==(const Held&, const Held&) = default;
};

struct RuleStats {
  std::vector<uint64_t> stage_hits;     // by stage, until last
  std::vector<uint64_t> keyless_hits;   // by stage: among them without a key, joined to nothing
  std::vector<uint64_t> expired_after;  // by stage: of `expired`, those that had come that far
  uint64_t matches = 0;
  uint64_t late_hits = 0;       // older than lateness allows; used as far as possible
  uint64_t duplicate_hits = 0;  // the same record again
  uint64_t expired = 0;         // sequences whose maxspan ran out
  Held held;
  // By reason: hits given up, and among them sequences past their first step.
  std::array<uint64_t, kEvictReasons> evicted = {};
  std::array<uint64_t, kEvictReasons> evicted_advanced = {};
};

struct Stats {
  std::vector<RuleStats> rules;  // by index into RuleSet::rules()
  uint64_t events = 0;
  uint64_t late_events = 0;
  uint64_t clock_outliers = 0;  // events so far ahead that they moved no clock
  uint64_t host_merges = 0;
  uint64_t keys = 0;   // held now
  int64_t bytes = 0;   // held now
  uint64_t hosts = 0;  // with state now
};

}  // namespace sequitur::correlate
