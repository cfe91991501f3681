#pragma once

// The baselines topic as it is now: what baselines have learnt, read to the end
// by a client of its own. Each of its partitions keeps the baselines of the same
// partition of the topic that the correlate stage reads.
//
// Threads: any; the daemon's workers and `sequitur baseline` read it.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "config/config.h"
#include "enrich/novelty.h"
#include "pipeline/site.h"

namespace sequitur::pipeline {

using BaselinesByPartition = absl::flat_hash_map<int32_t, std::vector<enrich::BaselineState>>;

// FailedPrecondition when it has fewer partitions than the topic it serves.
absl::Status CheckBaselinesTopic(const config::Kafka& kafka, int32_t baselines,
                                 const std::string& events_topic, int32_t events);

// These partitions; none named: all there are. Unavailable while no broker
// answers or there is no such topic.
absl::StatusOr<BaselinesByPartition> ReadBaselinesTopic(const Site& site,
                                                        std::vector<int32_t> partitions);

// Deletes from the topic what `kept` does not have, of the baselines that it
// names, and returns that. A daemon that runs knows it until it starts anew, and
// may write it again.
absl::StatusOr<std::vector<enrich::BaselineState>> PruneBaselinesTopic(
    const Site& site, const std::vector<enrich::BaselineState>& kept);

}  // namespace sequitur::pipeline
