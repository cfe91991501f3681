#include "pipeline/coverage.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;
using event::kNoTime;

constexpr absl::string_view kNames[] = {"web",     "process",     "file",
                                        "network", "network_pid", "other"};

Coverage::Telemetry Parse(absl::string_view category) {
  for (const auto kind :
       {Coverage::kWeb, Coverage::kProcess, Coverage::kFile, Coverage::kNetwork}) {
    if (category == Coverage::Name(kind)) return kind;
  }
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

bool Within(event::TimeNs time, event::TimeNs now, event::TimeNs window) {
  return time != kNoTime && time >= event::AddSaturating(now, -window);
}

}  // namespace

absl::string_view Coverage::Name(Telemetry kind) { return kNames[kind]; }

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
                   absl::Duration window)
    : window_(absl::ToInt64Nanoseconds(window)) {
  Adopt(rules, fields);
}

void Coverage::Adopt(const rules::RuleSet& rules, const event::FieldTable& fields) {
  needs_.clear();
  need_of_rule_.clear();
  for (const rules::Rule& rule : rules.rules()) {
    const Need need = NeedOf(rule, rules, fields);
    const auto known = std::find(needs_.begin(), needs_.end(), need);
    need_of_rule_.push_back(static_cast<size_t>(known - needs_.begin()));
    if (known == needs_.end()) needs_.push_back(need);
  }
}

Coverage::Need Coverage::NeedOf(const rules::Rule& rule, const rules::RuleSet& rules,
                                const event::FieldTable& fields) {
  Need need;
  for (const rules::Stage& stage : rule.stages) {
    const Telemetry kind = Parse(stage.term.category);
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

void Coverage::Observe(const event::Event& event) {
  if (event.host == event::kUnknownHost) return;
  const event::TimeNs time = event.record_time != kNoTime ? event.record_time : event.time;
  now_ = std::max(now_, time);
  Host& host = HostOf(event.host);
  if (host.first == kNoTime) host.first = time;
  host.first = std::min(host.first, time);
  host.last = std::max(host.last, time);
  for (const event::Value& flag : event.Get(field::kSequiturFlags).elements()) {
    if (flag.text() == kLossFlag) host.lost = now_;
  }
  const Telemetry kind = KindOf(event);
  if (kind == kOther) return;
  host.seen[kind] = std::max(host.seen[kind], time);
  if (kind == kNetwork && event.Has(field::kProcessPid)) {
    host.seen[kNetworkPid] = std::max(host.seen[kNetworkPid], time);
  }
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
  }
}

void Coverage::ForgetHost(event::HostId host) {
  if (host < hosts_.size()) hosts_[host] = Host();
}

bool Coverage::IsActive(const Host& host) const { return Within(host.last, now_, window_); }

Coverage::Kinds Coverage::LacksOf(const Need& need, const Host& host) const {
  Kinds lacks;
  if (host.first == kNoTime || host.first > event::AddSaturating(now_, -window_)) return lacks;
  if (need.first >= 0 && host.seen[need.first] == kNoTime) return lacks;
  for (size_t kind = 0; kind < kKinds; ++kind) {
    lacks[kind] = need.kinds[kind] && !Within(host.seen[kind], now_, window_);
  }
  // Said once: no flows at all is no flows with a pid.
  if (lacks[kNetwork]) lacks.reset(kNetworkPid);
  return lacks;
}

Coverage::Kinds Coverage::Lacks(uint32_t rule, event::HostId host) const {
  return host < hosts_.size() ? LacksOf(needs_[need_of_rule_[rule]], hosts_[host]) : Kinds();
}

bool Coverage::HasLost(event::HostId host) const {
  return host < hosts_.size() && Within(hosts_[host].lost, now_, window_);
}

Coverage::Summary Coverage::Summarise() const {
  Summary summary;
  std::vector<HostsByKind> by_need(needs_.size());
  for (const Host& host : hosts_) {
    if (!IsActive(host)) continue;
    ++summary.active_hosts;
    for (size_t i = 0; i < needs_.size(); ++i) {
      const Kinds lacks = LacksOf(needs_[i], host);
      for (size_t kind = 0; kind < kKinds; ++kind) by_need[i][kind] += lacks[kind];
    }
  }
  for (const size_t need : need_of_rule_) summary.lacking.push_back(by_need[need]);
  return summary;
}

std::vector<Coverage::Gap> Coverage::Gaps(size_t limit) const {
  std::vector<Gap> gaps;
  for (event::HostId id = 0; id < hosts_.size() && gaps.size() < limit; ++id) {
    if (!IsActive(hosts_[id])) continue;
    Kinds lacks;
    for (const Need& need : needs_) lacks |= LacksOf(need, hosts_[id]);
    if (lacks.any()) gaps.push_back({id, lacks});
  }
  return gaps;
}

}  // namespace sequitur::pipeline
