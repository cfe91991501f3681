#pragma once

// Topics as the cluster has them: looked up, created, and read to the end once
// (the tail of the alert topic, a compacted topic) without a group.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bus/kafka_config.h"
#include "bus/record.h"

namespace sequitur::bus {

struct NewTopic {
  std::string name;
  int32_t partitions = 1;
  int32_t replication_factor = 1;
  std::map<std::string, std::string> config;
};

class KafkaTopics {
 public:
  static absl::StatusOr<std::unique_ptr<KafkaTopics>> Create(KafkaOptions options);

  // Partitions of every topic there is. Unavailable while no broker answers.
  absl::StatusOr<std::map<std::string, int32_t>> Partitions(absl::Duration timeout);
  // NotFound, or PermissionDenied: a topic without rights to it is not listed above.
  absl::Status LookUp(const std::string& topic, absl::Duration timeout);
  // AlreadyExists is no failure of the caller's.
  absl::Status CreateTopic(const NewTopic& topic, absl::Duration timeout);

  // Settings of the topic, broker defaults included, by name (retention.ms).
  absl::StatusOr<std::map<std::string, std::string>> Settings(const std::string& topic,
                                                              absl::Duration timeout);

  // Every record of the topic, or of one partition, from the first at or after
  // `from_ms` (0: the oldest) to the end as it is now.
  absl::Status ReadToEnd(const std::string& topic, std::vector<int32_t> partitions, int64_t from_ms,
                         absl::Duration timeout, absl::FunctionRef<void(const Record&)> each);

 private:
  explicit KafkaTopics(Log log) : opaque_{std::move(log), this} {}

  absl::Status ServeErrors();
  absl::StatusOr<EventHandle> Answer(rd_kafka_queue_t* queue, absl::Duration timeout);

  ClientOpaque opaque_;
  absl::Status fatal_;
  ClientHandle client_;
};

}  // namespace sequitur::bus
