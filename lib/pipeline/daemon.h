#pragma once

// Daemon: Kafka in, Kafka out. Waits for the topics, starts the workers of the
// wanted stages, and ends when asked to or when one of them cannot go on.
//
// Another site may be put in at any time (Adopt). What can go on as it is does:
// correlating goes over to other rules between two polls. Where events are read
// in another way the stage's workers end cleanly and start anew, which rebuilds
// as after a restart.
//
// Threads: Run blocks its caller; one thread a worker, which share nothing but
//          the SiteSlot, their WorkerStats and the RecentAlerts. The rest may be
//          called by any thread.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bus/kafka_config.h"
#include "bus/kafka_topics.h"
#include "metrics/report.h"
#include "pipeline/recent_alerts.h"
#include "pipeline/site.h"
#include "pipeline/site_slot.h"
#include "pipeline/worker_stats.h"

namespace sequitur::pipeline {

enum class Role { kAll, kIngest, kCorrelate };

// What stands against the daemon doing its work; empty lists are good.
struct Health {
  std::vector<std::string> not_ready;    // rebuilding, stalled, waiting ...
  std::vector<std::string> not_healthy;  // the brokers do not answer ...
  std::vector<std::string> not_alive;    // a worker hangs
};

class Daemon {
 public:
  Daemon(std::shared_ptr<const Site> site, Role role);

  // OK after a clean stop.
  absl::Status Run(std::stop_token stop);

  // Goes over to `next`, at once where it can.
  absl::Status Adopt(std::shared_ptr<const Site> next);

  // Without what the Reloader knows.
  metrics::Report Report() const;
  Health health() const;
  std::vector<RecentAlerts::Entry> recent_alerts() const { return recent_.Latest(); }
  std::shared_ptr<const Site> site() const { return site_.Get(); }

 private:
  // The workers of one stage, all of one site.
  struct Stage {
    std::string name;
    std::deque<WorkerStats> stats;  // stable addresses: workers write into them
    metrics::WorkerReport ended;    // totals of workers that are no more
    std::vector<std::jthread> threads;
    std::stop_source stop;
    bool restart = false;
  };
  using Work = std::function<absl::Status(std::stop_token)>;

  absl::Status WaitForTopics(std::stop_token stop);
  absl::Status Start(Stage& stage);
  absl::StatusOr<Work> MakeWorker(const Stage& stage, const std::shared_ptr<const Site>& site,
                                  int worker, WorkerStats& stats);
  void End(Stage& stage);
  void Fail(absl::Status why);
  absl::Status Supervise(std::stop_token stop);
  void WatchBrokers(std::stop_token stop);
  void LogProgress() const;
  metrics::WorkerReport ReportOf(const Stage& stage) const;

  const Role role_;
  SiteSlot site_;
  RecentAlerts recent_;
  std::unique_ptr<bus::KafkaTopics> topics_;
  std::atomic<bool> connected_{false};

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable_any changed_;
  std::deque<Stage> stages_;
  std::string waiting_for_ = "starting";  // before the workers start
  bool ended_ = false;                    // a worker ended by itself
  absl::Status result_;
};

// Options of one Kafka client of the site.
enum class Client { kConsumer, kProducer, kAdmin };
bus::KafkaOptions ClientOptions(const Site& site, Client client, absl::string_view name);

// The topics that the site needs besides its sources, as `sequitur topics --create`
// makes them.
std::vector<bus::NewTopic> OwnTopics(const Site& site);

}  // namespace sequitur::pipeline
