#include "pipeline/keyed_input.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {

absl::Status CheckPartitionedAlike(const std::map<std::string, int32_t>& partitions) {
  std::set<int32_t> sizes;
  for (const auto& [topic, count] : partitions) sizes.insert(count);
  if (sizes.size() <= 1) return absl::OkStatus();
  const std::string all = absl::StrJoin(partitions, ", ", [](std::string* out, const auto& one) {
    absl::StrAppend(out, one.first, " has ", one.second);
  });
  return absl::FailedPreconditionError(
      absl::StrCat("kafka.placement: keyed needs topics with as many partitions each, but ", all,
                   "; raise all to ", *sizes.rbegin(), ", or set kafka.placement: shuffle"));
}

KeyedInput::KeyedInput(const Site& site, GroupMember& member, SourceNames& sources,
                       WorkerStats& stats)
    : topics_(site.config().kafka.topics),
      max_hosts_(static_cast<size_t>(site.config().limits.hosts)),
      stats_(stats),
      reader_("correlate", site, member, sources, stats) {}

absl::Status KeyedInput::Assigned(bus::Consumer& consumer,
                                  absl::Span<const bus::Assignment> assigned) {
  partition_of_.clear();
  reader_.Reassigned();
  const auto counts = consumer.PartitionCounts();
  std::map<std::string, int32_t> sizes;
  std::map<std::string, std::set<int32_t>> numbers;
  for (const bus::Assignment& one : assigned) {
    const auto& [topic, partition] = one.committed.at;
    if (const auto size = counts.find(topic); size != counts.end()) sizes.insert(*size);
    numbers[topic].insert(partition);
  }
  RETURN_IF_ERROR(CheckPartitionedAlike(sizes));
  for (const auto& [topic, ours] : numbers) {
    if (ours == numbers.begin()->second) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("kafka.placement: keyed: the group gave this worker partitions of ", topic,
                     " with other numbers than of ", numbers.begin()->first,
                     "; all members of the group must read the same kafka.topics"));
  }
  return absl::OkStatus();
}

void KeyedInput::Read(const bus::Record& record, bool live, event::Event& event, EachEvent each) {
  // Messages of one sensor are all in one partition here.
  reader_.Read(record, {.live = live, .sees_all = true}, event, each);
}

void KeyedInput::Processed(int32_t partition, const event::Event& event,
                           const event::HostTable& hosts) {
  if (event.host == event::kUnknownHost) return;
  const absl::string_view host = hosts.canonical(event.host);
  const auto known = partition_of_.find(host);
  if (known == partition_of_.end()) {
    if (partition_of_.size() >= max_hosts_) partition_of_.erase(partition_of_.begin());
    partition_of_.emplace(host, partition);
    return;
  }
  if (known->second == partition || known->second == kReported) return;
  const uint64_t before = stats_.misplaced_hosts.fetch_add(1, std::memory_order_relaxed);
  if (IsSampled(before)) {
    spdlog::error(
        "correlate: host {} is on partitions {} and {} of the source topics: its records have "
        "different keys, and its chains are missed (kafka.placement: keyed needs one key a host); "
        "it is host number {}",
        std::string(host), known->second, partition, before + 1);
  }
  known->second = kReported;
}

void KeyedInput::Report(metrics::WorkerReport& report) const {
  reader_.Report(report);
  report.misplaced_hosts = stats_.misplaced_hosts;
}

}  // namespace sequitur::pipeline
