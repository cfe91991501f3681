#include "pipeline/correlate_worker.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "alert/alert_json.h"
#include "base/status_macros.h"
#include "pipeline/baseline_record.h"
#include "pipeline/commit_note.h"
#include "pipeline/rewind.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {
namespace {

constexpr int64_t kSweepEveryMs = 10'000;
// How far behind its own forwarding a record's first arrival may count; beyond
// that it is a backlog, whose hosts are not idle.
constexpr event::TimeNs kBacklog = 60 * event::kSecond;

// As far back as a pending sequence can have begun to arrive.
absl::Duration RewindOf(const Site& site) {
  const correlate::Options options = site.CorrelateOptions();
  event::TimeNs lag = 0;
  for (const rules::Rule& rule : site.rules()->rules()) {
    lag = std::max(lag, rule.order_slack * static_cast<event::TimeNs>(rule.stages.size()));
  }
  return absl::Nanoseconds(site.rules()->longest_maxspan()) + absl::Nanoseconds(options.lateness) +
         absl::Nanoseconds(lag) + site.config().clock.max_future + absl::Minutes(1);
}

absl::Duration LongestSuppression(const Site& site) {
  event::TimeNs longest = 0;
  for (const rules::Rule& rule : site.rules()->rules()) {
    longest = std::max(longest, rule.suppress.window);
  }
  return absl::Nanoseconds(longest);
}

// Ties between events are broken by the source's number: give the configured
// topics theirs in an order that is the same at every start.
void NumberTopics(std::vector<std::string> topics, SourceNames& sources) {
  std::sort(topics.begin(), topics.end());
  for (const std::string& topic : topics) {
    if (topic.front() != '^') sources.Intern(topic);
  }
}

}  // namespace

CorrelateWorker::CorrelateWorker(std::shared_ptr<const Site> site,
                                 std::unique_ptr<bus::Consumer> consumer,
                                 std::unique_ptr<bus::Producer> producer,
                                 ReadAlertTail read_alert_tail, ReadBaselines read_baselines,
                                 RecentAlerts& recent, WorkerStats& stats)
    : owned_site_(std::move(site)),
      site_(*owned_site_),
      kafka_(site_.config().kafka),
      rewind_(RewindOf(site_)),
      suppressed_for_(LongestSuppression(site_)),
      recent_(recent),
      stats_(stats),
      member_("correlate", kafka_, kMaxOutstanding, std::move(consumer), std::move(producer),
              {.consume = [this](const bus::Record& record) { Consume(record); },
               .offsets = [this] { return Offsets(); },
               .quiet = [this] { SweepWhileQuiet(); },
               .report = [this](metrics::WorkerReport report) { Report(std::move(report)); }},
              stats),
      read_alert_tail_(std::move(read_alert_tail)),
      read_baselines_(std::move(read_baselines)),
      reader_(site_.projection(), sources_),
      event_(site_.projection()) {
  NumberTopics(kafka_.topics, sources_);
}

CorrelateWorker::~CorrelateWorker() = default;

std::vector<bus::CommittedOffset> CorrelateWorker::Offsets() {
  std::vector<bus::CommittedOffset> offsets;
  for (const auto& [at, partition] : partitions_) {
    // Before it is live the committed offset stands further on than we do.
    if (!partition->live || partition->time_ms == bus::Record::kNoTime) continue;
    KeepBaselines(at.partition, *partition->engine);
    offsets.push_back({at, partition->next, CommitNote(partition->time_ms)});
  }
  return offsets;
}

