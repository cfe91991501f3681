#include "pipeline/engine.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;

// A host's processes are kept at least this long after its last event.
constexpr event::TimeNs kKeepProcesses = 24 * 3600 * event::kSecond;

event::HostTableOptions HostOptions(const Site& site, const EngineOptions& options) {
  event::HostTableOptions hosts = site.HostOptions();
  if (!options.default_host.empty()) hosts.default_host = options.default_host;
  return hosts;
}

correlate::Options CorrelateOptions(const Site& site, const EngineOptions& options) {
  correlate::Options correlate = site.CorrelateOptions();
  if (options.memory > 0) correlate.limits.memory = options.memory;
  return correlate;
}

}  // namespace

Engine::Engine(const Site& site, const SourceNames& sources, EngineOptions options, AlertSink sink)
    : site_(site),
      sources_(sources),
      options_(std::move(options)),
      sink_(std::move(sink)),
      hosts_(HostOptions(site, options_)),
      enricher_(site.projection(), site.EnrichOptions()),
      matcher_(*site.rules()),
      correlator_(site.rules(), CorrelateOptions(site, options_)),
      builder_(*site.rules(), site.fields(), hosts_, sources),
      reexamined_(site.projection()) {
  if (options_.explain_misses) {
    near_misses_ =
        std::make_unique<correlate::NearMisses>(site.rules(), CorrelateOptions(site, options_));
  }
  for (uint32_t rule = 0; rule < site.rules()->rules().size(); ++rule) {
    const auto& pipes = site.rules()->rules()[rule].pipes;
    if (!pipes.empty()) pipes_.emplace(rule, ResultPipes(pipes));
  }
}

Engine::~Engine() = default;

void Engine::ResolveHost(event::Event& event) {
  event.host =
      hosts_.Resolve(event.claim, event.Text(field::kSourceIp), event.Text(field::kDestinationIp));
  // Numbers may be given anew after this: nobody may keep an ended one.
  for (const auto& [from, into] : hosts_.TakeMerges()) {
    correlator_.MergeHosts(from, into, matches_);
    if (near_misses_ != nullptr) near_misses_->MergeHosts(from, into);
    enricher_.ForgetHost(from);
  }
  for (event::HostId forgotten : hosts_.TakeForgotten()) {
    correlator_.ForgetHost(forgotten, matches_);
    if (near_misses_ != nullptr) near_misses_->ForgetHost(forgotten);
    enricher_.ForgetHost(forgotten);
  }
  if (event.host == event::kUnknownHost) ++stats_.unknown_host_events;
  if (!event.Has(field::kHostId) && event.Wants(field::kHostId)) {
    event.SetString(field::kHostId, event.arena().Copy(hosts_.id(event.host)));
  }
  if (!event.Has(field::kHostName) && event.Wants(field::kHostName)) {
    event.SetString(field::kHostName, event.arena().Copy(hosts_.canonical(event.host)));
  }
}

void Engine::Process(event::Event& event) {
  ++stats_.events;
  ResolveHost(event);
  enricher_.Enrich(event);
  Match(event);
  Reexamine();
}

void Engine::Match(event::Event& event) {
  const absl::Span<const rules::Hit> hits = matcher_.Match(event);
  correlator_.Push(event, hits, matches_);
  if (near_misses_ != nullptr) near_misses_->Push(event, hits, matcher_.allowed());
  PublishMatches();
}

// Events whose process was unknown when they came and is known now: looked at
// once more. Hits they had already are recognised by their position.
void Engine::Reexamine() {
  for (const event::SnapshotRef& waiting : enricher_.TakeReexaminable()) {
    ++stats_.reexamined;
    waiting->Restore(reexamined_);
    enricher_.Enrich(reexamined_);
    Match(reexamined_);
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
  alert::Alert alert = builder_.Build(std::move(match), absl::ToUnixNanos(absl::Now()));
  if (published_ != nullptr &&
      (published_->Contains(alert.id) || published_->Uses(alert.rule->id, alert.match, sources_))) {
    ++stats_.already_published;
    return;
  }
  if (options_.suppress && !suppressor_.Admit(alert)) return;
  ++stats_.alerts;
  sink_(std::move(alert));
}

void Engine::Recover(std::shared_ptr<const alert::PublishedAlerts> published) {
  published_ = std::move(published);
  published_->RestoreTo(suppressor_);
}

void Engine::SweepIdle(event::TimeNs record_time) {
  correlator_.SweepIdle(record_time, matches_);
  PublishMatches();
  const event::TimeNs in_use =
      event::AddSaturating(site_.rules()->longest_maxspan(), site_.CorrelateOptions().lateness);
  enricher_.DropIdleHosts(event::AddSaturating(record_time, -std::max(in_use, kKeepProcesses)));
}

void Engine::Finish() {
  correlator_.Finish(matches_);
  PublishMatches();
  if (near_misses_ != nullptr) near_misses_->Finish();
  for (uint32_t rule = 0; rule < site_.rules()->rules().size(); ++rule) {
    const auto pipes = pipes_.find(rule);
    if (pipes == pipes_.end()) continue;
    pipes->second.Finish([&](correlate::Match match) { Publish(std::move(match)); });
  }
}

}  // namespace sequitur::pipeline
