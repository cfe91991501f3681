#include "pipeline/needed_events.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "enrich/process_record.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;

// What the correlate stage may set or change in an event without a pid. Lineage
// needs one; indicators and direction follow from the event alone.
bool IsSetLater(absl::string_view path) {
  if (path == "sequitur.indicators" || path == "sequitur.source" ||
      absl::StartsWith(path, "sequitur.lineage.") ||
      absl::StartsWith(path, "sequitur.ancestors.")) {
    return false;
  }
  return absl::StartsWith(path, "sequitur.") || absl::StartsWith(path, "service.") ||
         absl::StartsWith(path, "host.");
}

event::Projection SetLater(const event::FieldTable& fields) {
  event::Projection open(fields);
  for (event::FieldId id = 0; id < fields.size(); ++id) {
    if (IsSetLater(fields.path(id))) open.Add(id);
  }
  return open;
}

// What indicators and direction set in an event.
constexpr std::array<event::FieldId, 3> kSetHere = {
    field::kSequiturIndicators, field::kNetworkDirection, field::kSequiturFlags};

bool HasFlag(const event::Event& event, absl::string_view wanted) {
  for (const event::Value& flag : event.Get(field::kSequiturFlags).elements()) {
    if (flag.text() == wanted) return true;
  }
  return false;
}

}  // namespace

NeededEvents::NeededEvents(const Site& site)
    : indicators_(site.indicators()),
      direction_(site.EnrichOptions().direction),
      rules_(site.rules()->program()),
      may_hit_(site.rules()->program(), SetLater(site.fields())),
      baseline_conditions_(site.baseline_conditions()),
      may_count_(site.baseline_conditions(), SetLater(site.fields())) {
  std::set<std::pair<std::string, eql::ConditionId>> stages;
  for (const rules::Rule& rule : site.rules()->rules()) {
    for (const rules::Stage& stage : rule.stages) {
      stages.emplace(stage.term.category, stage.term.condition);
    }
    if (rule.until.has_value()) {
      stages.emplace(rule.until->term.category, rule.until->term.condition);
    }
  }
  for (const auto& [category, condition] : stages) stages_.push_back({category, condition});
  for (const auto& when : site.baseline_when()) {
    counts_all_ |= !when.has_value();
    if (when.has_value()) baselines_.push_back(*when);
  }
}

bool NeededEvents::Needs(event::Event& event) {
  const bool heartbeat = IsHeartbeat(event);
  if (heartbeat || event.Has(field::kProcessPid) || event.Has(field::kProcessEntityId) ||
      Coverage::KindOf(event) == Coverage::kProcess) {
    return true;
  }
  if (HasFlag(event, Coverage::kLossFlag)) return true;
  std::array<event::Value, kSetHere.size()> before;
  for (size_t i = 0; i < kSetHere.size(); ++i) before[i] = event.Get(kSetHere[i]);
  indicators_.Enrich(event);
  direction_.Enrich(event);
  const bool needed = MayHit(event) || MayCount(event);
  for (size_t i = 0; i < kSetHere.size(); ++i) event.Set(kSetHere[i], before[i]);
  return needed;
}

bool NeededEvents::MayHit(const event::Event& event) {
  rules_.Begin(event);
  const event::Value& categories = event.Get(field::kEventCategory);
  return std::any_of(stages_.begin(), stages_.end(), [&](const Condition& stage) {
    return (stage.category.empty() || enrich::HasWord(categories, stage.category)) &&
           may_hit_(stage.condition, rules_);
  });
}

bool NeededEvents::MayCount(const event::Event& event) {
  if (counts_all_) return true;
  if (baselines_.empty()) return false;
  baseline_conditions_.Begin(event);
  return std::any_of(baselines_.begin(), baselines_.end(),
                     [&](eql::ConditionId when) { return may_count_(when, baseline_conditions_); });
}

bool NeededEvents::IsHeartbeat(const event::Event& event) {
  if (event.host == event::kUnknownHost) return true;  // shared by who knows whom
  if (event.host >= beats_.size()) beats_.resize(event.host + 1);
  std::vector<Beat>& beats = beats_[event.host];
  const Beat now = {event.position.source, Coverage::KindOf(event),
                    !HasFlag(event, Coverage::kZoneFlag), event.time};
  for (Beat& beat : beats) {
    if (beat.source != now.source || beat.kind != now.kind || beat.has_zone != now.has_zone) {
      continue;
    }
    if (now.last < event::AddSaturating(beat.last, kHeartbeat)) return false;
    beat.last = now.last;
    return true;
  }
  if (beats.size() < kMaxBeats) {
    beats.push_back(now);
  } else {
    *std::min_element(beats.begin(), beats.end(),
                      [](const Beat& a, const Beat& b) { return a.last < b.last; }) = now;
  }
  return true;
}

void NeededEvents::ForgetHost(event::HostId host) {
  if (host < beats_.size()) beats_[host].clear();
}

}  // namespace sequitur::pipeline
