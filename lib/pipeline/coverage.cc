#include "pipeline/coverage.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "eql/may_match.h"
#include "eql/program.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;
using event::kNoTime;

constexpr absl::string_view kNames[] = {"web",     "process",     "file",
                                        "network", "network_pid", "other"};
constexpr absl::string_view kReasonNames[] = {"late_web",          "late_process",
                                              "late_file",         "late_network",
                                              "time_zone_assumed", "es_sequence_gap"};

// A source is late while more than this share of its latest events was, the
// latest sixteen or so weighing most: three late ones in a row suffice.
constexpr float kLateShare = 1.0F / 8;
constexpr float kLatestWeigh = 1.0F / 16;

// What eslogger tells of, directly or through a flow's process.
bool IsOfSensor(Coverage::Kinds kinds) {
  return kinds[Coverage::kProcess] || kinds[Coverage::kFile] || kinds[Coverage::kNetworkPid];
}

Coverage::Telemetry Parse(absl::string_view category) {
  if (category == "web") return Coverage::kWeb;
  if (category == "process") return Coverage::kProcess;
  if (category == "file") return Coverage::kFile;
  if (category == "network") return Coverage::kNetwork;
  return Coverage::kOther;
}

// Fields that a flow has only when its process is known.
bool IsOfProcess(absl::string_view path) {
  return absl::StartsWith(path, "process.") || absl::StartsWith(path, "sequitur.lineage.") ||
         absl::StartsWith(path, "sequitur.service.") ||
         absl::StartsWith(path, "sequitur.ancestors.");
}

bool ReadsProcess(const eql::Term& term, const rules::RuleSet& rules,
                  const event::FieldTable& fields) {
  event::Projection read(fields);
  rules.program().CollectFields(term.condition, read);
  for (const eql::KeyField& key : term.keys) {
    if (!key.optional) read.Add(key.field);
  }
  for (event::FieldId id = 0; id < read.size(); ++id) {
    if (read.Has(id) && IsOfProcess(fields.path(id))) return true;
  }
  return false;
}

// Web, process, file and network; a pid is not what a stage asks for.
constexpr Coverage::Kinds kBaseKinds(0b1111);

Coverage::Telemetry Only(Coverage::Kinds kinds) {
  size_t kind = 0;
  while (!kinds[kind]) ++kind;
  return static_cast<Coverage::Telemetry>(kind);
}

event::Projection AllBut(event::FieldId known, const event::FieldTable& fields) {
  event::Projection open(fields);
  for (event::FieldId id = 0; id < fields.size(); ++id) {
    if (id != known) open.Add(id);
  }
  return open;
}

// Of which kinds a condition can be true, by what it says of event.category.
class PossibleKinds {
 public:
  PossibleKinds(const rules::RuleSet& rules, const event::FieldTable& fields)
      : may_match_(rules.program(), AllBut(field::kEventCategory, fields)),
        evaluator_(rules.program()),
        event_(rules.projection()) {}

  Coverage::Kinds operator()(const eql::Term& term) {
    Coverage::Kinds possible;
    for (size_t kind = 0; kind < kBaseKinds.count(); ++kind) {
      event_.Reset();
      event_.SetString(field::kEventCategory,
                       Coverage::Name(static_cast<Coverage::Telemetry>(kind)));
      evaluator_.Begin(event_);
      possible[kind] = may_match_(term.condition, evaluator_);
    }
    return possible;
  }

 private:
  const eql::MayMatch may_match_;
  eql::Evaluator evaluator_;
  event::Event event_;
};

bool Within(event::TimeNs time, event::TimeNs now, event::TimeNs window) {
  return time != kNoTime && time >= event::AddSaturating(now, -window);
}

}  // namespace

absl::string_view Coverage::Name(Telemetry kind) { return kNames[kind]; }

absl::string_view Coverage::Name(Reason reason) { return kReasonNames[reason]; }

std::array<event::TimeNs, Coverage::kKinds> Coverage::NeverSeen() {
  std::array<event::TimeNs, kKinds> never;
  never.fill(kNoTime);
  return never;
}

Coverage::Telemetry Coverage::KindOf(const event::Event& event) {
  for (const event::Value& category : event.Get(field::kEventCategory).elements()) {
    const Telemetry kind = Parse(category.text());
    if (kind != kOther) return kind;
  }
  return kOther;
}

Coverage::Coverage(const rules::RuleSet& rules, const event::FieldTable& fields,
                   CoverageOptions options)
    : window_(absl::ToInt64Nanoseconds(options.window)),
      lateness_(absl::ToInt64Nanoseconds(options.lateness)) {
  Adopt(rules, fields);
}

