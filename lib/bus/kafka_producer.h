#pragma once

// KafkaProducer: librdkafka's idempotent producer. A record that is refused (its
// topic is gone, say) comes back in its delivery report and is produced again
// from there, after a pause, for as long as it takes.

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bus/kafka_config.h"
#include "bus/producer.h"

namespace sequitur::bus {

class KafkaProducer final : public Producer {
 public:
  static absl::StatusOr<std::unique_ptr<KafkaProducer>> Create(KafkaOptions options);

  void OnAcknowledged(Acknowledged acknowledged) override {
    acknowledged_ = std::move(acknowledged);
  }
  absl::Status Produce(const OutgoingRecord& record, uint64_t token) override;
  absl::Status Poll(absl::Duration timeout) override;
  absl::Status Flush(absl::Duration timeout) override;
  size_t outstanding() const override { return outstanding_; }
  uint64_t refusals() const override { return refusals_; }
  std::string last_refusal() const override { return last_refusal_; }

 private:
  static constexpr absl::Duration kRetryAfter = absl::Milliseconds(500);

  // A copy of a record that was refused.
  struct Refused {
    std::string topic;
    int32_t partition = OutgoingRecord::kByKey;
    std::string key, value;
    bool tombstone = false;
    std::vector<std::pair<std::string, std::string>> headers;
    uint64_t token = 0;
  };

  explicit KafkaProducer(Log log) : opaque_{std::move(log), this} {}
  absl::Status Enqueue(const OutgoingRecord& record, uint64_t token);
  void Delivered(const rd_kafka_message_t& message);
  void KeepRefused(Refused refused, rd_kafka_resp_err_t why);
  void Fail(rd_kafka_resp_err_t error, absl::string_view reason);
  absl::Status RetryRefused();

  ClientOpaque opaque_;
  Acknowledged acknowledged_;
  size_t outstanding_ = 0;
  uint64_t refusals_ = 0;
  std::string last_refusal_;
  std::deque<Refused> refused_;
  absl::Time retry_at_ = absl::InfinitePast();
  absl::Status fatal_;
  ClientHandle client_;              // these last: they go first
  std::vector<TopicHandle> topics_;  // held so that what is known of them is kept up
};

}  // namespace sequitur::bus
