#pragma once

// Enricher: adds to an event what its own record does not say. Five small
// steps, always in this order, since each may read what those before it set:
//
//   Service -> Lineage -> Indicators -> Direction -> Novelty
//
// Flow:     decode -> Enrich -> match. After each Enrich the caller takes
//           TakeReexaminable(): events that waited for a process which has now
//           come, to be restored, enriched and matched again.
// Bounds:   those of the steps; all state is per host or per baseline.
// Threads:  none; one per worker.
// Lifetime: Options names things that must outlive it. What is set in an event
//           lives as long as the event's arena and those things.

#include <vector>

#include "enrich/direction.h"
#include "enrich/indicators.h"
#include "enrich/inventory.h"
#include "enrich/lineage.h"
#include "enrich/novelty.h"
#include "enrich/service.h"
#include "event/event.h"

namespace sequitur::enrich {

class Enricher {
 public:
  struct Options {
    const Inventory* inventory = nullptr;      // REQUIRED
    const IndicatorSet* indicators = nullptr;  // REQUIRED
    LineageOptions lineage;
    DirectionOptions direction;
    std::vector<BaselineOptions> baselines;
  };
  struct Stats {
    Lineage::Stats lineage;
    Indicators::Stats indicators;
    std::vector<Novelty::Stats> baselines;
  };

  // `projection` is the events' own; see AddFields.
  Enricher(const event::Projection& projection, Options options);

  // Adds the fields the steps read so that they can compute the wanted ones.
  // Call it when all else is in the projection.
  static void AddFields(event::Projection& projection, const Options& options);

  void Enrich(event::Event& event);
  std::vector<event::SnapshotRef> TakeReexaminable() { return lineage_.TakeReexaminable(); }

  // The host's number ends and may be given to another host: its processes and
  // what waited for them are forgotten.
  void ForgetHost(event::HostId host) { lineage_.ForgetHost(host); }
  // Forgets the processes of hosts without an event since `before`.
  void DropIdleHosts(event::TimeNs before) { lineage_.DropIdleHosts(before); }
  Novelty& novelty() { return novelty_; }
  Stats stats() const { return {lineage_.stats(), indicators_.stats(), novelty_.stats()}; }

 private:
  Service service_;
  Lineage lineage_;
  Indicators indicators_;
  Direction direction_;
  Novelty novelty_;
};

}  // namespace sequitur::enrich
