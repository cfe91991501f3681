#include "correlate/correlator.h"

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/hash/hash.h"
#include "correlate/join_key.h"

namespace sequitur::correlate {
namespace {

constexpr size_t kRecentMatches = 65536;
// What is due on a host is seen to by its next events, so many at a time: thousands
// of keys that end in the same second must not make one event wait.
constexpr size_t kAdvancedTogether = 1024;

const rules::Stage& StageOf(const rules::Rule& rule, uint16_t stage) {
  return stage == rules::Hit::kUntil ? *rule.until : rule.stages[stage];
}

size_t StageIndex(const rules::Rule& rule, uint16_t stage) {
  return stage == rules::Hit::kUntil ? rule.stages.size() : stage;
}

std::unique_ptr<const Plan> PlanOf(const rules::Rule& rule, const Options::WhatIf& what_if) {
  if (what_if.maxspan_factor == 1 && what_if.more_slack == 0) {
    return std::make_unique<const Plan>(Plan::Of(rule));
  }
  rules::Rule other = rule;
  if (other.maxspan.has_value()) *other.maxspan *= what_if.maxspan_factor;
  other.order_slack += what_if.more_slack;
  return std::make_unique<const Plan>(Plan::Of(other));
}

// Begins the counts by stage.
void CountStages(const rules::Rule& rule, RuleStats& stats) {
  const size_t stages = rule.stages.size() + (rule.until.has_value() ? 1 : 0);
  for (auto* by_stage : {&stats.stage_hits, &stats.keyless_hits, &stats.expired_after}) {
    by_stage->assign(stages, 0);
  }
}

void CountLoss(const KeyState& state, EvictReason reason, RuleStats& stats) {
  const auto index = static_cast<size_t>(reason);
  stats.evicted[index] += std::max<uint64_t>(1, state.held().hits);
  if (state.advanced() > 1) ++stats.evicted_advanced[index];
}

Match MakeMatch(const Plan& plan, event::HostId host, const KeyState& state, const Chain& chain) {
  Match match;
  match.rule = state.rule();
  match.host = host;
  match.key = std::string(state.key());
  std::vector<event::SnapshotRef> by_state(plan.states);
  for (Chain c = chain; c; c = c.previous()) by_state[c.size() - 1] = c.last();
  for (const Plan::Shown& shown : plan.shown) {
    match.evidence.push_back(shown.absent ? event::SnapshotRef() : by_state[shown.state]);
  }
  return match;
}

}  // namespace

absl::string_view EvictReasonName(EvictReason reason) {
  constexpr absl::string_view kNames[kEvictReasons] = {
      "key_cap", "host_share", "memory", "key_product", "forgotten_host", "rule_changed"};
  return kNames[static_cast<size_t>(reason)];
}

Correlator::Correlator(std::shared_ptr<const rules::RuleSet> rules, Options options)
    : rules_(std::move(rules)), options_(options) {
  for (const rules::Rule& rule : rules_->rules()) {
    plans_.push_back(PlanOf(rule, options_.what_if));
    CountStages(rule, stats_.rules.emplace_back());
  }
}

Correlator::~Correlator() = default;

void Correlator::Push(const event::Event& event, absl::Span<const rules::Hit> hits,
                      std::vector<Match>& matches) {
  Host& host = HostOf(event.host);
  ++stats_.events;
  host.last_record_time = std::max(host.last_record_time, event.record_time);
  if (!host.clock.Observe(event.time)) ++stats_.clock_outliers;
  const TimeNs horizon = Horizon(host);
  if (event.time < horizon) ++stats_.late_events;
  if (host.state != nullptr) AdvanceHost(event.host, horizon, matches);
  if (hits.empty()) return EnforceMemory(event.host);

  const auto snapshot = event::Snapshot::Of(event, &host.account);
  for (auto rest = hits; !rest.empty();) {
    const auto of_next_rule = std::find_if(rest.begin(), rest.end(), [&](const rules::Hit& hit) {
      return hit.rule != rest.front().rule;
    });
    const size_t count = of_next_rule - rest.begin();
    PushRule(event, snapshot, rest.subspan(0, count), matches);
    rest.remove_prefix(count);
  }
  EnforceMemory(event.host);
}

// The hits of one event on one rule, in the order in which the machine takes
// them (hit.h): each then arrives in order, and none finds that a full key has
// just been made final past it.
void Correlator::PushRule(const event::Event& event, const event::SnapshotRef& snapshot,
                          absl::Span<const rules::Hit> hits, std::vector<Match>& matches) {
  const uint32_t number = hits.front().rule;
  const rules::Rule& rule = rules_->rules()[number];
  RuleStats& stats = stats_.rules[number];
  absl::InlinedVector<uint16_t, 8> stages;
  for (const rules::Hit& hit : hits) stages.push_back(hit.stage);
  const bool until = stages.back() == rules::Hit::kUntil;
  if (plans_[number]->total_lag == 0) std::reverse(stages.begin(), stages.end() - (until ? 1 : 0));
  for (const uint16_t stage : stages) {
    ++stats.stage_hits[StageIndex(rule, stage)];
    if (!rule.is_sequence) {
      AddEventMatch(event.host, snapshot, number, matches);
      continue;
    }
    bool has_key = false;
    stats.evicted[static_cast<size_t>(EvictReason::kKeyProduct)] += ForEachJoinKey(
        event, StageOf(rule, stage).term.keys, key_scratch_, [&](const std::string& key) {
          has_key = true;
          AddHit(event.host, snapshot, number, stage, key, matches);
        });
    if (!has_key) ++stats.keyless_hits[StageIndex(rule, stage)];
  }
}

Correlator::Host& Correlator::HostOf(event::HostId id) {
  while (hosts_.size() <= id) hosts_.emplace_back().account.parent = &total_;
  return hosts_[id];
}

HostState& Correlator::StateOf(Host& host) {
  if (host.state == nullptr) host.state = std::make_unique<HostState>(keys_, host.account, stats_);
  return *host.state;
}

TimeNs Correlator::Horizon(const Host& host) const {
  return event::AddSaturating(host.clock.now(), -options_.lateness);
}

void Correlator::AddEventMatch(event::HostId id, const event::SnapshotRef& event, uint32_t rule,
                               std::vector<Match>& matches) {
  const auto seen_before = [&](uint64_t what) {
    if (!recent_matches_.insert(what).second) return true;
    recent_order_.push_back(what);
    if (recent_order_.size() > kRecentMatches) {
      recent_matches_.erase(recent_order_.front());
      recent_order_.pop_front();
    }
    return false;
  };
  RuleStats& stats = stats_.rules[rule];
  const std::string& rule_id = rules_->rules()[rule].id;
  if (seen_before(absl::HashOf(rule_id, event->position())) ||
      (event->identity() != 0 && seen_before(absl::HashOf(rule_id, id, event->identity())))) {
    ++stats.duplicate_hits;
    return;
  }
  ++stats.matches;
  Match& match = matches.emplace_back();
  match.rule = rule;
  match.host = id;
  match.evidence = {event};
}

void Correlator::AddHit(event::HostId id, const event::SnapshotRef& event, uint32_t rule,
                        uint16_t stage, const std::string& key, std::vector<Match>& matches) {
  Host& host = hosts_[id];
  const Plan& plan = *plans_[rule];
  HostState& state = StateOf(host);
  KeyState& key_state = state.Open(plan, rule, key);
  state.Change(key_state, [&](KeyState& changing) {
    changing.Add({event::AddSaturating(event->time(), plan.LagOf(stage)), event, stage},
                 Horizon(host), options_.limits.key, stats_.rules[rule], completed_);
    Publish(id, changing, matches);
  });
}

void Correlator::Publish(event::HostId id, const KeyState& state, std::vector<Match>& matches) {
  for (const Chain& chain : completed_) {
    Match& match = matches.emplace_back(MakeMatch(*plans_[state.rule()], id, state, chain));
    match.candidates = state.CandidatesFor(chain, &match.other_candidates);
  }
  stats_.rules[state.rule()].matches += completed_.size();
  completed_.clear();
}

void Correlator::AdvanceHost(event::HostId id, TimeNs horizon, std::vector<Match>& matches) {
  HostState& host = *hosts_[id].state;
  for (size_t i = 0; i < kAdvancedTogether; ++i) {
    KeyState* due = host.queue().PopDue(horizon);
    if (due == nullptr) break;
    host.queue().Insert(*due, event::kEndOfTime);
    host.Change(*due, [&](KeyState& state) {
      state.Advance(horizon, stats_.rules[state.rule()], completed_);
      Publish(id, state, matches);
    });
  }
  if (host.keys() == 0) hosts_[id].state.reset();
}

void Correlator::FlushHost(event::HostId id, std::vector<Match>& matches) {
  HostState& host = *hosts_[id].state;
  host.queue().ForEach([&](KeyState& flushed) {
    host.Change(flushed, [&](KeyState& state) {
      state.Advance(event::kEndOfTime, stats_.rules[state.rule()], completed_);
      Publish(id, state, matches);
    });
    return true;
  });
  hosts_[id].state.reset();
}

void Correlator::MergeHosts(event::HostId from, event::HostId into, std::vector<Match>& matches) {
  if (from == into || hosts_.size() <= from) return;
  HostOf(into);
  Host& source = hosts_[from];
  ++stats_.host_merges;
  if (source.clock.now() != event::kNoTime) {
    hosts_[into].clock.Observe(source.clock.now());
  }
  source.clock = event::EventClock();
  if (source.state == nullptr) return;
  source.state->queue().ForEach([&](KeyState& old) {
    TakeOver(into, old.rule(), old, matches);
    return true;
  });
  source.state.reset();
  EnforceMemory(into);
}

// The host's state of the same rule and key goes on with what `old` holds.
void Correlator::TakeOver(event::HostId id, uint32_t rule, const KeyState& old,
                          std::vector<Match>& matches) {
  Host& host = hosts_[id];
  HostState& states = StateOf(host);
  states.Change(states.Open(*plans_[rule], rule, old.key()), [&](KeyState& state) {
    state.TakeOver(old, Horizon(host), options_.limits.key, stats_.rules[rule], completed_);
    state.Advance(Horizon(host), stats_.rules[rule], completed_);
    Publish(id, state, matches);
  });
}

Adoption Correlator::Adopt(std::shared_ptr<const rules::RuleSet> next,
                           std::vector<Match>& matches) {
  const auto before = rules_;
  std::vector<PendingState> pending = TakeStates();
  Plans plans = std::exchange(plans_, {});  // outlive the states that are not kept
  Adoption adoption = Install(std::move(next), plans);
  for (const PendingState& old : pending) {
    KeyState& state = keys_[old.state];
    const std::string& id = before->rules()[state.rule()].id;
    const int number = rules_->Find(id);
    if (number >= 0 && adoption.rules[number] == Adoption::Fate::kKept) {
      state.set_rule(number);
      StateOf(hosts_[old.host]).Put(old.state);
      continue;
    }
    if (number < 0) {
      const auto gone = std::find_if(adoption.gone.begin(), adoption.gone.end(),
                                     [&](const Adoption::Gone& rule) { return rule.id == id; });
      CountLoss(state, EvictReason::kRuleChanged, gone->stats);
    } else if (adoption.rules[number] == Adoption::Fate::kRewindowed) {
      TakeOver(old.host, number, state, matches);
    } else {
      CountLoss(state, EvictReason::kRuleChanged, stats_.rules[number]);
    }
    keys_.Free(old.state);
  }
  for (event::HostId id = 0; id < hosts_.size(); ++id) {
    if (hosts_[id].state != nullptr && hosts_[id].state->keys() == 0) hosts_[id].state.reset();
    EnforceMemory(id);
  }
  return adoption;
}

std::vector<Correlator::PendingState> Correlator::TakeStates() {
  std::vector<PendingState> taken;
  for (event::HostId id = 0; id < hosts_.size(); ++id) {
    HostState* host = hosts_[id].state.get();
    if (host == nullptr) continue;
    host->queue().ForEach([&](KeyState& state) {
      taken.push_back({id, host->Take(state)});
      return true;
    });
    hosts_[id].state.reset();
  }
  return taken;
}

Adoption Correlator::Install(std::shared_ptr<const rules::RuleSet> next, Plans& plans) {
  const auto before = std::exchange(rules_, std::move(next));
  auto stats = std::exchange(stats_.rules, {});
  Adoption adoption;
  for (const rules::Rule& rule : rules_->rules()) {
    const int old = before->Find(rule.id);
    const auto fate = FateOf(old < 0 ? nullptr : &before->rules()[old], rule);
    adoption.rules.push_back(fate);
    const bool kept = fate == Adoption::Fate::kKept;
    plans_.push_back(kept ? std::move(plans[old]) : PlanOf(rule, options_.what_if));
    stats_.rules.push_back(old < 0 ? RuleStats() : std::move(stats[old]));
    const bool same_stages = kept || fate == Adoption::Fate::kRewindowed;
    if (!same_stages) CountStages(rule, stats_.rules.back());
  }
  for (size_t old = 0; old < before->rules().size(); ++old) {
    const std::string& id = before->rules()[old].id;
    if (rules_->Find(id) < 0) adoption.gone.push_back({id, std::move(stats[old])});
  }
  return adoption;
}

void Correlator::ForgetHost(event::HostId id, std::vector<Match>& matches) {
  if (hosts_.size() <= id) return;
  if (hosts_[id].state != nullptr) {
    hosts_[id].state->queue().ForEach([&](KeyState& state) {
      CountLoss(state, EvictReason::kForgottenHost, stats_.rules[state.rule()]);
      return true;
    });
    FlushHost(id, matches);
  }
  hosts_[id].clock = event::EventClock();
  hosts_[id].last_record_time = event::kNoTime;
}

void Correlator::SweepIdle(TimeNs record_time, std::vector<Match>& matches) {
  const TimeNs idle_after = event::AddSaturating(rules_->longest_maxspan(), options_.lateness);
  for (event::HostId id = 0; id < hosts_.size(); ++id) {
    const Host& host = hosts_[id];
    if (host.state == nullptr || host.last_record_time == event::kNoTime) continue;
    if (record_time - host.last_record_time > idle_after) FlushHost(id, matches);
  }
}

void Correlator::Finish(std::vector<Match>& matches) {
  for (event::HostId id = 0; id < hosts_.size(); ++id) {
    if (hosts_[id].state != nullptr) FlushHost(id, matches);
  }
}

void Correlator::EnforceMemory(event::HostId id) {
  const auto share = static_cast<int64_t>(options_.limits.host_share *
                                          static_cast<double>(options_.limits.memory));
  Host& host = hosts_[id];
  if (host.account.bytes > share) EvictFrom(host, share - share / 8, EvictReason::kHostShare);
  // The host that holds the most pays: a small one keeps what it has.
  while (total_.bytes > options_.limits.memory) {
    Host* largest = nullptr;
    for (Host& candidate : hosts_) {
      if (candidate.state == nullptr) continue;
      if (largest == nullptr || candidate.account.bytes > largest->account.bytes) {
        largest = &candidate;
      }
    }
    if (largest == nullptr) return;
    EvictFrom(*largest, largest->account.bytes / 2, EvictReason::kMemory);
  }
}

// First what is at its first step only, nearest to its end first; sequences
// that have advanced go last, and each such loss is reported.
void Correlator::EvictFrom(Host& host, int64_t target, EvictReason reason) {
  for (const bool advanced_too : {false, true}) {
    if (host.state == nullptr) return;
    host.state->queue().ForEach([&](KeyState& state) {
      if (advanced_too || state.advanced() <= 1) {
        CountLoss(state, reason, stats_.rules[state.rule()]);
        host.state->Erase(state);
      }
      return host.account.bytes > target;
    });
    if (host.state->keys() == 0) host.state.reset();
    if (host.account.bytes <= target) return;
  }
}

const Stats& Correlator::stats() {
  stats_.keys = 0;
  stats_.hosts = 0;
  for (const Host& host : hosts_) {
    if (host.state == nullptr) continue;
    ++stats_.hosts;
    stats_.keys += host.state->keys();
  }
  stats_.bytes = total_.bytes;
  return stats_;
}

}  // namespace sequitur::correlate