absl::Status CorrelateWorker::OnAssigned(absl::Span<bus::Assignment> assigned) {
  if (assigned.empty()) {
    stats_.joined = true;
    return absl::OkStatus();
  }
  int64_t tail_from_ms = absl::ToUnixMillis(absl::Now());
  for (bus::Assignment& one : assigned) {
    auto partition = std::make_unique<Partition>();
    partition->live_from = one.start;
    bool cut = false;
    ASSIGN_OR_RETURN(one.start, RewindStart(member_.consumer(), one, rewind_, &cut));
    if (cut) {
      stats_.rewinds_cut.fetch_add(1, std::memory_order_relaxed);
      spdlog::warn(
          "correlate: {}:{} is kept for less than the {} that rules look back; chains that "
          "began before may be missed (raise its retention)",
          one.committed.at.topic, one.committed.at.partition, absl::FormatDuration(rewind_));
    }
    const int64_t time_ms = CommitNoteTime(one.committed.note);
    tail_from_ms = std::min(tail_from_ms,
                            time_ms == bus::Record::kNoTime
                                ? 0
                                : time_ms - absl::ToInt64Milliseconds(rewind_ + suppressed_for_));
    partition->begins_cut = cut || (one.start == one.low && one.low > 0);
    partition->next = one.start;
    partitions_[one.committed.at] = std::move(partition);
  }
  ASSIGN_OR_RETURN(const auto published, read_alert_tail_(std::max<int64_t>(0, tail_from_ms)));
  std::vector<int32_t> numbers;
  for (const bus::Assignment& one : assigned) numbers.push_back(one.committed.at.partition);
  ASSIGN_OR_RETURN(auto baselines, read_baselines_(numbers));
  EngineOptions options;
  options.memory = site_.config().limits.memory /
                   std::max<int64_t>(1, static_cast<int64_t>(partitions_.size()) * kafka_.workers);
  for (const bus::Assignment& one : assigned) {
    Partition& partition = *partitions_[one.committed.at];
    partition.engine = std::make_unique<Engine>(site_, sources_, options,
                                                [this](alert::Alert&& alert) { Publish(alert); });
    partition.engine->novelty().Import(baselines[one.committed.at.partition]);
    partition.engine->Recover(published);
    partition.engine->set_emitting(false);
    GoLiveIfThere(one.committed.at, partition);
  }
  spdlog::info("correlate: {} partitions assigned, {} alerts read back", assigned.size(),
               published->size());
  CountPartitions();
  stats_.joined = true;
  return absl::OkStatus();
}

void CorrelateWorker::OnRevoked(absl::Span<const bus::TopicPartition> revoked, bool lost) {
  member_.HandOver(revoked, lost);
  for (const bus::TopicPartition& at : revoked) {
    const auto found = partitions_.find(at);
    if (found == partitions_.end()) continue;
    metrics::EngineReport totals = found->second->engine->Report();
    totals.EndGauges();
    ended_.Add(totals);
    partitions_.erase(found);
  }
  CountPartitions();
}

void CorrelateWorker::Report(metrics::WorkerReport report) {
  report.records[kafka_.events_topic] = records_;
  report.engine = ended_;
  for (const auto& [at, partition] : partitions_) report.engine.Add(partition->engine->Report());
  for (metrics::PartitionReport& told : report.partitions) {
    const auto found = partitions_.find({told.topic, told.partition});
    if (found == partitions_.end()) continue;
    const Partition& partition = *found->second;
    told.rebuilding = !partition.live;
    if (partition.time_ms >= 0) told.record_time = static_cast<double>(partition.time_ms) / 1e3;
    if (partition.event_time != event::kNoTime) {
      told.event_time = static_cast<double>(partition.event_time) / event::kSecond;
    }
  }
  stats_.report.Set(std::move(report));
}

void CorrelateWorker::OnJumped(const bus::Jump& jump) {
  stats_.records_lost.fetch_add(jump.lost(), std::memory_order_relaxed);
  const auto found = partitions_.find(jump.at);
  if (found == partitions_.end()) return;
  found->second->live_from = found->second->next = jump.to;
  GoLiveIfThere(found->first, *found->second);
}

void CorrelateWorker::CountPartitions() {
  stats_.partitions = static_cast<int64_t>(partitions_.size());
  stats_.rebuilding = std::count_if(partitions_.begin(), partitions_.end(),
                                    [](const auto& entry) { return !entry.second->live; });
}

