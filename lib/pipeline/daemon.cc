#include "pipeline/daemon.h"

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <numeric>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "alert/published_alerts.h"
#include "base/status_macros.h"
#include "bus/kafka_consumer.h"
#include "bus/kafka_producer.h"
#include "pipeline/baseline_record.h"
#include "pipeline/correlate_worker.h"
#include "pipeline/ingest_worker.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {
namespace {

constexpr absl::Duration kBrokerTimeout = absl::Seconds(5);
constexpr absl::Duration kTailTimeout = absl::Minutes(2);
constexpr absl::Duration kAskAgain = absl::Seconds(1);
constexpr absl::Duration kWatchEvery = absl::Seconds(5);
constexpr absl::Duration kReportEvery = absl::Seconds(30);

void WriteLog(int level, absl::string_view text) {
  const std::string line(text);
  if (level <= 3) {
    spdlog::error(line);
  } else if (level == 4) {
    spdlog::warn(line);
  } else if (level <= 6) {
    spdlog::info(line);
  } else {
    spdlog::debug(line);
  }
}

// Waits, unless asked to stop meanwhile.
void Pause(std::stop_token stop, absl::Duration time) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_for(lock, stop, absl::ToChronoMilliseconds(time), [] { return false; });
}

// What `top -H` and /proc show of the thread that calls this.
void NameThread(const std::string& name) {
  constexpr size_t kLongestName = 15;
  (void)pthread_setname_np(pthread_self(), name.substr(0, kLongestName).c_str());
}

// The alert topics from a time on, read by a client of its own.
ReadAlertTail AlertTailReader(const Site& site) {
  return [&site](int64_t from_ms) -> absl::StatusOr<std::shared_ptr<const alert::PublishedAlerts>> {
    auto published = std::make_shared<alert::PublishedAlerts>();
    ASSIGN_OR_RETURN(auto topics,
                     bus::KafkaTopics::Create(ClientOptions(site, Client::kAdmin, "tail")));
    ASSIGN_OR_RETURN(const auto known, topics->Partitions(kBrokerTimeout));
    const config::Kafka& kafka = site.config().kafka;
    for (const std::string& topic : {kafka.alerts_topic, kafka.shadow_topic}) {
      const auto found = known.find(topic);
      if (found == known.end()) continue;  // gone: then it holds no alert
      std::vector<int32_t> partitions(found->second);
      std::iota(partitions.begin(), partitions.end(), 0);
      RETURN_IF_ERROR(
          topics->ReadToEnd(topic, partitions, from_ms, kTailTimeout,
                            [&](const bus::Record& record) { published->Add(record.value); }));
    }
    return published;
  };
}

// Each partition of the one topic keeps the baselines of the same of the other.
absl::Status CheckBaselines(const config::Kafka& kafka, int32_t baselines, int32_t events) {
  if (baselines >= events) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(kafka.baselines_topic, " has ", baselines, " partitions and ",
                   kafka.events_topic, " has ", events,
                   "; each partition of the one keeps the baselines of the same partition of the "
                   "other: raise the first to ",
                   events));
}

// Partitions of the baselines topic, read by a client of its own.
ReadBaselines BaselinesReader(const Site& site) {
  return [&site](const std::vector<int32_t>& partitions) -> absl::StatusOr<BaselinesByPartition> {
    BaselinesByPartition baselines;
    if (site.config().baselines.empty()) return baselines;
    ASSIGN_OR_RETURN(auto topics,
                     bus::KafkaTopics::Create(ClientOptions(site, Client::kAdmin, "baselines")));
    ASSIGN_OR_RETURN(auto known, topics->Partitions(kBrokerTimeout));
    const config::Kafka& kafka = site.config().kafka;
    if (!known.contains(kafka.baselines_topic)) {
      return absl::UnavailableError(absl::StrCat("there is no topic ", kafka.baselines_topic));
    }
    RETURN_IF_ERROR(CheckBaselines(kafka, known[kafka.baselines_topic], known[kafka.events_topic]));
    absl::flat_hash_map<int32_t, BaselineRecords> records;
    RETURN_IF_ERROR(topics->ReadToEnd(site.config().kafka.baselines_topic, partitions, 0,
                                      kTailTimeout, [&](const bus::Record& record) {
                                        records[record.at->partition].Add(record.key, record.value);
                                      }));
    for (const auto& [partition, read] : records) baselines[partition] = read.States();
    return baselines;
  };
}

}  // namespace

