#include "pipeline/baselines_topic.h"

#include <numeric>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "bus/kafka_producer.h"
#include "bus/kafka_topics.h"
#include "pipeline/baseline_record.h"
#include "pipeline/daemon.h"

namespace sequitur::pipeline {
namespace {

constexpr absl::Duration kBrokerTimeout = absl::Seconds(5);
constexpr absl::Duration kReadTimeout = absl::Minutes(2);
constexpr absl::Duration kWriteTimeout = absl::Minutes(2);

using Values = absl::flat_hash_set<std::vector<std::string>>;

absl::Status Delete(bus::Producer& producer, const bus::OutgoingRecord& record) {
  while (true) {
    const absl::Status produced = producer.Produce(record, /*token=*/0);
    if (!absl::IsResourceExhausted(produced)) return produced;
    RETURN_IF_ERROR(producer.Poll(absl::Milliseconds(100)));
  }
}

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

absl::StatusOr<std::vector<enrich::BaselineState>> PruneBaselinesTopic(
    const Site& site, const std::vector<enrich::BaselineState>& kept) {
  absl::flat_hash_map<std::string, Values> known;
  for (const enrich::BaselineState& state : kept) {
    Values& values = known[state.name];  // of a baseline without any, too
    for (const enrich::BaselineTuple& tuple : state.tuples) values.insert(tuple.values);
  }
  ASSIGN_OR_RETURN(const BaselinesByPartition partitions, ReadBaselinesTopic(site, {}));
  bus::KafkaOptions options = ClientOptions(site, Client::kProducer, "baselines");
  const std::string& topic = site.config().kafka.baselines_topic;
  options.topics = {topic};
  ASSIGN_OR_RETURN(auto producer, bus::KafkaProducer::Create(std::move(options)));
  std::vector<enrich::BaselineState> deleted;
  for (const auto& [partition, states] : partitions) {
    for (const enrich::BaselineState& state : states) {
      const auto named = known.find(state.name);
      if (named == known.end()) continue;
      enrich::BaselineState& gone = deleted.emplace_back();
      gone.name = state.name;
      for (const enrich::BaselineTuple& tuple : state.tuples) {
        if (named->second.contains(tuple.values)) continue;
        const std::string key = BaselineKey(state.name, tuple.values);
        RETURN_IF_ERROR(Delete(*producer, {topic, partition, key, "", /*tombstone=*/true}));
        gone.tuples.push_back(tuple);
      }
    }
  }
  RETURN_IF_ERROR(producer->Flush(kWriteTimeout));
  return MergeBaselines(std::move(deleted));
}

}  // namespace sequitur::pipeline
