#include "pipeline/baselines_topic.h"

#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "bus/kafka_topics.h"
#include "pipeline/baseline_record.h"
#include "pipeline/daemon.h"

namespace sequitur::pipeline {
namespace {

constexpr absl::Duration kBrokerTimeout = absl::Seconds(5);
constexpr absl::Duration kReadTimeout = absl::Minutes(2);

}  // namespace

absl::Status CheckBaselinesTopic(const config::Kafka& kafka, int32_t baselines,
                                 const std::string& events_topic, int32_t events) {
  if (baselines >= events) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      kafka.baselines_topic, " has ", baselines, " partitions and ", events_topic, " has ", events,
      "; each partition of the one keeps the baselines of the same partition of the "
      "other: raise the first to ",
      events));
}

absl::StatusOr<BaselinesByPartition> ReadBaselinesTopic(const Site& site,
                                                        std::vector<int32_t> partitions) {
  const config::Kafka& kafka = site.config().kafka;
  ASSIGN_OR_RETURN(auto topics,
                   bus::KafkaTopics::Create(ClientOptions(site, Client::kAdmin, "baselines")));
  ASSIGN_OR_RETURN(auto known, topics->Partitions(kBrokerTimeout));
  if (!known.contains(kafka.baselines_topic)) {
    return absl::UnavailableError(absl::StrCat("there is no topic ", kafka.baselines_topic));
  }
  const int32_t count = known[kafka.baselines_topic];
  RETURN_IF_ERROR(CheckBaselinesTopic(kafka, count, kafka.events_topic, known[kafka.events_topic]));
  if (partitions.empty()) {
    partitions.resize(static_cast<size_t>(count));
    std::iota(partitions.begin(), partitions.end(), 0);
  }
  absl::flat_hash_map<int32_t, BaselineRecords> records;
  RETURN_IF_ERROR(topics->ReadToEnd(kafka.baselines_topic, std::move(partitions), 0, kReadTimeout,
                                    [&](const bus::Record& record) {
                                      records[record.at->partition].Add(record.key, record.value);
                                    }));
  BaselinesByPartition baselines;
  for (const auto& [partition, read] : records) baselines[partition] = read.States();
  return baselines;
}

}  // namespace sequitur::pipeline
