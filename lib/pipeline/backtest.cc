#include "pipeline/backtest.h"

#include "alert/alert_json.h"
#include "alert/phrase.h"
#include "alert/suppressor.h"

namespace sequitur::pipeline {
namespace {

BacktestMatch MatchOf(const alert::Alert& alert) {
  BacktestMatch match;
  match.id = alert.id;
  match.rule = alert.rule->id;
  match.host = alert.host_name;
  match.message = alert::Headline(alert);
  match.start = alert.start;
  match.end = alert.end;
  for (const event::SnapshotRef& evidence : alert.match.evidence) {
    match.evidence.push_back(evidence ? std::optional(evidence->position()) : std::nullopt);
    match.times.push_back(evidence ? evidence->time() : event::kNoTime);
    match.phrases.push_back(evidence ? alert::Phrase(*evidence) : "");
  }
  return match;
}

}  // namespace

Backtest RunBacktest(const Site& site, absl::Span<const Input> inputs, const std::string& host) {
  Backtest backtest;
  SourceNames sources;
  alert::Suppressor suppressor;
  ReplayOptions options;
  options.host = host;
  options.suppression = alert::Suppression::kNone;  // what is suppressed is to be known as such
  backtest.summary = Replay(
      site, inputs, options,
      [&](const alert::Alert& found) {
        alert::Alert alert = found;
        BacktestMatch match = MatchOf(alert);
        const bool shadow = alert.rule->mode == rules::Mode::kShadow;
        match.fate = !suppressor.Admit(alert) ? BacktestMatch::Fate::kSuppressed
                     : shadow                 ? BacktestMatch::Fate::kShadow
                                              : BacktestMatch::Fate::kLive;
        backtest.matches.push_back(std::move(match));
      },
      nullptr, sources);
  return backtest;
}

EventsByPosition CaptureEvents(const Site& site, absl::Span<const Input> inputs,
                               const std::string& host,
                               const absl::flat_hash_set<Position>& wanted) {
  EventsByPosition events;
  SourceNames sources;
  ReplayOptions options;
  options.host = host;
  options.on_event = [&](const event::Event& event) {
    if (wanted.contains(event.position)) events[event.position] = event::Snapshot::Of(event);
  };
  Replay(
      site, inputs, options, [](const alert::Alert&) {}, nullptr, sources);
  return events;
}

}  // namespace sequitur::pipeline
