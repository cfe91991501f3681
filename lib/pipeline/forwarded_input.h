#pragma once

// ForwardedInput: the events topic, which the ingest stage writes. Events that
// ingest has repeated are given once. Canaries go to who put them there: an engine
// never sees one.
//
// Bounds: those of SeenPositions, for each source partition and events partition.

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/source_names.h"
#include "pipeline/canaries.h"
#include "pipeline/event_input.h"
#include "pipeline/forwarded_event.h"
#include "pipeline/seen_positions.h"
#include "pipeline/site.h"
#include "pipeline/worker_stats.h"

namespace sequitur::pipeline {

class ForwardedInput final : public EventInput {
 public:
  // `canaries` may be null, and else outlives the input.
  ForwardedInput(const Site& site, SourceNames& sources, Canaries* canaries, WorkerStats& stats);

  const std::vector<std::string>& topics() const override { return topics_; }
  absl::Status Assigned(bus::Consumer&, absl::Span<const bus::Assignment>) override;
  void Adopt(const Site& next) override;
  void Read(const bus::Record& record, bool live, event::Event& event, EachEvent each) override;

 private:
  const std::vector<std::string> topics_;
  WorkerStats& stats_;
  SourceNames& sources_;
  Canaries* const canaries_;
  std::optional<EventReader> reader_;
  absl::flat_hash_map<int32_t, SeenPositions> seen_;  // by partition
};

}  // namespace sequitur::pipeline
