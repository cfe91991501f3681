#include "bus/kafka_topics.h"

#include "absl/cleanup/cleanup.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"

namespace sequitur::bus {
namespace {

constexpr absl::Duration kLookForErrors = absl::Milliseconds(100);

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaTopics>> KafkaTopics::Create(KafkaOptions options) {
  const PropertyList defaults = {{"auto.offset.reset", "earliest"},
                                 {"fetch.wait.max.ms", "20"},
                                 {"log.connection.close", "false"}};
  const PropertyList fixed = {{"group.id", absl::StrCat(options.group, "-reader")},
                              {"enable.auto.commit", "false"},
                              {"enable.partition.eof", "true"},
                              {"allow.auto.create.topics", "false"}};
  std::unique_ptr<KafkaTopics> topics(new KafkaTopics(options.log));
  ASSIGN_OR_RETURN(ConfHandle conf, MakeConf(options, defaults, fixed, topics->opaque_));
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int error, const char* why, void* opaque) {
    auto* self = static_cast<KafkaTopics*>(static_cast<ClientOpaque*>(opaque)->owner);
    self->fatal_.Update(
        FatalStatus(self->client_.get(), static_cast<rd_kafka_resp_err_t>(error), why));
  });
  ASSIGN_OR_RETURN(topics->client_, MakeClient(RD_KAFKA_CONSUMER, std::move(conf)));
  rd_kafka_poll_set_consumer(topics->client_.get());
  return topics;
}

absl::StatusOr<std::map<std::string, int32_t>> KafkaTopics::Partitions(absl::Duration timeout) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error =
      rd_kafka_metadata(client_.get(), 1, nullptr, &metadata, TimeoutMs(timeout));
  RETURN_IF_ERROR(ServeErrors());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return absl::UnavailableError(absl::StrCat("no broker answers: ", rd_kafka_err2str(error)));
  }
  std::map<std::string, int32_t> partitions;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    if (metadata->topics[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    partitions[metadata->topics[i].topic] = metadata->topics[i].partition_cnt;
  }
  rd_kafka_metadata_destroy(metadata);
  return partitions;
}

// An authentication failure shows as a time-out; the error callback knows.
absl::Status KafkaTopics::ServeErrors() {
  if (rd_kafka_message_t* event = rd_kafka_consumer_poll(client_.get(), 0)) {
    rd_kafka_message_destroy(event);
  }
  return fatal_;
}

absl::Status KafkaTopics::LookUp(const std::string& topic, absl::Duration timeout) {
  TopicHandle handle(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
  if (handle == nullptr)
    return absl::InvalidArgumentError(absl::StrCat(topic, ": no topic's name"));
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error =
      rd_kafka_metadata(client_.get(), 0, handle.get(), &metadata, TimeoutMs(timeout));
  RETURN_IF_ERROR(ServeErrors());
  RETURN_IF_ERROR(ToStatus(error, absl::StrCat("looking up ", topic)));
  const absl::Cleanup free_metadata = [&] { rd_kafka_metadata_destroy(metadata); };
  if (metadata->topic_cnt == 0) return absl::NotFoundError(topic);
  return ToStatus(metadata->topics[0].err, absl::StrCat("looking up ", topic));
}

absl::Status KafkaTopics::CreateTopic(const NewTopic& topic, absl::Duration timeout) {
  char why[512];
  rd_kafka_NewTopic_t* request = rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions,
                                                       topic.replication_factor, why, sizeof(why));
  if (request == nullptr) return absl::InvalidArgumentError(absl::StrCat(topic.name, ": ", why));
  const absl::Cleanup free_request = [&] { rd_kafka_NewTopic_destroy(request); };
  for (const auto& [name, value] : topic.config) {
    rd_kafka_NewTopic_set_config(request, name.c_str(), value.c_str());
  }
  QueueHandle queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_CreateTopics(client_.get(), &request, 1, nullptr, queue.get());
  ASSIGN_OR_RETURN(const EventHandle event, Answer(queue.get(), timeout));
  RETURN_IF_ERROR(
      ToStatus(rd_kafka_event_error(event.get()), absl::StrCat("creating ", topic.name)));
  size_t count = 0;
  const auto* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  if (count == 0) return absl::OkStatus();
  const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[0]);
  if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
    return absl::AlreadyExistsError(topic.name);
  }
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("creating ", topic.name, ": ", rd_kafka_topic_result_error_string(results[0])));
}

