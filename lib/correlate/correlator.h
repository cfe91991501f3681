#pragma once

// Correlator: one worker's engine. Takes events with the (rule, stage) pairs
// they hit and returns the matches they complete. What it guarantees is in
// lib/correlate/README.md; how, in key_state.h.
//
// It does no I/O and reads no clock: time is the events' own, per host.
//
// Bounds:   limits.memory bytes over all hosts, limits.host_share of it for any
//           one host, limits.key.max_hits hits per join key. What is given up
//           is counted by rule and reason in Stats.
// Threads:  none; one per worker.
// Lifetime: the RuleSets are shared; matches hold their own evidence but must be
//           gone before the Correlator is (their bytes are charged to it).

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "correlate/adoption.h"
#include "correlate/host_state.h"
#include "correlate/match.h"
#include "correlate/stats.h"
#include "event/event_clock.h"
#include "rules/rule_set.h"

namespace sequitur::correlate {

struct Options {
  // How much older than the latest event of its host an event may arrive and
  // still be joined exactly.
  TimeNs lateness = 600 * event::kSecond;
  struct Limits {
    int64_t memory = int64_t{512} << 20;
    double host_share = 0.25;
    KeyState::Limits key;
  } limits;
  // Other windows than the rules': to ask what they would have found.
  struct WhatIf {
    int maxspan_factor = 1;
    TimeNs more_slack = 0;
  } what_if;
};

class Correlator {
 public:
  Correlator(std::shared_ptr<const rules::RuleSet> rules, Options options);
  ~Correlator();

  // REQUIRES: event.time is set. `hits` may be empty: the event still moves its
  // host's clock. Matches are appended to `matches`.
  void Push(const event::Event& event, absl::Span<const rules::Hit> hits,
            std::vector<Match>& matches);

  // Two hosts turned out to be one: what is pending on `from` goes on in `into`.
  void MergeHosts(event::HostId from, event::HostId into, std::vector<Match>& matches);

  // Goes on with another rule set. Rules that match as before (adoption.h) keep
  // what is pending, rules with another window what still fits it, and nothing
  // that has matched matches again; matches that a wider window brings out are
  // appended. What is dropped is counted as kRuleChanged. Counters stay with the
  // rule's id, those by stage with its stages.
  // REQUIRES: field numbers of the current rule set mean the same in `next`; all
  //           matches so far are dealt with, since Match::rule is an index.
  Adoption Adopt(std::shared_ptr<const rules::RuleSet> next, std::vector<Match>& matches);

  // The host's number ends: what waited there is decided, the rest is over and
  // counted.
  void ForgetHost(event::HostId host, std::vector<Match>& matches);

  // Hosts that sent nothing for longer than any window, by the bus's time: what
  // waited there is decided, the rest is over.
  void SweepIdle(TimeNs record_time, std::vector<Match>& matches);

  // End of input: event time goes to infinity on every host.
  void Finish(std::vector<Match>& matches);

  // Counters, with what is held right now filled in.
  const Stats& stats();

 private:
  struct Host {
    event::EventClock clock;
    TimeNs last_record_time = event::kNoTime;
    event::MemoryAccount account;
    std::unique_ptr<HostState> state;  // null while nothing is pending
  };

  using Plans = std::vector<std::unique_ptr<const Plan>>;
  struct PendingState {
    event::HostId host = 0;
    KeyPool::Number state = 0;
  };

  Host& HostOf(event::HostId id);
  HostState& StateOf(Host& host);
  TimeNs Horizon(const Host& host) const;
  void PushRule(const event::Event& event, const event::SnapshotRef& snapshot,
                absl::Span<const rules::Hit> hits, std::vector<Match>& matches);
  void AddHit(event::HostId id, const event::SnapshotRef& event, uint32_t rule, uint16_t stage,
              const std::string& key, std::vector<Match>& matches);
  void AddEventMatch(event::HostId id, const event::SnapshotRef& event, uint32_t rule,
                     std::vector<Match>& matches);
  void AdvanceHost(event::HostId id, TimeNs horizon, std::vector<Match>& matches);
  void FlushHost(event::HostId id, std::vector<Match>& matches);
  void Publish(event::HostId id, const KeyState& state, std::vector<Match>& matches);
  void EnforceMemory(event::HostId id);
  void EvictFrom(Host& host, int64_t target, EvictReason reason);
  void TakeOver(event::HostId id, uint32_t rule, const KeyState& old, std::vector<Match>& matches);
  std::vector<PendingState> TakeStates();
  // Makes room for the rules of `next` and moves over what stays with their ids,
  // of `plans` those of rules that are kept.
  Adoption Install(std::shared_ptr<const rules::RuleSet> next, Plans& plans);

  std::shared_ptr<const rules::RuleSet> rules_;
  const Options options_;
  Plans plans_;  // by rule; KeyStates point to them
  Stats stats_;  // before hosts_, whose states charge what they hold to it
  event::MemoryAccount total_;
  KeyPool keys_;            // before hosts_, which free theirs
  std::deque<Host> hosts_;  // by HostId; a deque, for accounts must not move
  // Single-event matches already given, so that a re-examined or re-sent event
  // does not match twice: the latest kRecentMatches.
  absl::flat_hash_set<uint64_t> recent_matches_;
  std::deque<uint64_t> recent_order_;
  std::string key_scratch_;
  std::vector<Chain> completed_;
};

}  // namespace sequitur::correlate
