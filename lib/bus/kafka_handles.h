#pragma once

// One RAII alias for each librdkafka handle.

#include <librdkafka/rdkafka.h>

#include <memory>

namespace sequitur::bus {

template <auto Destroy>
struct HandleDeleter {
  template <typename T>
  void operator()(T* handle) const {
    Destroy(handle);
  }
};

using ConfHandle = std::unique_ptr<rd_kafka_conf_t, HandleDeleter<rd_kafka_conf_destroy>>;
using ClientHandle = std::unique_ptr<rd_kafka_t, HandleDeleter<rd_kafka_destroy>>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, HandleDeleter<rd_kafka_topic_destroy>>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, HandleDeleter<rd_kafka_queue_destroy>>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, HandleDeleter<rd_kafka_event_destroy>>;
using ErrorHandle = std::unique_ptr<rd_kafka_error_t, HandleDeleter<rd_kafka_error_destroy>>;
using PartitionsHandle = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                         HandleDeleter<rd_kafka_topic_partition_list_destroy>>;

}  // namespace sequitur::bus