// What a request to the brokers brings back.
absl::StatusOr<EventHandle> KafkaTopics::Answer(rd_kafka_queue_t* queue, absl::Duration timeout) {
  const absl::Time give_up = absl::Now() + timeout;
  while (true) {
    if (EventHandle event(rd_kafka_queue_poll(queue, TimeoutMs(kLookForErrors))); event) {
      return event;
    }
    RETURN_IF_ERROR(ServeErrors());
    if (absl::Now() > give_up) return absl::UnavailableError("no broker answers");
  }
}

absl::StatusOr<std::map<std::string, std::string>> KafkaTopics::Settings(const std::string& topic,
                                                                         absl::Duration timeout) {
  rd_kafka_ConfigResource_t* request =
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  const absl::Cleanup free_request = [&] { rd_kafka_ConfigResource_destroy(request); };
  QueueHandle queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_DescribeConfigs(client_.get(), &request, 1, nullptr, queue.get());
  ASSIGN_OR_RETURN(const EventHandle event, Answer(queue.get(), timeout));
  const std::string what = absl::StrCat("asking for the settings of ", topic);
  RETURN_IF_ERROR(ToStatus(rd_kafka_event_error(event.get()), what));
  size_t count = 0;
  const auto* resources = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  if (count == 0) return absl::NotFoundError(topic);
  RETURN_IF_ERROR(ToStatus(rd_kafka_ConfigResource_error(resources[0]), what));
  const auto* entries = rd_kafka_ConfigResource_configs(resources[0], &count);
  std::map<std::string, std::string> settings;
  for (size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value != nullptr) settings[rd_kafka_ConfigEntry_name(entries[i])] = value;
  }
  return settings;
}

absl::Status KafkaTopics::ReadToEnd(const std::string& topic, std::vector<int32_t> partitions,
                                    int64_t from_ms, absl::Duration timeout,
                                    absl::FunctionRef<void(const Record&)> each) {
  const absl::Time deadline = absl::Now() + timeout;
  PartitionsHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (int32_t partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = from_ms;
  }
  if (from_ms > 0) {
    RETURN_IF_ERROR(
        ToStatus(rd_kafka_offsets_for_times(client_.get(), list.get(), TimeoutMs(timeout)),
                 absl::StrCat("looking up offsets of ", topic)));
  }
  absl::flat_hash_map<int32_t, int64_t> end;
  for (int i = 0; i < list->cnt; ++i) {
    rd_kafka_topic_partition_t& entry = list->elems[i];
    int64_t low = 0, high = 0;
    RETURN_IF_ERROR(
        ToStatus(rd_kafka_query_watermark_offsets(client_.get(), entry.topic, entry.partition, &low,
                                                  &high, TimeoutMs(timeout)),
                 absl::StrCat("asking for the ends of ", topic)));
    if (from_ms <= 0) entry.offset = low;
    if (entry.offset < 0) entry.offset = high;
    if (entry.offset < high) end[entry.partition] = high;
  }
  if (end.empty()) return absl::OkStatus();
  rd_kafka_assign(client_.get(), list.get());
  const absl::Cleanup leave = [&] { rd_kafka_assign(client_.get(), nullptr); };
  TopicPartition at{topic, 0};
  while (!end.empty()) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(absl::StrCat("reading ", topic, " to its end"));
    }
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client_.get(), TimeoutMs(left));
    if (message == nullptr) continue;
    const absl::Cleanup free_message = [&] { rd_kafka_message_destroy(message); };
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      end.erase(message->partition);
      continue;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (IsFatal(message->err)) return ToStatus(message->err, absl::StrCat("reading ", topic));
      continue;
    }
    at.partition = message->partition;
    Record record;
    record.at = &at;
    record.offset = message->offset;
    record.key = {static_cast<const char*>(message->key), message->key_len};
    record.value = {static_cast<const char*>(message->payload), message->len};
    record.tombstone = message->payload == nullptr;
    each(record);
    const auto last = end.find(message->partition);
    if (last != end.end() && message->offset + 1 >= last->second) end.erase(last);
  }
  return absl::OkStatus();
}

}  // namespace sequitur::bus
