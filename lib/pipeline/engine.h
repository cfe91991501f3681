#pragma once

// Engine: the path of an event from decoded to published, for one worker:
// host, enrichment, match, correlation, alert, suppression. `replay` feeds it
// from files; whatever feeds it from elsewhere gets the same alerts.
//
// Threads:  none; one per worker.
// Lifetime: the Site outlives the Engine, the Engine its alerts.

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "alert/alert_builder.h"
#include "alert/suppressor.h"
#include "base/source_names.h"
#include "correlate/correlator.h"
#include "enrich/enricher.h"
#include "event/event.h"
#include "event/host_table.h"
#include "pipeline/result_pipes.h"
#include "pipeline/site.h"
#include "rules/rule_set.h"

namespace sequitur::pipeline {

struct EngineOptions {
  bool suppress = true;
  std::string default_host;  // overrides the site's
};

struct EngineStats {
  uint64_t events = 0;
  uint64_t unknown_host_events = 0;
  uint64_t reexamined = 0;
  uint64_t alerts = 0;
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

  const EngineStats& stats() const { return stats_; }
  const correlate::Stats& correlate_stats() { return correlator_.stats(); }
  const event::HostTable& hosts() const { return hosts_; }
  const enrich::Enricher& enricher() const { return enricher_; }
  const rules::Matcher& matcher() const { return matcher_; }
  uint64_t suppressed() const { return suppressor_.suppressed(); }

 private:
  void ResolveHost(event::Event& event);
  void Match(event::Event& event);
  void Reexamine();
  void PublishMatches();
  void Publish(correlate::Match match);

  const Site& site_;
  const EngineOptions options_;
  AlertSink sink_;
  event::HostTable hosts_;
  enrich::Enricher enricher_;
  rules::Matcher matcher_;
  correlate::Correlator correlator_;
  alert::AlertBuilder builder_;
  alert::Suppressor suppressor_;
  event::Event reexamined_;  // scratch for events looked at again
  std::vector<correlate::Match> matches_;
  absl::flat_hash_map<uint32_t, ResultPipes> pipes_;  // of the rules that have any
  EngineStats stats_;
};

}  // namespace sequitur::pipeline
