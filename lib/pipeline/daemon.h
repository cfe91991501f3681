#pragma once

// Daemon: Kafka in, Kafka out. Waits for the topics, starts the workers of the
// wanted stages, and ends when asked to or when one of them cannot go on.
//
// Threads: Run blocks its caller; one thread a worker, which share nothing but
//          the Site and their WorkerStats.

#include <deque>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bus/kafka_config.h"
#include "bus/kafka_topics.h"
#include "pipeline/site.h"
#include "pipeline/worker_stats.h"

namespace sequitur::pipeline {

enum class Role { kAll, kIngest, kCorrelate };

class Daemon {
 public:
  Daemon(const Site& site, Role role) : site_(site), role_(role) {}

  // OK after a clean stop.
  absl::Status Run(std::stop_token stop);

 private:
  absl::Status WaitForTopics(std::stop_token stop);
  absl::Status CheckSizes(const std::map<std::string, int32_t>& partitions) const;
  absl::Status StartIngest(int worker);
  absl::Status StartCorrelate(int worker);
  absl::Status WatchSizes();
  void Report() const;

  const Site& site_;
  const Role role_;
  std::unique_ptr<bus::KafkaTopics> topics_;
  int32_t events_partitions_ = 0;  // of the events topic, as seen last
  std::deque<WorkerStats> ingest_stats_;
  std::deque<WorkerStats> correlate_stats_;
  // What each worker does until it is told to stop.
  std::vector<std::function<absl::Status(std::stop_token)>> workers_;
};

// Options of one Kafka client of the site.
enum class Client { kConsumer, kProducer, kAdmin };
bus::KafkaOptions ClientOptions(const Site& site, Client client, absl::string_view name);

// The topics that the site needs besides its sources, as `sequitur topics --create`
// makes them.
std::vector<bus::NewTopic> OwnTopics(const Site& site);

}  // namespace sequitur::pipeline
