#include "pipeline/engine.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "alert/printable.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;

constexpr size_t kShownGaps = 20;  // hosts named in a report
// A host's processes are kept at least this long after its last event.
constexpr event::TimeNs kKeepProcesses = 24 * 3600 * event::kSecond;

event::HostTableOptions HostOptions(const Site& site, const EngineOptions& options) {
  event::HostTableOptions hosts = site.HostOptions();
  if (!options.default_host.empty()) hosts.default_host = options.default_host;
  return hosts;
}

correlate::Options CorrelateOptions(const Site& site, const EngineOptions& options) {
  correlate::Options correlate = site.CorrelateOptions();
  correlate.limits.memory /= options.engines;
  return correlate;
}

enrich::Enricher::Options EnrichOptions(const Site& site, const EngineOptions& options) {
  enrich::Enricher::Options enrich = site.EnrichOptions();
  enrich.lineage.max_bytes /= static_cast<size_t>(options.engines);
  return enrich;
}

CoverageOptions CoverageOf(const Site& site) {
  return {site.config().coverage.window, absl::Nanoseconds(site.CorrelateOptions().lateness)};
}

double ToSeconds(event::TimeNs time) { return static_cast<double>(time) / event::kSecond; }

double ToUnixSeconds(event::TimeNs time) { return time == event::kNoTime ? 0 : ToSeconds(time); }

template <typename What, size_t size>
std::vector<std::string> Names(const std::bitset<size>& all) {
  std::vector<std::string> names;
  for (size_t i = 0; i < size; ++i) {
    if (all[i]) names.emplace_back(Coverage::Name(static_cast<What>(i)));
  }
  return names;
}

template <typename What, size_t size>
std::map<std::string, int64_t> ByName(const std::array<int64_t, size>& hosts) {
  std::map<std::string, int64_t> by_name;
  for (size_t i = 0; i < size; ++i) {
    by_name.emplace(Coverage::Name(static_cast<What>(i)), hosts[i]);
  }
  return by_name;
}

// file.yaml:12, as an operator finds it.
std::string NameOf(const rules::AllowlistEntry& entry) {
  return absl::StrCat(std::filesystem::path(entry.file).filename().string(), ":", entry.line);
}

// An entry holds through its last day (UTC).
double ExpiryOf(const rules::AllowlistEntry& entry) {
  absl::CivilDay last;
  if (!absl::ParseCivilTime(entry.expires, &last)) return 0;
  return absl::ToDoubleSeconds(absl::FromCivil(last + 1, absl::UTCTimeZone()) - absl::UnixEpoch());
}

}  // namespace

Engine::Engine(const Site& site, const SourceNames& sources, EngineOptions options, AlertSink sink)
    : site_(&site),
      sources_(sources),
      options_(std::move(options)),
      sink_(std::move(sink)),
      hosts_(HostOptions(site, options_)),
      enricher_(site.projection(), EnrichOptions(site, options_)),
      matcher_(std::in_place, *site.rules()),
      correlator_(site.rules(), CorrelateOptions(site, options_)),
      builder_(std::in_place, *site.rules(), site.fields(), hosts_, sources),
      suppressor_(options_.suppression),
      reexamined_(std::in_place, site.projection()),
      rule_counts_(site.rules()->rules().size()),
      coverage_(*site.rules(), site.fields(), CoverageOf(site)) {
  enricher_.novelty().Import(site.learnt());
  MakePipes();
  if (options_.explain_misses) {
    near_misses_ =
        std::make_unique<correlate::NearMisses>(site.rules(), CorrelateOptions(site, options_));
  }
}

Engine::~Engine() = default;

void Engine::MakePipes() {
  pipes_.clear();
  for (uint32_t rule = 0; rule < site_->rules()->rules().size(); ++rule) {
    const auto& pipes = site_->rules()->rules()[rule].pipes;
    if (!pipes.empty()) pipes_.emplace(rule, ResultPipes(pipes));
  }
}