void CorrelateWorker::GoLiveIfThere(const bus::TopicPartition& at, Partition& partition) {
  if (partition.live || partition.next < partition.live_from) return;
  partition.live = true;
  partition.engine->set_emitting(true);
  CountPartitions();
  spdlog::info("correlate: {}:{} is live from offset {}", at.topic, at.partition, partition.next);
}

void CorrelateWorker::Consume(const bus::Record& record) {
  const auto found = partitions_.find(*record.at);
  if (found == partitions_.end()) return;
  Partition& partition = *found->second;
  stats_.records.fetch_add(1, std::memory_order_relaxed);
  ++records_;
  if (record.timestamp_ms >= 0) {
    partition.time_ms = std::max(partition.time_ms, record.timestamp_ms);
    Sweep(partition, partition.time_ms);
  }
  partition.next = record.offset + 1;
  if (!reader_.Read(record.value, event_)) {
    const uint64_t seen = stats_.undecodable.fetch_add(1, std::memory_order_relaxed);
    if (IsSampled(seen)) {
      spdlog::warn("correlate: {}:{}:{} is no event of ours; number {}", record.at->topic,
                   record.at->partition, record.offset, seen + 1);
    }
  } else if (!partition.seen.Insert(event_.position, event_.record_time)) {
    stats_.duplicates.fetch_add(1, std::memory_order_relaxed);
  } else {
    if (record.timestamp_ms >= 0) {
      event_.record_time =
          std::max(event_.record_time, record.timestamp_ms * event::kMillisecond - kBacklog);
    }
    if (partition.begins_cut && partition.event_time == event::kNoTime) {
      partition.engine->set_complete_from(event_.time);
    }
    partition.event_time = std::max(partition.event_time, event_.time);
    partition.engine->Process(event_);
  }
  GoLiveIfThere(found->first, partition);
}

void CorrelateWorker::Sweep(Partition& partition, int64_t time_ms) {
  // At fixed points of the log's own time, so that a rerun sweeps at the same ones.
  if (time_ms / kSweepEveryMs <= partition.swept_ms / kSweepEveryMs) return;
  partition.swept_ms = time_ms;
  partition.engine->SweepIdle(time_ms * event::kMillisecond);
}

// No records: time passes all the same. What the next record would have swept is
// swept now.
void CorrelateWorker::SweepWhileQuiet() {
  const int64_t now_ms = absl::ToUnixMillis(absl::Now());
  for (const auto& [at, partition] : partitions_) {
    if (partition->live && partition->time_ms != bus::Record::kNoTime) Sweep(*partition, now_ms);
  }
}

void CorrelateWorker::Publish(const alert::Alert& alert) {
  const bool live = alert.rule->mode == rules::Mode::kLive;
  const std::string json = alert::ToJson(alert, site_.fields(), sources_);
  bus::OutgoingRecord record{live ? kafka_.alerts_topic : kafka_.shadow_topic,
                             bus::OutgoingRecord::kByKey, alert.host_name, json};
  record.headers = {{"id", alert.id}};
  member_.Produce(record);
  recent_.Add(alert, sources_);
  stats_.alerts.fetch_add(1, std::memory_order_relaxed);
}

// What is new to the baselines goes out with the epoch that saw it. Read back and
// seen again it is as new as it was: a tuple's first time counts as new.
void CorrelateWorker::KeepBaselines(int32_t partition, Engine& engine) {
  for (const enrich::BaselineState& state : engine.novelty().TakeChanged()) {
    for (const enrich::BaselineTuple& tuple : state.tuples) {
      const std::string key = BaselineKey(state.name, tuple);
      const std::string value = BaselineJson(state, tuple);
      member_.Produce({kafka_.baselines_topic, partition, key, value});
    }
  }
}

}  // namespace sequitur::pipeline