bus::KafkaOptions ClientOptions(const Site& site, Client client, absl::string_view name) {
  const config::Kafka& kafka = site.config().kafka;
  bus::KafkaOptions options;
  options.brokers = kafka.brokers;
  options.properties = kafka.properties;
  const auto& own = client == Client::kProducer ? kafka.producer : kafka.consumer;
  if (client != Client::kAdmin) {
    for (const auto& [property, value] : own) options.properties[property] = value;
  }
  options.client_id = absl::StrCat("sequitur-", name);
  options.group = kafka.group;
  options.log = WriteLog;
  return options;
}

std::vector<bus::NewTopic> OwnTopics(const Site& site) {
  const config::Kafka& kafka = site.config().kafka;
  const auto partitions = static_cast<int32_t>(kafka.partitions);
  const auto replicas = static_cast<int32_t>(kafka.replication_factor);
  const std::string day = absl::StrCat(absl::ToInt64Milliseconds(absl::Hours(24)));
  const std::string month = absl::StrCat(absl::ToInt64Milliseconds(absl::Hours(24 * 30)));
  return {
      {kafka.events_topic, partitions, replicas, {{"retention.ms", day}}},
      {kafka.baselines_topic, partitions, replicas, {{"cleanup.policy", "compact"}}},
      {kafka.alerts_topic, 1, replicas, {{"retention.ms", month}}},
      {kafka.shadow_topic, 1, replicas, {{"retention.ms", month}}},
      {kafka.dead_letter_topic, 1, replicas, {{"retention.ms", day}}},
  };
}

absl::Status Daemon::Run(std::stop_token stop) {
  const config::Kafka& kafka = site_.config().kafka;
  if (kafka.brokers.empty() || kafka.topics.empty()) {
    return absl::InvalidArgumentError(
        "kafka.brokers and kafka.topics say where to read from; set both in the configuration");
  }
  if (kafka.placement == config::Kafka::Placement::kKeyed) {
    return absl::UnimplementedError("kafka.placement: keyed is not there yet; use shuffle");
  }
  RETURN_IF_ERROR(CheckFieldHashes(site_.projection()));
  ASSIGN_OR_RETURN(topics_,
                   bus::KafkaTopics::Create(ClientOptions(site_, Client::kAdmin, "topics")));
  RETURN_IF_ERROR(WaitForTopics(stop));
  if (stop.stop_requested()) return absl::OkStatus();
  for (int worker = 0; worker < kafka.workers; ++worker) {
    if (role_ != Role::kCorrelate) RETURN_IF_ERROR(StartIngest(worker));
    if (role_ != Role::kIngest) RETURN_IF_ERROR(StartCorrelate(worker));
  }

  // The first worker that ends by itself takes the others with it.
  std::stop_source stop_workers;
  std::stop_callback forward(stop, [&] { stop_workers.request_stop(); });
  std::mutex mutex;
  absl::Status result;
  {
    std::vector<std::jthread> threads;
    for (auto& worker : workers_) {
      threads.emplace_back([&, &work = worker] {
        const absl::Status ended = work(stop_workers.get_token());
        const std::lock_guard lock(mutex);
        result.Update(ended);
        stop_workers.request_stop();
      });
    }
    absl::Time report_at = absl::Now() + kReportEvery;
    while (!stop_workers.stop_requested()) {
      Pause(stop_workers.get_token(), kWatchEvery);
      const absl::Status sizes = WatchSizes();
      if (!sizes.ok()) {
        const std::lock_guard lock(mutex);
        result.Update(sizes);
        stop_workers.request_stop();
      }
      if (absl::Now() < report_at) continue;
      report_at = absl::Now() + kReportEvery;
      Report();
    }
  }
  return result;
}

absl::Status Daemon::WaitForTopics(std::stop_token stop) {
  std::vector<std::string> needed;
  for (const bus::NewTopic& topic : OwnTopics(site_)) needed.push_back(topic.name);
  if (role_ != Role::kCorrelate) {
    for (const std::string& topic : site_.config().kafka.topics) {
      if (topic.front() != '^') needed.push_back(topic);
    }
  }
  std::string said;
  while (!stop.stop_requested()) {
    const auto known = topics_->Partitions(kBrokerTimeout);
    std::string problem;
    if (!known.ok()) {
      if (!absl::IsUnavailable(known.status())) return known.status();
      problem = absl::StrCat(known.status().message(), " at ",
                             absl::StrJoin(site_.config().kafka.brokers, ", "));
    } else {
      std::vector<std::string> missing;
      for (const std::string& topic : needed) {
        if (known->contains(topic)) continue;
        missing.push_back(topic);
        const absl::Status found = topics_->LookUp(topic, kBrokerTimeout);
        if (absl::IsPermissionDenied(found)) return found;
      }
      if (missing.empty()) {
        events_partitions_ = known->at(site_.config().kafka.events_topic);
        return CheckSizes(*known);
      }
      problem = absl::StrCat("topics are missing: ", absl::StrJoin(missing, ", "),
                             " (`sequitur topics --create` makes sequitur's own)");
    }
    if (problem != said) spdlog::error("waiting: {}", problem);
    said = problem;
    Pause(stop, kAskAgain);
  }
  return absl::OkStatus();
}