void Engine::Adopt(const Site& next) {
  using Fate = correlate::Adoption::Fate;
  const rules::RuleSet& before = *site_->rules();
  for (size_t i = 0; i < before.allowlist().size(); ++i) {
    const rules::AllowlistEntry& entry = before.allowlist()[i];
    past_allowlist_hits_[{entry.rule, NameOf(entry)}] += matcher_->allowlist_hits()[i];
  }
  const correlate::Adoption adoption = correlator_.Adopt(next.rules(), matches_);
  std::vector<RuleCount> counts(next.rules()->rules().size());
  for (uint32_t i = 0; i < counts.size(); ++i) {
    const int old = before.Find(next.rules()->rules()[i].id);
    if (old >= 0) counts[i] = rule_counts_[static_cast<size_t>(old)];
    if (adoption.rules[i] == Fate::kKept || latest_ == event::kNoTime) continue;
    counts[i].complete_from = latest_;
    if (adoption.rules[i] == Fate::kRewindowed) {
      // What had begun within the old window is still there.
      const auto window = before.rules()[static_cast<size_t>(old)].maxspan;
      counts[i].complete_from =
          window.has_value() ? event::AddSaturating(latest_, -*window) : event::kNoTime;
    }
  }
  rule_counts_ = std::move(counts);
  site_ = &next;
  matcher_.emplace(*next.rules());
  builder_.emplace(*next.rules(), next.fields(), hosts_, sources_);
  reexamined_.emplace(next.projection());
  coverage_.Adopt(*next.rules(), next.fields());
  MakePipes();
  PublishMatches();
}

void Engine::ResolveHost(event::Event& event) {
  event.host =
      hosts_.Resolve(event.claim, event.Text(field::kSourceIp), event.Text(field::kDestinationIp));
  // Numbers may be given anew after this: nobody may keep an ended one.
  for (const auto& [from, into] : hosts_.TakeMerges()) {
    correlator_.MergeHosts(from, into, matches_);
    if (near_misses_ != nullptr) near_misses_->MergeHosts(from, into);
    enricher_.ForgetHost(from);
    coverage_.MergeHosts(from, into);
  }
  for (event::HostId forgotten : hosts_.TakeForgotten()) {
    correlator_.ForgetHost(forgotten, matches_);
    if (near_misses_ != nullptr) near_misses_->ForgetHost(forgotten);
    enricher_.ForgetHost(forgotten);
    coverage_.ForgetHost(forgotten);
  }
  if (event.host == event::kUnknownHost) ++stats_.unknown_host_events;
  // The table's own texts: they stay until the next event asks for its host.
  if (!event.Has(field::kHostId)) event.SetString(field::kHostId, hosts_.id(event.host));
  if (!event.Has(field::kHostName)) event.SetString(field::kHostName, hosts_.canonical(event.host));
}

void Engine::Process(event::Event& event) {
  ++stats_.events;
  ResolveHost(event);
  latest_ = std::max(latest_, event.time);
  ++events_by_kind_[coverage_.Observe(event)];
  enricher_.Enrich(event);
  Match(event);
  Reexamine();
}

void Engine::Match(event::Event& event) {
  const absl::Span<const rules::Hit> hits = matcher_->Match(event);
  correlator_.Push(event, hits, matches_);
  if (near_misses_ != nullptr) near_misses_->Push(event, hits, matcher_->allowed());
  PublishMatches();
}

// Events whose process was unknown when they came and is known now: looked at
// once more. Hits they had already are recognised by their position.
void Engine::Reexamine() {
  for (const event::SnapshotRef& waiting : enricher_.TakeReexaminable()) {
    ++stats_.reexamined;
    waiting->Restore(*reexamined_);
    enricher_.Enrich(*reexamined_);
    Match(*reexamined_);
  }
}

void Engine::PublishMatches() {
  if (near_misses_ != nullptr) near_misses_->Found(matches_);
  for (correlate::Match& match : matches_) {
    const auto pipes = pipes_.find(match.rule);
    if (pipes == pipes_.end()) {
      Publish(std::move(match));
    } else {
      pipes->second.Push(std::move(match), [&](correlate::Match m) { Publish(std::move(m)); });
    }
  }
  matches_.clear();
}

void Engine::Publish(correlate::Match match) {
  if (!emitting_) {
    ++stats_.rebuilt;
    return;
  }
  alert::Alert alert = builder_->Build(std::move(match), absl::ToUnixNanos(absl::Now()));
  if (published_ != nullptr &&
      (published_->Contains(alert.id) || published_->Uses(alert.rule->id, alert.match, sources_))) {
    ++stats_.already_published;
    return;
  }
  RuleCount& count = rule_counts_[alert.match.rule];
  count.last_match = std::max(count.last_match, alert.created);
  if (!suppressor_.Admit(alert)) {
    ++count.suppressed;
    return;
  }
  ExplainCoverage(alert);
  Count(alert);
  sink_(std::move(alert));
}

void Engine::Count(const alert::Alert& alert) {
  ++stats_.alerts;
  ++rule_counts_[alert.match.rule].alerts;
  CountSteps(alert);
  if (alert.detect.has_value()) {
    delay_since_arrival_.Observe(ToSeconds(std::max<event::TimeNs>(0, *alert.detect)));
  }
  delay_since_event_.Observe(ToSeconds(std::max<event::TimeNs>(0, alert.created - alert.end)));
}

