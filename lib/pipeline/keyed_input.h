#pragma once

// KeyedInput: source topics that are keyed by host and partitioned alike, read as
// they are. All topics must have as many partitions; a host whose records are in
// two of them is a fault of the shippers, counted and logged, for its chains are
// missed. It shows where one worker reads both partitions.
//
// Nothing has to be recognised as seen before: a consumer gives each record once
// for an assignment, and each assignment begins with new engines.
//
// Bounds: limits.hosts hosts remembered.

#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/source_names.h"
#include "pipeline/event_input.h"
#include "pipeline/site.h"
#include "pipeline/source_reader.h"
#include "pipeline/worker_stats.h"

namespace sequitur::pipeline {

// Whether these topics, with their numbers of partitions, can be read by partition
// number. FailedPrecondition says which differ.
absl::Status CheckPartitionedAlike(const std::map<std::string, int32_t>& partitions);

class KeyedInput final : public EventInput {
 public:
  KeyedInput(const Site& site, GroupMember& member, SourceNames& sources, WorkerStats& stats);

  const std::vector<std::string>& topics() const override { return topics_; }
  absl::Status Assigned(bus::Consumer& consumer,
                        absl::Span<const bus::Assignment> assigned) override;
  void Read(const bus::Record& record, bool live, event::Event& event, EachEvent each) override;
  void Processed(int32_t partition, const event::Event& event,
                 const event::HostTable& hosts) override;
  void Report(metrics::WorkerReport& report) const override;

 private:
  static constexpr int32_t kReported = -1;  // on several, and said so

  const std::vector<std::string>& topics_;
  const size_t max_hosts_;
  WorkerStats& stats_;
  SourceReader reader_;
  absl::flat_hash_map<std::string, int32_t> partition_of_;  // by host
};

}  // namespace sequitur::pipeline