void Coverage::Adopt(const rules::RuleSet& rules, const event::FieldTable& fields) {
  needs_.clear();
  need_of_rule_.clear();
  PossibleKinds possible_kinds(rules, fields);
  const auto kinds_of = [&](const eql::Term& term) { return possible_kinds(term); };
  for (const rules::Rule& rule : rules.rules()) {
    const Need need = NeedOf(rule, rules, fields, kinds_of);
    const auto known = std::find(needs_.begin(), needs_.end(), need);
    need_of_rule_.push_back(static_cast<size_t>(known - needs_.begin()));
    if (known == needs_.end()) needs_.push_back(need);
  }
}

Coverage::Need Coverage::NeedOf(const rules::Rule& rule, const rules::RuleSet& rules,
                                const event::FieldTable& fields, KindsOf possible_kinds) {
  Need need;
  for (const rules::Stage& stage : rule.stages) {
    Telemetry kind = Parse(stage.term.category);
    if (stage.term.category.empty()) {
      const Kinds possible = possible_kinds(stage.term);
      if (possible.count() == 1) kind = Only(possible);
      if (possible == kBaseKinds) need.any = true;
      if (possible.count() > 1 && possible != kBaseKinds) need.one_of.push_back(possible);
    }
    if (kind == kOther) continue;
    need.kinds.set(kind);
    if (kind == kNetwork && ReadsProcess(stage.term, rules, fields)) need.kinds.set(kNetworkPid);
    if (need.first < 0) need.first = kind;
  }
  return need;
}

Coverage::Host& Coverage::HostOf(event::HostId host) {
  if (host >= hosts_.size()) hosts_.resize(host + 1);
  return hosts_[host];
}

Coverage::Source& Coverage::SourceOf(Host& host, uint32_t source) {
  for (Source& known : host.sources) {
    if (known.source == source) return known;
  }
  Source next;
  next.source = source;
  if (host.sources.size() < kMaxSources) return host.sources.emplace_back(next);
  Source& silent =
      *std::min_element(host.sources.begin(), host.sources.end(),
                        [](const Source& a, const Source& b) { return a.last < b.last; });
  silent = next;
  return silent;
}

Coverage::Telemetry Coverage::Observe(const event::Event& event) {
  const Telemetry kind = KindOf(event);
  if (event.host != event::kUnknownHost) ObserveOn(HostOf(event.host), event, kind);
  return kind;
}

void Coverage::ObserveOn(Host& host, const event::Event& event, Telemetry kind) {
  const event::TimeNs time = event.record_time != kNoTime ? event.record_time : event.time;
  now_ = std::max(now_, time);
  if (host.first == kNoTime) host.first = time;
  host.first = std::min(host.first, time);
  host.last = std::max(host.last, time);
  for (const event::Value& flag : event.Get(field::kSequiturFlags).elements()) {
    if (flag.text() == kLossFlag) host.lost = now_;
    if (flag.text() == kZoneFlag && kind != kOther) host.without_zone[kind] = now_;
  }
  ObserveArrival(event, kind, host);
  if (kind == kOther) return;
  host.seen[kind] = std::max(host.seen[kind], time);
  if (kind == kNetwork && event.Has(field::kProcessPid)) {
    host.seen[kNetworkPid] = std::max(host.seen[kNetworkPid], time);
  }
}

void Coverage::ObserveArrival(const event::Event& event, Telemetry kind, Host& host) const {
  host.clock.Observe(event.time);
  Source& source = SourceOf(host, event.position.source);
  source.last = now_;
  if (kind != kOther) source.kinds.set(kind);
  const bool late = event.time < event::AddSaturating(host.clock.now(), -lateness_);
  source.late_share += ((late ? 1.0F : 0.0F) - source.late_share) * kLatestWeigh;
  if (late && source.late_share > kLateShare) source.late = now_;
}

void Coverage::MergeHosts(event::HostId from, event::HostId into) {
  if (from >= hosts_.size()) return;
  const Host ended = hosts_[from];
  hosts_[from] = Host();
  if (ended.first == kNoTime) return;
  Host& host = HostOf(into);
  host.first = host.first == kNoTime ? ended.first : std::min(host.first, ended.first);
  host.last = std::max(host.last, ended.last);
  host.lost = std::max(host.lost, ended.lost);
  for (size_t kind = 0; kind < kKinds; ++kind) {
    host.seen[kind] = std::max(host.seen[kind], ended.seen[kind]);
    host.without_zone[kind] = std::max(host.without_zone[kind], ended.without_zone[kind]);
  }
  // What was late beside one of the two may be in time beside both: seen anew.
  host.clock.Observe(ended.clock.now());
}