// How far apart the steps of a published chain were, and how much of its window
// it took: whether the window is tight. A step that order_slack let come before
// its predecessor counts as at once.
void Engine::CountSteps(const alert::Alert& alert) {
  const rules::Rule& rule = *alert.rule;
  RuleCount& count = rule_counts_[alert.match.rule];
  if (!rule.is_sequence) return;
  count.step_gaps.resize(rule.stages.size());
  event::TimeNs before = event::kNoTime;
  size_t at = 0;  // in the evidence, which repeats a stage as often as it runs
  for (size_t stage = 0; stage < rule.stages.size(); ++stage) {
    for (int run = 0; run < rule.stages[stage].term.runs; ++run) {
      const event::SnapshotRef& event = alert.match.evidence[at++];
      if (!event) continue;
      if (before != event::kNoTime) {
        count.step_gaps[stage].Observe(
            ToSeconds(std::max<event::TimeNs>(0, event->time() - before)));
      }
      before = event->time();
    }
  }
  if (rule.maxspan.has_value() && *rule.maxspan > 0) {
    count.maxspan_used.Observe(ToSeconds(alert.end - alert.start) / ToSeconds(*rule.maxspan));
  }
}

// What may be missing around this chain. Nobody can say what an absent record
// held; this says that there are absent records.
void Engine::ExplainCoverage(alert::Alert& alert) const {
  for (const std::string& kind :
       Names<Coverage::Telemetry>(coverage_.Lacks(alert.match.rule, alert.match.host))) {
    alert.coverage_gaps.push_back(absl::StrCat("no_", kind));
  }
  for (std::string& reason :
       Names<Coverage::Reason>(coverage_.Degraded(alert.match.rule, alert.match.host))) {
    alert.coverage_gaps.push_back(std::move(reason));
  }
  if (alert.start < CompleteFrom(alert.match.rule))
    alert.coverage_gaps.push_back("began_before_rule_was_complete");
  for (const event::SnapshotRef& event : alert.match.evidence) {
    if (!event) continue;
    for (const event::Value& flag : event->Get(field::kSequiturFlags).elements()) {
      if (flag.text() == Coverage::kZoneFlag) {
        alert.coverage_gaps.emplace_back(Coverage::Name(Coverage::kTimeZoneAssumed));
      }
    }
  }
  std::sort(alert.coverage_gaps.begin(), alert.coverage_gaps.end());
  alert.coverage_gaps.erase(std::unique(alert.coverage_gaps.begin(), alert.coverage_gaps.end()),
                            alert.coverage_gaps.end());
}

event::TimeNs Engine::CompleteFrom(uint32_t rule) const {
  return std::max({complete_from_, site_->CompleteFrom(rule), rule_counts_[rule].complete_from});
}

metrics::EngineReport Engine::Report() {
  const correlate::Stats& stats = correlator_.stats();
  metrics::EngineReport report;
  for (size_t kind = 0; kind < events_by_kind_.size(); ++kind) {
    const auto name = Coverage::Name(static_cast<Coverage::Telemetry>(kind));
    if (kind != Coverage::kNetworkPid) report.events[std::string(name)] = events_by_kind_[kind];
  }
  report.late_events = stats.late_events;
  report.clock_outliers = stats.clock_outliers;
  report.unknown_host_events = stats_.unknown_host_events;
  report.already_published = stats_.already_published;
  report.delay_since_arrival = delay_since_arrival_;
  report.delay_since_event = delay_since_event_;
  report.hosts = static_cast<int64_t>(hosts_.stats().hosts);
  report.memory = stats.bytes;
  report.memory_limit = CorrelateOptions(*site_, options_).limits.memory;
  const enrich::Enricher::Stats enriched = enricher_.stats();
  report.process_memory = static_cast<int64_t>(enriched.lineage.bytes);
  report.hosts_crowded_out = enriched.lineage.crowded_out;
  for (const enrich::Novelty::Stats& baseline : enriched.baselines) {
    report.baselines[baseline.name] = {baseline.novel, baseline.evicted, baseline.aged,
                                       static_cast<int64_t>(baseline.tuples), baseline.learning};
  }
  ReportRules(report);
  ReportAllowlist(report);
  return report;
}

void Engine::ReportHosts(const Coverage::Summary& coverage, metrics::EngineReport& report) {
  report.hosts_active = coverage.active_hosts;
  report.hosts_with_gaps = coverage.hosts_with_gaps;
  for (const Coverage::Gap& gap : coverage_.Gaps(kShownGaps)) {
    metrics::HostGap& to = report.host_gaps[alert::Printable(hosts_.canonical(gap.host), 80)];
    to.degraded = Names<Coverage::Reason>(gap.degraded);
    for (size_t kind = 0; kind < Coverage::kKinds; ++kind) {
      if (!gap.lacks[kind]) continue;
      const std::string name(Coverage::Name(static_cast<Coverage::Telemetry>(kind)));
      to.lacks[name] = ToUnixSeconds(gap.seen[kind]);
    }
  }
}

