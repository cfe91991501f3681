#pragma once

// KafkaConsumer: librdkafka's balanced consumer, read in batches from its one
// queue. Offsets are committed only when told, assignment is by range.
//
// Avoided in librdkafka 2.0.2: a batch may hold records of a partition that was
// revoked, paused or sought while it was being filled, so every record is held
// against the place its partition stands at; a paused partition's records already
// queued are dropped, so Resume seeks to that place; and fetching does not go on by
// itself soon enough once the queue was full, so it is woken as the queue empties.

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "bus/consumer.h"
#include "bus/kafka_config.h"

namespace sequitur::bus {

class KafkaConsumer final : public Consumer {
 public:
  static absl::StatusOr<std::unique_ptr<KafkaConsumer>> Create(KafkaOptions options);
  ~KafkaConsumer() override;

  absl::Status Subscribe(const std::vector<std::string>& topics,
                         AssignmentObserver& observer) override;
  absl::StatusOr<size_t> Poll(absl::Duration timeout, EachRecord each) override;
  void CommitAsync(absl::Span<const CommittedOffset> offsets) override;
  absl::Status Commit(absl::Span<const CommittedOffset> offsets, absl::Duration timeout) override;
  void Pause() override;
  void Resume() override;
  void Hold(const TopicPartition& at, int64_t next) override;
  void Release(const TopicPartition& at) override;
  absl::StatusOr<absl::flat_hash_map<TopicPartition, int64_t>> OffsetsForTime(
      absl::Span<const TopicPartition> partitions, int64_t time_ms) override;
  absl::flat_hash_map<TopicPartition, int64_t> Lag() override;
  absl::flat_hash_map<std::string, int32_t> PartitionCounts() override;
  void Close() override;

 private:
  static constexpr size_t kBatch = 512;
  static constexpr int kBrokerTimeoutMs = 10'000;
  static constexpr absl::Duration kAssignFor = absl::Minutes(2);

  explicit KafkaConsumer(Log log) : opaque_{std::move(log), this} {}
  void Rebalance(rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t* partitions);
  absl::Status Assign(rd_kafka_topic_partition_list_t* partitions);
  absl::Status AssignOrRetry(rd_kafka_topic_partition_list_t* partitions);
  absl::Status FindPlaces();
  void WakeFetchers();
  void Revoke(const rd_kafka_topic_partition_list_t* partitions);
  void Jumped(const TopicPartition& at, int64_t wanted, int64_t to);
  bool Take(const rd_kafka_message_t& message, EachRecord each);
  void ReleaseNow();
  void HoldAgain();
  void GoOn(const absl::flat_hash_map<TopicPartition, int64_t>& from);
  void Fail(rd_kafka_resp_err_t error, absl::string_view reason);

  ClientOpaque opaque_;
  AssignmentObserver* observer_ = nullptr;
  // The next offset wanted of each assigned partition.
  absl::flat_hash_map<TopicPartition, int64_t> next_;
  absl::flat_hash_set<TopicPartition> held_;
  std::vector<TopicPartition> released_;  // still held, until the next Poll
  TopicPartition scratch_;
  std::vector<rd_kafka_message_t*> batch_;
  size_t wake_after_ = 0;       // bytes: a part of the queue
  size_t read_since_wake_ = 0;  // bytes
  bool paused_ = false;
  bool place_lost_ = false;  // some offset of next_ is not there any more
  bool closed_ = false;
  absl::Status fatal_;
  ClientHandle client_;
  QueueHandle queue_;  // before the client goes
};

}  // namespace sequitur::bus
