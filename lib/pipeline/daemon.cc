#include "pipeline/daemon.h"

#include <pthread.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "alert/published_alerts.h"
#include "base/status_macros.h"
#include "bus/kafka_consumer.h"
#include "bus/kafka_producer.h"
#include "pipeline/baselines_topic.h"
#include "pipeline/correlate_worker.h"
#include "pipeline/ingest_worker.h"
#include "pipeline/keyed_input.h"
#include "pipeline/pause.h"
#include "pipeline/retention.h"
#include "pipeline/rewind.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {
namespace {

constexpr absl::Duration kBrokerTimeout = absl::Seconds(5);
constexpr absl::Duration kTailTimeout = absl::Minutes(2);
constexpr absl::Duration kAskAgain = absl::Seconds(1);
constexpr absl::Duration kLogEvery = absl::Seconds(30);
constexpr absl::Duration kProbeEvery = absl::Seconds(3);
// A worker goes round many times a second; taking partitions may hold it up as
// long as its group lets it.
constexpr absl::Duration kHangs = absl::Minutes(6);

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

// The stages' names, as metrics and logs have them.
constexpr char kIngest[] = "ingest";
constexpr char kCorrelate[] = "correlate";

// What `top -H` and /proc show of the thread that calls this.
void NameThread(const std::string& name) {
  constexpr size_t kLongestName = 15;
  (void)pthread_setname_np(pthread_self(), name.substr(0, kLongestName).c_str());
}

// The alert topics from a time on, read by a client of its own.
ReadAlertTail AlertTailReader(const std::shared_ptr<const Site>& in_use) {
  return
      [in_use](int64_t from_ms) -> absl::StatusOr<std::shared_ptr<const alert::PublishedAlerts>> {
        const Site& site = *in_use;
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

ReadBaselines BaselinesReader(const std::shared_ptr<const Site>& in_use) {
  return [in_use](const std::vector<int32_t>& partitions) {
    return in_use->config().baselines.empty() ? BaselinesByPartition()
                                              : ReadBaselinesTopic(*in_use, partitions);
  };
}

bool IsKeyed(const config::Kafka& kafka) {
  return kafka.placement == config::Kafka::Placement::kKeyed;
}

bool IsPattern(absl::string_view topic) { return topic.front() == '^'; }

// Topics that the correlate stage reads, with how many partitions they have; those
// that a pattern names are only known when they are assigned.
std::map<std::string, int32_t> CorrelatedTopics(const config::Kafka& kafka,
                                                const std::map<std::string, int32_t>& all) {
  std::map<std::string, int32_t> read;
  if (!IsKeyed(kafka)) return {{kafka.events_topic, all.at(kafka.events_topic)}};
  for (const std::string& topic : kafka.topics) {
    if (!IsPattern(topic)) read.emplace(topic, all.at(topic));
  }
  return read;
}

// Null where canaries are off.
absl::StatusOr<std::unique_ptr<bus::Producer>> CanaryProducer(const Site& site, int worker) {
  if (!site.config().canaries.enabled) return nullptr;
  bus::KafkaOptions produce =
      ClientOptions(site, Client::kProducer, absl::StrCat("canaries-", worker));
  produce.topics = {site.config().kafka.canary_topic};
  ASSIGN_OR_RETURN(auto producer, bus::KafkaProducer::Create(std::move(produce)));
  return producer;
}

absl::Status CheckSizes(const config::Kafka& kafka, const std::map<std::string, int32_t>& all) {
  const auto read = CorrelatedTopics(kafka, all);
  RETURN_IF_ERROR(CheckPartitionedAlike(read));
  if (read.empty()) return absl::OkStatus();
  return CheckBaselinesTopic(kafka, all.at(kafka.baselines_topic), read.begin()->first,
                             read.begin()->second);
}

// What can be said without a broker.
absl::Status CheckKafka(const config::Kafka& kafka, Role role) {
  if (kafka.brokers.empty() || kafka.topics.empty()) {
    return absl::InvalidArgumentError(
        "kafka.brokers and kafka.topics say where to read from; set both in the configuration");
  }
  if (IsKeyed(kafka) && role != Role::kAll) {
    return absl::InvalidArgumentError(
        "with kafka.placement: keyed there is one stage only: run without --role, in as many "
        "processes as you like, or set kafka.placement: shuffle");
  }
  return absl::OkStatus();
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
  const auto at_least = [](int days, absl::Duration needed) {
    return absl::StrCat(absl::ToInt64Milliseconds(std::max(absl::Hours(24 * days), needed)));
  };
  // With as much again for an outage.
  const std::string day = at_least(1, 2 * LookBack(site));
  const std::string month = at_least(30, 2 * (LookBack(site) + LongestSuppression(site)));
  std::vector<bus::NewTopic> topics = {
      {kafka.baselines_topic, partitions, replicas, {{"cleanup.policy", "compact"}}},
      {kafka.alerts_topic, 1, replicas, {{"retention.ms", month}}},
      {kafka.shadow_topic, 1, replicas, {{"retention.ms", month}}},
      {kafka.dead_letter_topic, 1, replicas, {{"retention.ms", at_least(1, {})}}},
  };
  if (site.config().canaries.enabled) {
    topics.push_back({kafka.canary_topic, 1, replicas, {{"retention.ms", day}}});
  }
  if (!IsKeyed(kafka)) {
    topics.push_back({kafka.events_topic, partitions, replicas, {{"retention.ms", day}}});
  }
  return topics;
}

Daemon::Daemon(std::shared_ptr<const Site> site, Role role) : role_(role), site_(std::move(site)) {
  const bool keyed = IsKeyed(site_.Get()->config().kafka);
  if (role_ != Role::kCorrelate && !keyed) stages_.emplace_back().name = kIngest;
  if (role_ != Role::kIngest) stages_.emplace_back().name = kCorrelate;
}

absl::Status Daemon::Run(std::stop_token stop) {
  const std::shared_ptr<const Site> site = site_.Get();
  RETURN_IF_ERROR(CheckKafka(site->config().kafka, role_));
  RETURN_IF_ERROR(CheckFieldHashes(site->projection()));
  ASSIGN_OR_RETURN(topics_,
                   bus::KafkaTopics::Create(ClientOptions(*site, Client::kAdmin, "topics")));
  RETURN_IF_ERROR(WaitForTopics(stop));
  if (stop.stop_requested()) return absl::OkStatus();
  const std::jthread brokers([this](std::stop_token ended) { WatchBrokers(ended); });
  const absl::Status result = Supervise(stop);
  for (Stage& stage : stages_) stage.stop.request_stop();
  for (Stage& stage : stages_) End(stage);
  const std::lock_guard lock(mutex_);
  return ended_ ? result_ : result;
}

// Starts the stages, and starts them anew when asked to, until the end.
absl::Status Daemon::Supervise(std::stop_token stop) {
  for (Stage& stage : stages_) RETURN_IF_ERROR(Start(stage));
  absl::Time log_at = absl::Now() + kLogEvery;
  while (true) {
    std::vector<Stage*> restart;
    {
      std::unique_lock lock(mutex_);
      waiting_for_.clear();
      changed_.wait_until(lock, stop, absl::ToChronoTime(log_at), [&] {
        return ended_ || std::any_of(stages_.begin(), stages_.end(),
                                     [](const Stage& stage) { return stage.restart; });
      });
      if (stop.stop_requested() || ended_) return absl::OkStatus();
      for (Stage& stage : stages_) {
        if (std::exchange(stage.restart, false)) restart.push_back(&stage);
      }
    }
    for (Stage* stage : restart) {
      spdlog::info("{}: starting anew with another configuration", stage->name);
      End(*stage);
      RETURN_IF_ERROR(Start(*stage));
    }
    if (absl::Now() < log_at) continue;
    log_at = absl::Now() + kLogEvery;
    LogProgress();
  }
}

absl::Status Daemon::Adopt(std::shared_ptr<const Site> next) {
  RETURN_IF_ERROR(CheckKafka(next->config().kafka, role_));
  RETURN_IF_ERROR(CheckFieldHashes(next->projection()));
  const std::shared_ptr<const Site> before = site_.Get();
  if (IsKeyed(next->config().kafka) != IsKeyed(before->config().kafka)) {
    return absl::FailedPreconditionError(
        "kafka.placement decides which stages there are; restart to change it");
  }
  const bool same = next->HasSameEnvironment(*before);
  if (!same) {
    // A client that cannot be made must not take the place of one that works.
    RETURN_IF_ERROR(
        bus::KafkaConsumer::Create(ClientOptions(*next, Client::kConsumer, "check")).status());
    RETURN_IF_ERROR(
        bus::KafkaProducer::Create(ClientOptions(*next, Client::kProducer, "check")).status());
  }
  const std::lock_guard lock(mutex_);
  site_.Set(next);
  for (Stage& stage : stages_) {
    // Decoders are made for what is read of an event.
    stage.restart |= !same || IsKeyed(next->config().kafka) ||
                     (stage.name == kIngest && !before->ReadsAllThat(*next));
  }
  changed_.notify_all();
  return absl::OkStatus();
}

absl::Status Daemon::WaitForTopics(std::stop_token stop) {
  const std::shared_ptr<const Site> site = site_.Get();
  std::vector<std::string> needed;
  for (const bus::NewTopic& topic : OwnTopics(*site)) needed.push_back(topic.name);
  if (role_ != Role::kCorrelate) {
    for (const std::string& topic : site->config().kafka.topics) {
      if (!IsPattern(topic)) needed.push_back(topic);
    }
  }
  std::string said;
  while (!stop.stop_requested()) {
    const auto known = topics_->Partitions(kBrokerTimeout);
    connected_ = known.ok();
    std::string problem;
    if (!known.ok()) {
      if (!absl::IsUnavailable(known.status())) return known.status();
      problem = absl::StrCat(known.status().message(), " at ",
                             absl::StrJoin(site->config().kafka.brokers, ", "));
    } else {
      std::vector<std::string> missing;
      for (const std::string& topic : needed) {
        if (known->contains(topic)) continue;
        missing.push_back(topic);
        const absl::Status found = topics_->LookUp(topic, kBrokerTimeout);
        if (absl::IsPermissionDenied(found)) return found;
      }
      if (missing.empty()) {
        for (const std::string& each : Shortcomings(*site, *topics_, kBrokerTimeout)) {
          spdlog::warn(each);
        }
        return CheckSizes(site->config().kafka, *known);
      }
      problem = absl::StrCat("topics are missing: ", absl::StrJoin(missing, ", "),
                             " (`sequitur topics --create` makes sequitur's own)");
    }
    if (problem != said) spdlog::error("waiting: {}", problem);
    said = problem;
    {
      const std::lock_guard lock(mutex_);
      waiting_for_ = absl::StrCat("waiting: ", problem);
    }
    Pause(stop, kAskAgain);
  }
  return absl::OkStatus();
}

absl::Status Daemon::Start(Stage& stage) {
  const std::shared_ptr<const Site> site = site_.Get();
  stage.stop = std::stop_source();
  for (int worker = 0; worker < site->config().kafka.workers; ++worker) {
    WorkerStats* stats = nullptr;
    {
      const std::lock_guard lock(mutex_);
      stats = &stage.stats.emplace_back();
    }
    ASSIGN_OR_RETURN(Work work, MakeWorker(stage, site, worker, *stats));
    // The first worker that ends by itself takes the others with it.
    stage.threads.emplace_back([this, name = absl::StrCat(stage.name, "-", worker),
                                work = std::move(work), asked = stage.stop.get_token()] {
      NameThread(name);
      const absl::Status ended = work(asked);
      if (!asked.stop_requested() || !ended.ok()) Fail(ended);
    });
  }
  return absl::OkStatus();
}

absl::StatusOr<Daemon::Work> Daemon::MakeWorker(const Stage& stage,
                                                const std::shared_ptr<const Site>& site, int worker,
                                                WorkerStats& stats) {
  const config::Kafka& kafka = site->config().kafka;
  const std::string name = absl::StrCat(stage.name, "-", worker);
  bus::KafkaOptions consume = ClientOptions(*site, Client::kConsumer, name);
  if (stage.name == kIngest) consume.group = absl::StrCat(kafka.group, "-ingest");
  if (!kafka.instance.empty()) consume.instance = absl::StrCat(kafka.instance, "-", name);
  ASSIGN_OR_RETURN(auto consumer, bus::KafkaConsumer::Create(std::move(consume)));
  bus::KafkaOptions produce = ClientOptions(*site, Client::kProducer, name);
  if (stage.name == kIngest) {
    produce.topics = {kafka.events_topic, kafka.dead_letter_topic};
  } else {
    produce.topics = {kafka.alerts_topic, kafka.shadow_topic, kafka.baselines_topic};
  }
  ASSIGN_OR_RETURN(auto producer, bus::KafkaProducer::Create(std::move(produce)));
  if (stage.name == kIngest) {
    auto ingest =
        std::make_shared<IngestWorker>(site_, std::move(consumer), std::move(producer), stats);
    return [ingest](std::stop_token stop) { return ingest->Run(stop); };
  }
  ASSIGN_OR_RETURN(auto canary_producer, CanaryProducer(*site, worker));
  auto correlate = std::make_shared<CorrelateWorker>(
      site_, std::move(consumer), std::move(producer), AlertTailReader(site), BaselinesReader(site),
      std::move(canary_producer), recent_, stats);
  return [correlate](std::stop_token stop) { return correlate->Run(stop); };
}

// A worker has ended, or none should go on.
void Daemon::Fail(absl::Status why) {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  result_.Update(std::move(why));
  changed_.notify_all();
}

// Waits for the stage's workers and keeps their totals.
void Daemon::End(Stage& stage) {
  stage.stop.request_stop();
  stage.threads.clear();
  const std::lock_guard lock(mutex_);
  for (const WorkerStats& stats : stage.stats) {
    if (const auto report = stats.report.Get()) stage.ended.Add(report->TotalsOnly());
  }
  stage.stats.clear();
}

// Asks now and then whether the brokers are there: a consumer with nothing to
// read does not know.
void Daemon::WatchBrokers(std::stop_token stop) {
  std::map<std::string, int32_t> partitions;
  while (!stop.stop_requested()) {
    const auto known = topics_->Partitions(kBrokerTimeout);
    if (known.ok() != connected_.exchange(known.ok())) {
      known.ok()
          ? spdlog::info("the brokers answer again")
          : spdlog::error("the brokers do not answer: {}", std::string(known.status().message()));
    }
    if (known.ok()) {
      const std::shared_ptr<const Site> site = site_.Get();
      const config::Kafka& kafka = site->config().kafka;
      const std::string& events = IsKeyed(kafka) ? kafka.topics.front() : kafka.events_topic;
      const auto at = known->find(events);
      const int32_t count = at == known->end() ? 0 : at->second;
      if (partitions.contains(events) && partitions[events] != count) {
        spdlog::error(
            "{} has {} partitions and had {}: hosts move, and chains under way on those that do "
            "are missed; deploy/OPERATING.md says how to raise it without",
            events, count, partitions[events]);
        if (known->contains(site->config().kafka.baselines_topic)) {
          const absl::Status sizes = CheckSizes(site->config().kafka, *known);
          if (!sizes.ok()) Fail(sizes);
        }
      }
      partitions[events] = count;
    }
    Pause(stop, kProbeEvery);
  }
}

metrics::WorkerReport Daemon::ReportOf(const Stage& stage) const {
  metrics::WorkerReport report = stage.ended;
  for (const WorkerStats& stats : stage.stats) {
    if (const auto one = stats.report.Get()) report.Add(*one);
  }
  std::sort(report.partitions.begin(), report.partitions.end(), [](const auto& a, const auto& b) {
    return std::tie(a.topic, a.partition) < std::tie(b.topic, b.partition);
  });
  return report;
}

metrics::Report Daemon::Report() const {
  metrics::Report report;
  {
    const std::lock_guard lock(mutex_);
    for (const Stage& stage : stages_) report.stages[stage.name] = ReportOf(stage);
  }
  const Health now = health();
  report.ready = now.not_ready.empty();
  report.healthy = now.not_healthy.empty();
  report.broker_connected = connected_;
  return report;
}

Health Daemon::health() const {
  Health health;
  const std::lock_guard lock(mutex_);
  if (!waiting_for_.empty()) health.not_ready.push_back(waiting_for_);
  if (!connected_) health.not_healthy.push_back("the brokers do not answer");
  const int64_t now_ms = absl::ToUnixMillis(absl::Now());
  for (const Stage& stage : stages_) {
    int64_t rebuilding = 0;
    for (const WorkerStats& stats : stage.stats) {
      rebuilding += stats.rebuilding;
      if (!stats.joined) health.not_ready.push_back(stage.name + ": joining its consumer group");
      if (stats.stalled) health.not_ready.push_back(stage.name + ": what it writes is not taken");
      const int64_t turned_ms = stats.turned_ms;
      if (turned_ms != 0 && now_ms - turned_ms > absl::ToInt64Milliseconds(kHangs)) {
        health.not_alive.push_back(stage.name + ": a worker hangs");
      }
    }
    if (rebuilding > 0) {
      health.not_ready.push_back(
          absl::StrCat(stage.name, ": ", rebuilding, " partitions are rebuilding"));
    }
  }
  health.not_healthy.insert(health.not_healthy.end(), health.not_alive.begin(),
                            health.not_alive.end());
  health.not_ready.insert(health.not_ready.end(), health.not_healthy.begin(),
                          health.not_healthy.end());
  return health;
}

void Daemon::LogProgress() const {
  const std::lock_guard lock(mutex_);
  for (const Stage& stage : stages_) {
    const metrics::WorkerReport report = ReportOf(stage);
    uint64_t records = 0, alerts = 0, letters = 0;
    int64_t behind = 0, rebuilding = 0;
    for (const auto& [topic, count] : report.records) records += count;
    for (const auto& [id, rule] : report.engine.rules) alerts += rule.alerts;
    for (const auto& [reason, count] : report.dead_letters) letters += count;
    for (const metrics::PartitionReport& partition : report.partitions) {
      behind += partition.behind;
      rebuilding += partition.rebuilding ? 1 : 0;
    }
    if (stage.name == kIngest) {
      spdlog::info("ingest: read {} records ({} behind), handed on {} events, {} unreadable",
                   records, behind, report.forwarded, letters);
    } else {
      spdlog::info(
          "correlate: read {} events ({} behind), {} unreadable, {} alerts, {} partitions "
          "rebuilding",
          records, behind, letters, alerts, rebuilding);
    }
  }
}

}  // namespace sequitur::pipeline