void Engine::ReportRules(metrics::EngineReport& report) {
  const correlate::Stats& stats = correlator_.stats();
  const Coverage::Summary coverage = coverage_.Summarise();
  ReportHosts(coverage, report);
  for (uint32_t i = 0; i < stats.rules.size(); ++i) {
    const rules::Rule& rule = site_->rules()->rules()[i];
    const correlate::RuleStats& counts = stats.rules[i];
    metrics::RuleReport& to = report.rules[rule.id];
    to.name = rule.name;
    to.severity = std::string(rules::SeverityName(rule.severity));
    to.mode = std::string(rules::ModeName(rule.mode));
    to.stage_hits = counts.stage_hits;
    if (rule.until.has_value()) {
      to.until_hits = to.stage_hits.back();
    }
    to.stage_hits.resize(rule.stages.size());
    to.keyless_hits = counts.keyless_hits;
    to.keyless_hits.resize(rule.stages.size());
    to.expired_after = counts.expired_after;
    to.expired_after.resize(rule.stages.size());
    to.matches = counts.matches;
    to.alerts = rule_counts_[i].alerts;
    to.suppressed = rule_counts_[i].suppressed;
    to.expired = counts.expired;
    to.late_hits = counts.late_hits;
    to.duplicate_hits = counts.duplicate_hits;
    to.held_hits = static_cast<int64_t>(counts.held.hits);
    to.held_bytes = static_cast<int64_t>(counts.held.bytes);
    for (size_t reason = 0; reason < correlate::kEvictReasons; ++reason) {
      const std::string name(
          correlate::EvictReasonName(static_cast<correlate::EvictReason>(reason)));
      to.evicted[name] = counts.evicted[reason];
      to.evicted_advanced[name] = counts.evicted_advanced[reason];
    }
    to.hosts_lacking = ByName<Coverage::Telemetry>(coverage.rules[i].lacking);
    to.hosts_degraded = ByName<Coverage::Reason>(coverage.rules[i].degraded);
    if (rule.is_sequence) {
      to.maxspan = ToSeconds(rule.maxspan.value_or(0));
      to.step_gaps = rule_counts_[i].step_gaps;
      to.step_gaps.resize(rule.stages.size());
      to.maxspan_used = rule_counts_[i].maxspan_used;
    }
    to.last_match = ToUnixSeconds(rule_counts_[i].last_match);
    to.complete_from = ToUnixSeconds(CompleteFrom(i));
  }
}

void Engine::ReportAllowlist(metrics::EngineReport& report) {
  const rules::RuleSet& rules = *site_->rules();
  const auto add = [&](const rules::AllowlistEntry& entry, uint64_t hits) {
    const auto key = std::make_pair(entry.rule, NameOf(entry));
    const auto past = past_allowlist_hits_.find(key);
    if (past != past_allowlist_hits_.end()) hits += past->second;
    report.allowlist[key].hits += hits;
    report.allowlist[key].expires = ExpiryOf(entry);
  };
  for (size_t i = 0; i < rules.allowlist().size(); ++i) {
    add(rules.allowlist()[i], matcher_->allowlist_hits()[i]);
  }
  for (const rules::AllowlistEntry& entry : rules.expired_allowlist()) add(entry, 0);
}

void Engine::Recover(std::shared_ptr<const alert::PublishedAlerts> published) {
  published_ = std::move(published);
  published_->RestoreTo(suppressor_);
}

void Engine::SweepIdle(event::TimeNs record_time) {
  correlator_.SweepIdle(record_time, matches_);
  PublishMatches();
  const event::TimeNs in_use =
      event::AddSaturating(site_->rules()->longest_maxspan(), site_->CorrelateOptions().lateness);
  enricher_.DropIdleHosts(event::AddSaturating(record_time, -std::max(in_use, kKeepProcesses)));
}

void Engine::Finish() {
  correlator_.Finish(matches_);
  PublishMatches();
  if (near_misses_ != nullptr) near_misses_->Finish();
  for (uint32_t rule = 0; rule < site_->rules()->rules().size(); ++rule) {
    const auto pipes = pipes_.find(rule);
    if (pipes == pipes_.end()) continue;
    pipes->second.Finish([&](correlate::Match match) { Publish(std::move(match)); });
  }
}

}  // namespace sequitur::pipeline
