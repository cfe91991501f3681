#include "correlate/near_misses.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "correlate/join_key.h"

namespace sequitur::correlate {
namespace {

constexpr TimeNs kMinute = 60 * event::kSecond;
constexpr TimeNs kHour = 60 * kMinute;
constexpr TimeNs kDay = 24 * kHour;

std::unique_ptr<Correlator> WhatIf(std::shared_ptr<const rules::RuleSet> rules, Options options,
                                   Options::WhatIf what_if) {
  options.what_if = what_if;
  // More than the real one has, so that what that gives up is seen here.
  options.limits.memory *= 2;
  options.limits.key.max_hits *= 2;
  return std::make_unique<Correlator>(std::move(rules), options);
}

// One event in one place of a rule's chain.
uint64_t Mark(uint32_t rule, size_t step, const Position& position) {
  return absl::HashOf(rule, step, position);
}

// The step of each entry of Match::evidence.
std::vector<int> StepsShown(const rules::Rule& rule) {
  std::vector<int> steps;
  for (size_t stage = 0; stage < rule.stages.size(); ++stage) {
    steps.insert(steps.end(), rule.stages[stage].term.runs, static_cast<int>(stage) + 1);
  }
  return steps;
}

// A chain's events with their steps, missing ones left out.
struct Link {
  int step;
  const event::Snapshot* event;
};
std::vector<Link> LinksOf(const Match& match, const std::vector<int>& steps) {
  std::vector<Link> links;
  for (size_t i = 0; i < match.evidence.size(); ++i) {
    if (match.evidence[i]) links.push_back({steps[i], match.evidence[i].get()});
  }
  return links;
}

}  // namespace

absl::string_view MissCauseName(MissCause cause) {
  constexpr absl::string_view kNames[] = {"window", "order", "allowlisted", "evicted",
                                          "key_missing"};
  return kNames[static_cast<size_t>(cause)];
}

TimeNs Ladder::RungFor(TimeNs length) {
  constexpr TimeNs kSmall[] = {1, 2, 3, 5, 10, 15, 20, 30, 45};
  constexpr TimeNs kHours[] = {1, 2, 3, 4, 6, 8, 12, 18};
  constexpr TimeNs kDays[] = {1, 2, 3, 7, 14, 30};
  for (const TimeNs n : kSmall) {
    if (length <= n * event::kSecond) return n * event::kSecond;
  }
  for (const TimeNs n : kSmall) {
    if (length <= n * kMinute) return n * kMinute;
  }
  for (const TimeNs n : kHours) {
    if (length <= n * kHour) return n * kHour;
  }
  for (const TimeNs n : kDays) {
    if (length <= n * kDay) return n * kDay;
  }
  return 30 * kDay;
}

NearMisses::NearMisses(std::shared_ptr<const rules::RuleSet> rules, const Options& options)
    : rules_(std::move(rules)),
      questions_{Question{MissCause::kWindow, WhatIf(rules_, options, {kMaxspanFactor, 0})},
                 Question{MissCause::kOrder, WhatIf(rules_, options, {1, kMoreSlack})},
                 Question{MissCause::kAllowlisted, WhatIf(rules_, options, {})}},
      misses_(rules_->rules().size()),
      rows_(rules_->rules().size()) {
  for (const rules::Rule& rule : rules_->rules()) steps_.push_back(StepsShown(rule));
  for (size_t rule = 0; rule < misses_.size(); ++rule) {
    misses_[rule].gaps.resize(steps_[rule].size() - 1);
  }
}

NearMisses::~NearMisses() = default;

template <typename Call>
void NearMisses::Ask(Call call) {
  for (Question& question : questions_) {
    call(question);
    Take(question.cause);
  }
}

void NearMisses::Push(const event::Event& event, absl::Span<const rules::Hit> hits,
                      absl::Span<const rules::AllowedHit> allowed) {
  unfiltered_.assign(hits.begin(), hits.end());
  for (const rules::AllowedHit& taken : allowed) {
    unfiltered_.push_back(taken.hit);
    NoteAllowed(taken, event.position);
  }
  std::sort(unfiltered_.begin(), unfiltered_.end());
  Ask([&](Question& question) {
    const bool all = question.cause == MissCause::kAllowlisted;
    question.correlator->Push(event, all ? absl::MakeConstSpan(unfiltered_) : hits, matches_);
  });
  for (const rules::Hit& hit : hits) CountKeyless(event, hit);
}

void NearMisses::NoteAllowed(const rules::AllowedHit& taken, const Position& position) {
  const uint64_t mark = Mark(taken.hit.rule, taken.hit.stage + size_t{1}, position);
  if (!allowed_.emplace(mark, taken.entry).second) return;
  allowed_order_.push_back(mark);
  if (allowed_order_.size() <= kMaxMarks) return;
  allowed_.erase(allowed_order_.front());
  allowed_order_.pop_front();
}

void NearMisses::MergeHosts(event::HostId from, event::HostId into) {
  Ask([&](Question& question) { question.correlator->MergeHosts(from, into, matches_); });
}

void NearMisses::ForgetHost(event::HostId host) {
  Ask([&](Question& question) { question.correlator->ForgetHost(host, matches_); });
}

void NearMisses::NoteFound(uint64_t mark) {
  if (!found_.insert(mark).second) return;
  found_order_.push_back(mark);
  if (found_order_.size() <= kMaxMarks) return;
  found_.erase(found_order_.front());
  found_order_.pop_front();
}

void NearMisses::Found(absl::Span<const Match> matches) {
  for (const Match& match : matches) {
    RuleMisses& misses = misses_[match.rule];
    ++misses.found;
    for (size_t i = 0; i < match.evidence.size(); ++i) {
      if (!match.evidence[i]) continue;
      NoteFound(Mark(match.rule, i, match.evidence[i]->position()));
      if (i == 0 || !match.evidence[i - 1]) continue;
      misses.gaps[i - 1].Add(match.evidence[i]->time() - match.evidence[i - 1]->time());
    }
  }
}

void NearMisses::Finish() {
  Ask([&](Question& question) { question.correlator->Finish(matches_); });
  for (const Undecided& chain : undecided_) Decide(chain);
  undecided_.clear();
}

// Whether the real correlator finds the chain too may be known only later: a
// rule that waits decides at another time.
void NearMisses::Take(MissCause cause) {
  for (const Match& match : matches_) {
    Undecided chain;
    chain.rule = match.rule;
    if (!Explain(cause, match, chain)) continue;
    for (size_t i = 0; i < match.evidence.size(); ++i) {
      if (!match.evidence[i]) continue;
      chain.events.push_back(Mark(match.rule, i, match.evidence[i]->position()));
    }
    undecided_.push_back(std::move(chain));
    if (undecided_.size() <= kMaxUndecided) continue;
    Decide(undecided_.front());
    undecided_.pop_front();
  }
  matches_.clear();
}

bool NearMisses::Explain(MissCause cause, const Match& match, Undecided& chain) const {
  if (!rules_->rules()[match.rule].is_sequence && cause != MissCause::kAllowlisted) return false;
  switch (cause) {
    case MissCause::kWindow:
      return ExplainWindow(match, chain);
    case MissCause::kOrder:
      return ExplainOrder(match, chain);
    default:
      return ExplainAllowlist(match, chain);
  }
}

bool NearMisses::ExplainWindow(const Match& match, Undecided& chain) const {
  const auto maxspan = rules_->rules()[match.rule].maxspan;
  const auto links = LinksOf(match, steps_[match.rule]);
  for (const Link& link : links) {
    const TimeNs span = link.event->time() - links.front().event->time();
    chain.needed = std::max(chain.needed, span);
    if (!maxspan.has_value() || span <= *maxspan || chain.row.count > 0) continue;
    chain.row = {link.step, MissCause::kWindow, 0, 1};
  }
  if (chain.row.count == 0) {
    chain.row = {links.back().step, MissCause::kEvicted, 0, 1};
  } else {
    chain.row.least = chain.row.most = chain.needed - *maxspan;
  }
  return true;
}

bool NearMisses::ExplainOrder(const Match& match, Undecided& chain) const {
  const TimeNs slack = rules_->rules()[match.rule].order_slack;
  const auto links = LinksOf(match, steps_[match.rule]);
  for (size_t i = 1; i < links.size(); ++i) {
    const TimeNs back = links[i - 1].event->time() - links[i].event->time();
    if (back < chain.needed || links[i].step == links[i - 1].step) continue;
    chain.needed = back;
    if (back >= slack) chain.row = {links[i].step, MissCause::kOrder, 0, 1};
  }
  chain.row.least = chain.row.most = chain.needed - slack;
  return chain.row.count > 0;
}

bool NearMisses::ExplainAllowlist(const Match& match, Undecided& chain) const {
  for (const Link& link : LinksOf(match, steps_[match.rule])) {
    const auto entry =
        allowed_.find(Mark(match.rule, static_cast<size_t>(link.step), link.event->position()));
    if (entry == allowed_.end()) continue;
    chain.row = {link.step, MissCause::kAllowlisted, entry->second, 1};
    return true;
  }
  return false;
}

void NearMisses::Decide(const Undecided& chain) {
  const auto is_found = [&](uint64_t mark) { return found_.contains(mark); };
  if (std::any_of(chain.events.begin(), chain.events.end(), is_found)) return;
  RuleMisses& misses = misses_[chain.rule];
  ++misses.missed;
  MissRow& row = RowOf(chain.rule, chain.row.step, chain.row.cause, chain.row.what);
  ++row.count;
  row.least = std::min(row.least, chain.row.least);
  row.most = std::max(row.most, chain.row.most);
  if (row.cause == MissCause::kWindow) misses.maxspan_needed.Add(chain.needed);
  if (row.cause == MissCause::kOrder) misses.slack_needed.Add(chain.needed);
}

void NearMisses::CountKeyless(const event::Event& event, const rules::Hit& hit) {
  const rules::Rule& rule = rules_->rules()[hit.rule];
  if (hit.stage == rules::Hit::kUntil) return;
  for (const eql::KeyField& key : rule.stages[hit.stage].term.keys) {
    if (key.optional || !event.Get(key.field).is_null() || IsHostField(key.field)) continue;
    ++RowOf(hit.rule, hit.stage + 1, MissCause::kKeyless, key.field).count;
  }
}

MissRow& NearMisses::RowOf(uint32_t rule, int step, MissCause cause, uint32_t what) {
  MissRow& row = rows_[rule][{step, cause, what}];
  row.step = step;
  row.cause = cause;
  row.what = what;
  return row;
}

std::vector<RuleMisses> NearMisses::Report() const {
  std::vector<RuleMisses> report = misses_;
  for (size_t rule = 0; rule < report.size(); ++rule) {
    for (const auto& [key, row] : rows_[rule]) report[rule].rows.push_back(row);
  }
  return report;
}

}  // namespace sequitur::correlate