absl::Status Daemon::CheckSizes(const std::map<std::string, int32_t>& partitions) const {
  const config::Kafka& kafka = site_.config().kafka;
  return CheckBaselines(kafka, partitions.at(kafka.baselines_topic),
                        partitions.at(kafka.events_topic));
}

// With more partitions a host's events go to another one from now on.
absl::Status Daemon::WatchSizes() {
  const config::Kafka& kafka = site_.config().kafka;
  const auto known = topics_->Partitions(kBrokerTimeout);
  if (!known.ok()) return absl::OkStatus();  // the workers say so
  const auto events = known->find(kafka.events_topic);
  if (events == known->end() || events->second <= events_partitions_) return absl::OkStatus();
  spdlog::error(
      "{} has {} partitions and had {}: hosts move, and chains under way on those that do are "
      "missed; lib/pipeline/README.md says how to raise it without",
      kafka.events_topic, events->second, events_partitions_);
  events_partitions_ = events->second;
  return known->contains(kafka.baselines_topic) ? CheckSizes(*known) : absl::OkStatus();
}

absl::Status Daemon::StartIngest(int worker) {
  const config::Kafka& kafka = site_.config().kafka;
  const std::string name = absl::StrCat("ingest-", worker);
  bus::KafkaOptions consume = ClientOptions(site_, Client::kConsumer, name);
  consume.group = absl::StrCat(kafka.group, "-ingest");
  if (!kafka.instance.empty()) consume.instance = absl::StrCat(kafka.instance, "-", name);
  ASSIGN_OR_RETURN(auto consumer, bus::KafkaConsumer::Create(std::move(consume)));
  bus::KafkaOptions produce = ClientOptions(site_, Client::kProducer, name);
  produce.topics = {kafka.events_topic, kafka.dead_letter_topic};
  ASSIGN_OR_RETURN(auto producer, bus::KafkaProducer::Create(std::move(produce)));
  auto ingest = std::make_shared<IngestWorker>(site_, std::move(consumer), std::move(producer),
                                               ingest_stats_.emplace_back());
  workers_.push_back([ingest, name](std::stop_token stop) {
    NameThread(name);
    return ingest->Run(stop);
  });
  return absl::OkStatus();
}

absl::Status Daemon::StartCorrelate(int worker) {
  const config::Kafka& kafka = site_.config().kafka;
  const std::string name = absl::StrCat("correlate-", worker);
  bus::KafkaOptions consume = ClientOptions(site_, Client::kConsumer, name);
  if (!kafka.instance.empty()) consume.instance = absl::StrCat(kafka.instance, "-", name);
  ASSIGN_OR_RETURN(auto consumer, bus::KafkaConsumer::Create(std::move(consume)));
  bus::KafkaOptions produce = ClientOptions(site_, Client::kProducer, name);
  produce.topics = {kafka.alerts_topic, kafka.shadow_topic, kafka.baselines_topic};
  ASSIGN_OR_RETURN(auto producer, bus::KafkaProducer::Create(std::move(produce)));
  auto correlate = std::make_shared<CorrelateWorker>(
      site_, std::move(consumer), std::move(producer), AlertTailReader(site_),
      BaselinesReader(site_), correlate_stats_.emplace_back());
  workers_.push_back([correlate, name](std::stop_token stop) {
    NameThread(name);
    return correlate->Run(stop);
  });
  return absl::OkStatus();
}

void Daemon::Report() const {
  const auto sum = [](const std::deque<WorkerStats>& all, auto member) {
    int64_t total = 0;
    for (const WorkerStats& stats : all) total += static_cast<int64_t>((stats.*member).load());
    return total;
  };
  spdlog::info(
      "read {} records ({} behind), handed on {} events, {} unreadable; correlated {} ({} behind), "
      "{} alerts; {} partitions rebuilding",
      sum(ingest_stats_, &WorkerStats::records), sum(ingest_stats_, &WorkerStats::lag),
      sum(ingest_stats_, &WorkerStats::forwarded), sum(ingest_stats_, &WorkerStats::undecodable),
      sum(correlate_stats_, &WorkerStats::records), sum(correlate_stats_, &WorkerStats::lag),
      sum(correlate_stats_, &WorkerStats::alerts), sum(correlate_stats_, &WorkerStats::rebuilding));
}

}  // namespace sequitur::pipeline
