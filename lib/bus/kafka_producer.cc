#include "bus/kafka_producer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"

namespace sequitur::bus {
namespace {

std::string Copy(const void* bytes, size_t size) {
  return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

std::vector<std::pair<std::string, std::string>> CopyHeaders(const rd_kafka_message_t& message) {
  std::vector<std::pair<std::string, std::string>> copies;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return copies;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    copies.emplace_back(name, Copy(value, size));
  }
  return copies;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaProducer>> KafkaProducer::Create(KafkaOptions options) {
  const PropertyList defaults = {
      {"linger.ms", "5"},
      {"compression.type", "lz4"},
      {"message.timeout.ms", "0"},  // never give up
      {"message.max.bytes", "4194304"},
      {"queue.buffering.max.kbytes", "131072"},
      {"log.connection.close", "false"},
  };
  const PropertyList fixed = {
      {"enable.idempotence", "true"}, {"acks", "all"}, {"partitioner", "murmur2_random"}};
  std::unique_ptr<KafkaProducer> producer(new KafkaProducer(options.log));
  ASSIGN_OR_RETURN(ConfHandle conf, MakeConf(options, defaults, fixed, producer->opaque_));
  rd_kafka_conf_set_dr_msg_cb(
      conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
        static_cast<KafkaProducer*>(static_cast<ClientOpaque*>(opaque)->owner)->Delivered(*message);
      });
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int error, const char* why, void* opaque) {
    static_cast<KafkaProducer*>(static_cast<ClientOpaque*>(opaque)->owner)
        ->Fail(static_cast<rd_kafka_resp_err_t>(error), why);
  });
  ASSIGN_OR_RETURN(producer->client_, MakeClient(RD_KAFKA_PRODUCER, std::move(conf)));
  for (const std::string& topic : options.topics) {
    producer->topics_.emplace_back(
        rd_kafka_topic_new(producer->client_.get(), topic.c_str(), nullptr));
  }
  return producer;
}

absl::Status KafkaProducer::Produce(const OutgoingRecord& record, uint64_t token) {
  if (!fatal_.ok()) return fatal_;
  RETURN_IF_ERROR(Enqueue(record, token));
  ++outstanding_;
  return absl::OkStatus();
}

absl::Status KafkaProducer::Enqueue(const OutgoingRecord& record, uint64_t token) {
  rd_kafka_headers_t* headers = nullptr;
  if (!record.headers.empty()) {
    headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    }
  }
  const std::string topic(record.topic);
  // An empty value must not become a tombstone: librdkafka takes a null pointer
  // for none.
  const void* value = record.tombstone ? nullptr : record.value.empty() ? "" : record.value.data();
  const rd_kafka_resp_err_t error = rd_kafka_producev(
      client_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(record.partition),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(record.key.empty() ? nullptr : record.key.data(), record.key.size()),
      RD_KAFKA_V_VALUE(const_cast<void*>(value), record.tombstone ? 0 : record.value.size()),
      RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(token)),
      RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  if (headers != nullptr) rd_kafka_headers_destroy(headers);
  if (error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
      error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    // Known at once, since the topic's absence is cached: the same as refused.
    Refused refused{topic,
                    record.partition,
                    std::string(record.key),
                    std::string(record.value),
                    record.tombstone,
                    {},
                    token};
    for (const auto& [name, text] : record.headers) refused.headers.emplace_back(name, text);
    KeepRefused(std::move(refused), error);
    return absl::OkStatus();
  }
  return ToStatus(error, absl::StrCat("writing to ", topic));
}

void KafkaProducer::Delivered(const rd_kafka_message_t& message) {
  const auto token = reinterpret_cast<uint64_t>(message._private);
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    --outstanding_;
    if (acknowledged_) acknowledged_(token);
    return;
  }
  if (IsFatal(message.err)) Fail(message.err, rd_kafka_err2str(message.err));
  // By key again: the topic may have come back with other partitions.
  KeepRefused({rd_kafka_topic_name(message.rkt),
               message.key == nullptr ? message.partition : OutgoingRecord::kByKey,
               Copy(message.key, message.key_len), Copy(message.payload, message.len),
               message.payload == nullptr, CopyHeaders(message), token},
              message.err);
  opaque_.Write(3,
                absl::StrCat("a record could not be written and is tried again: ", last_refusal_));
}

void KafkaProducer::KeepRefused(Refused refused, rd_kafka_resp_err_t why) {
  ++refusals_;
  last_refusal_ = absl::StrCat(refused.topic, ": ", rd_kafka_err2str(why));
  if (refused_.empty()) retry_at_ = absl::Now() + kRetryAfter;
  refused_.push_back(std::move(refused));
}

void KafkaProducer::Fail(rd_kafka_resp_err_t error, absl::string_view reason) {
  const absl::Status fatal = FatalStatus(client_.get(), error, reason);
  if (fatal.ok()) {
    opaque_.Write(4, absl::StrCat("producer: ", reason));
  } else {
    fatal_ = fatal;
  }
}

absl::Status KafkaProducer::RetryRefused() {
  if (refused_.empty() || absl::Now() < retry_at_) return absl::OkStatus();
  retry_at_ = absl::Now() + kRetryAfter;
  for (size_t left = refused_.size(); left > 0; --left) {
    Refused refused = std::move(refused_.front());
    refused_.pop_front();
    OutgoingRecord record{refused.topic, refused.partition, refused.key, refused.value,
                          refused.tombstone};
    for (const auto& [name, value] : refused.headers) record.headers.emplace_back(name, value);
    const absl::Status queued = Enqueue(record, refused.token);
    if (queued.ok()) continue;
    refused_.push_front(std::move(refused));
    return absl::IsResourceExhausted(queued) ? absl::OkStatus() : queued;
  }
  return absl::OkStatus();
}

absl::Status KafkaProducer::Poll(absl::Duration timeout) {
  rd_kafka_poll(client_.get(), TimeoutMs(timeout));
  RETURN_IF_ERROR(fatal_);
  return RetryRefused();
}

absl::Status KafkaProducer::Flush(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (outstanding_ > 0) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(
          absl::StrCat(outstanding_, " records are not acknowledged"));
    }
    // In slices: a refused record waits outside librdkafka's own queue.
    (void)rd_kafka_flush(client_.get(), TimeoutMs(std::min(left, kRetryAfter)));
    RETURN_IF_ERROR(Poll(refused_.empty() ? absl::ZeroDuration() : absl::Milliseconds(50)));
  }
  return absl::OkStatus();
}

}  // namespace sequitur::bus