void Coverage::ForgetHost(event::HostId host) {
  if (host < hosts_.size()) hosts_[host] = Host();
}

bool Coverage::IsActive(const Host& host) const { return Within(host.last, now_, window_); }

Coverage::Kinds Coverage::Need::All() const {
  Kinds all = any ? Kinds().set() : kinds;
  for (const Kinds& each : one_of) all |= each;
  return all;
}

bool Coverage::Concerns(const Need& need, const Host& host) const {
  return host.first != kNoTime && (need.first < 0 || host.seen[need.first] != kNoTime);
}

Coverage::Kinds Coverage::LacksOf(const Need& need, const Host& host) const {
  Kinds lacks;
  if (!Concerns(need, host) || host.first > event::AddSaturating(now_, -window_)) return lacks;
  for (size_t kind = 0; kind < kKinds; ++kind) {
    lacks[kind] = need.kinds[kind] && !Within(host.seen[kind], now_, window_);
  }
  for (const Kinds& one_of : need.one_of) {
    Kinds absent;
    for (size_t kind = 0; kind < kKinds; ++kind) {
      absent[kind] = one_of[kind] && !Within(host.seen[kind], now_, window_);
    }
    if (absent == one_of) lacks |= absent;
  }
  // Said once: no flows at all is no flows with a pid.
  if (lacks[kNetwork]) lacks.reset(kNetworkPid);
  return lacks;
}

Coverage::Kinds Coverage::LateKinds(const Host& host) const {
  Kinds late;
  for (const Source& source : host.sources) {
    if (Within(source.late, now_, window_)) late |= source.kinds;
  }
  return late;
}

Coverage::Kinds Coverage::KindsWithoutZone(const Host& host) const {
  Kinds without;
  for (size_t kind = 0; kind < kKinds; ++kind) {
    without[kind] = Within(host.without_zone[kind], now_, window_);
  }
  return without;
}

Coverage::Reasons Coverage::DegradedOf(const Need& need, const Host& host) const {
  Reasons reasons;
  if (!Concerns(need, host)) return reasons;
  const Kinds needed = need.All();
  const Kinds late = LateKinds(host) & needed;
  for (const auto& [kind, reason] :
       {std::pair(kWeb, kLateWeb), std::pair(kProcess, kLateProcess), std::pair(kFile, kLateFile),
        std::pair(kNetwork, kLateNetwork)}) {
    reasons[reason] = late[kind];
  }
  reasons[kTimeZoneAssumed] = (KindsWithoutZone(host) & needed).any();
  reasons[kSequenceGap] = IsOfSensor(needed) && Within(host.lost, now_, window_);
  return reasons;
}

Coverage::Kinds Coverage::Lacks(uint32_t rule, event::HostId host) const {
  return host < hosts_.size() ? LacksOf(needs_[need_of_rule_[rule]], hosts_[host]) : Kinds();
}

Coverage::Reasons Coverage::Degraded(uint32_t rule, event::HostId host) const {
  return host < hosts_.size() ? DegradedOf(needs_[need_of_rule_[rule]], hosts_[host]) : Reasons();
}

Coverage::Summary Coverage::Summarise() const {
  Summary summary;
  std::vector<RuleHosts> by_need(needs_.size());
  for (const Host& host : hosts_) {
    if (!IsActive(host)) continue;
    ++summary.active_hosts;
    bool has_gap = false;
    for (size_t i = 0; i < needs_.size(); ++i) {
      const Kinds lacks = LacksOf(needs_[i], host);
      const Reasons reasons = DegradedOf(needs_[i], host);
      has_gap |= lacks.any() || reasons.any();
      for (size_t kind = 0; kind < kKinds; ++kind) by_need[i].lacking[kind] += lacks[kind];
      for (size_t reason = 0; reason < kReasons; ++reason) {
        by_need[i].degraded[reason] += reasons[reason];
      }
    }
    summary.hosts_with_gaps += has_gap ? 1 : 0;
  }
  for (const size_t need : need_of_rule_) summary.rules.push_back(by_need[need]);
  return summary;
}

std::vector<Coverage::Gap> Coverage::Gaps(size_t limit) const {
  std::vector<Gap> gaps;
  for (event::HostId id = 0; id < hosts_.size() && gaps.size() < limit; ++id) {
    const Host& host = hosts_[id];
    if (!IsActive(host)) continue;
    Gap gap{id, {}, {}, host.seen};
    for (const Need& need : needs_) {
      gap.lacks |= LacksOf(need, host);
      gap.degraded |= DegradedOf(need, host);
    }
    if (gap.lacks.any() || gap.degraded.any()) gaps.push_back(gap);
  }
  return gaps;
}

}  // namespace sequitur::pipeline
