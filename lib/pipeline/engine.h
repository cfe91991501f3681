#pragma once

// Engine: the path of an event from decoded to published, for one worker:
// host, enrichment, match, correlation, alert, suppression. `replay` feeds it
// from files; whatever feeds it from elsewhere gets the same alerts.
//
// It keeps nothing over a restart. Whoever starts anew feeds it old events again
// with emitting off, so that chains under way are there, then switches it on;
// what was published before is known from the alerts themselves (Recover).
//
// Threads:  none; one per worker.
// Lifetime: the Site outlives the Engine or its Adopt of another, the Engine its
//           alerts.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "alert/alert_builder.h"
#include "alert/published_alerts.h"
#include "alert/suppressor.h"
#include "base/source_names.h"
#include "correlate/correlator.h"
#include "correlate/near_misses.h"
#include "enrich/enricher.h"
#include "event/event.h"
#include "event/host_table.h"
#include "metrics/report.h"
#include "pipeline/coverage.h"
#include "pipeline/result_pipes.h"
#include "pipeline/site.h"
#include "rules/rule_set.h"

namespace sequitur::pipeline {

struct EngineOptions {
  alert::Suppression suppression = alert::Suppression::kByGroup;
  std::string default_host;     // overrides the site's
  bool explain_misses = false;  // see near_misses()
  // This engine's part of the site's memory limits: one in so many.
  int64_t engines = 1;
};

struct EngineStats {
  uint64_t events = 0;
  uint64_t unknown_host_events = 0;
  uint64_t reexamined = 0;
  uint64_t alerts = 0;
  uint64_t rebuilt = 0;            // matches found while not emitting
  uint64_t already_published = 0;  // matches dropped: an earlier run's alerts used them
};

class Engine {
 public:
  // Called with every alert that is to be published; it may take it.
  using AlertSink = absl::AnyInvocable<void(alert::Alert&&)>;

  Engine(const Site& site, const SourceNames& sources, EngineOptions options, AlertSink sink);
  ~Engine();

  // A decoded event, with its claim: names the host, enriches in place,
  // matches, correlates, publishes what that completes.
  void Process(event::Event& event);
  // End of input.
  void Finish();

  // What earlier runs published: goes on suppressing where they did, and drops
  // from now on what they have alerted on. REQUIRES: not null.
  void Recover(std::shared_ptr<const alert::PublishedAlerts> published);
  // Goes on with another site of the same environment (Site::HasSameEnvironment).
  // Rules that did not change keep what is pending, those with another window
  // what still fits it. `| head` and `| tail` count anew.
  void Adopt(const Site& next);
  // While false, matches are found and their hits used up, but they are neither
  // suppressed nor published.
  void set_emitting(bool emitting) { emitting_ = emitting; }
  // To be called now and then with the bus's time: decides what waited on hosts
  // that have fallen silent, and forgets those hosts' state.
  void SweepIdle(event::TimeNs record_time);

  const EngineStats& stats() const { return stats_; }
  // Everything that is counted here, by name.
  metrics::EngineReport Report();
  // Chains that began before this record time may have been missed by all rules.
  void set_complete_from(event::TimeNs time) { complete_from_ = time; }
  const Coverage& coverage() const { return coverage_; }
  const correlate::Stats& correlate_stats() { return correlator_.stats(); }
  const event::HostTable& hosts() const { return hosts_; }
  const enrich::Enricher& enricher() const { return enricher_; }
  enrich::Novelty& novelty() { return enricher_.novelty(); }
  const rules::Matcher& matcher() const { return *matcher_; }
  // What was nearly found; null unless options.explain_misses. Complete after Finish.
  const correlate::NearMisses* near_misses() const { return near_misses_.get(); }
  uint64_t suppressed() const { return suppressor_.suppressed(); }

 private:
  void ResolveHost(event::Event& event);
  void Match(event::Event& event);
  void Reexamine();
  void PublishMatches();
  void Publish(correlate::Match match);
  void ExplainCoverage(alert::Alert& alert) const;
  event::TimeNs CompleteFrom(uint32_t rule) const;
  void Count(const alert::Alert& alert);
  void CountSteps(const alert::Alert& alert);
  void ReportHosts(const Coverage::Summary& coverage, metrics::EngineReport& report);
  void ReportRules(metrics::EngineReport& report);
  void ReportAllowlist(metrics::EngineReport& report);

  void MakePipes();

  struct RuleCount {
    uint64_t alerts = 0;
    uint64_t suppressed = 0;
    std::vector<metrics::StepGaps> step_gaps;  // by stage; empty: no chain yet
    metrics::WindowUse maxspan_used;
    event::TimeNs last_match = event::kNoTime;
    event::TimeNs complete_from = event::kNoTime;  // event time; since it was adopted
  };

  const Site* site_;
  const SourceNames& sources_;
  const EngineOptions options_;
  AlertSink sink_;
  event::HostTable hosts_;
  enrich::Enricher enricher_;
  std::optional<rules::Matcher> matcher_;
  correlate::Correlator correlator_;
  std::unique_ptr<correlate::NearMisses> near_misses_;  // null: nobody asked
  std::optional<alert::AlertBuilder> builder_;
  alert::Suppressor suppressor_;
  std::shared_ptr<const alert::PublishedAlerts> published_;  // null: nothing
  bool emitting_ = true;
  std::optional<event::Event> reexamined_;  // scratch for events looked at again
  std::vector<correlate::Match> matches_;
  absl::flat_hash_map<uint32_t, ResultPipes> pipes_;  // of the rules that have any
  EngineStats stats_;
  std::vector<RuleCount> rule_counts_;  // by rule
  std::array<uint64_t, Coverage::kOther + 1> events_by_kind_ = {};
  metrics::Delays delay_since_arrival_, delay_since_event_;
  event::TimeNs complete_from_ = event::kNoTime;
  event::TimeNs latest_ = event::kNoTime;  // event time
  // Hits of entries under sites before, by rule and entry.
  std::map<std::pair<std::string, std::string>, uint64_t> past_allowlist_hits_;
  Coverage coverage_;
};

}  // namespace sequitur::pipeline
