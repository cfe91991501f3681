#include "pipeline/correlate_worker.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "alert/alert_json.h"
#include "base/status_macros.h"
#include "pipeline/baseline_record.h"
#include "pipeline/commit_note.h"
#include "pipeline/forwarded_input.h"
#include "pipeline/keyed_input.h"
#include "pipeline/rewind.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {
namespace {

constexpr int64_t kSweepEveryMs = 10'000;
// Topics read side by side stay this part of the lateness together: the rest is
// for what their sources differ.
constexpr int kApartInLateness = 4;

// Ties between events are broken by the source's number: give the configured
// topics theirs in an order that is the same at every start.
void NumberTopics(std::vector<std::string> topics, SourceNames& sources) {
  std::sort(topics.begin(), topics.end());
  for (const std::string& topic : topics) {
    if (topic.front() != '^') sources.Intern(topic);
  }
}

}  // namespace

CorrelateWorker::CorrelateWorker(const SiteSlot& sites, std::unique_ptr<bus::Consumer> consumer,
                                 std::unique_ptr<bus::Producer> producer,
                                 ReadAlertTail read_alert_tail, ReadBaselines read_baselines,
                                 std::unique_ptr<bus::Producer> canary_producer,
                                 RecentAlerts& recent, WorkerStats& stats)
    : sites_(sites),
      site_version_(sites.version()),
      site_(sites.Get()),
      kafka_(site_->config().kafka),
      rewind_(LookBack(*site_)),
      suppressed_for_(LongestSuppression(*site_)),
      recent_(recent),
      stats_(stats),
      member_("correlate", kafka_, site_->config().clock.max_future, kMaxOutstanding,
              std::move(consumer), std::move(producer),
              {.consume = [this](const bus::Record& record) { Consume(record); },
               .offsets = [this] { return Offsets(); },
               .quiet = [this] { TickWhileQuiet(); },
               .turn = [this] { Turn(); },
               .report = [this](metrics::WorkerReport report) { Report(std::move(report)); }},
              stats),
      read_alert_tail_(std::move(read_alert_tail)),
      read_baselines_(std::move(read_baselines)),
      canaries_(canary_producer == nullptr
                    ? nullptr
                    : std::make_unique<Canaries>(site_, std::move(canary_producer))),
      event_(std::in_place, site_->projection()) {
  NumberTopics(kafka_.topics, sources_);
  if (kafka_.placement == config::Kafka::Placement::kKeyed) {
    input_ = std::make_unique<KeyedInput>(*site_, member_, sources_, stats);
  } else {
    input_ = std::make_unique<ForwardedInput>(*site_, sources_, canaries_.get(), stats);
  }
}

CorrelateWorker::~CorrelateWorker() = default;

std::vector<bus::CommittedOffset> CorrelateWorker::Offsets() {
  std::vector<bus::CommittedOffset> offsets;
  for (const auto& [number, partition] : partitions_) {
    Align(*partition);
    // Before it is live the committed offset stands further on than we do.
    if (!partition->live || partition->inputs.time_ms() == bus::Record::kNoTime) continue;
    KeepBaselines(number, *partition->engine);
    for (const auto& [topic, input] : partition->inputs.all()) {
      int64_t time_ms = input.time_ms;
      if (time_ms == bus::Record::kNoTime) {
        if (input.committed) continue;
        // Nothing read yet, but a place: so that a restart knows from when on.
        time_ms = partition->inputs.time_ms();
      }
      offsets.push_back({input.at, input.next, CommitNote(time_ms)});
    }
  }
  return offsets;
}

absl::Status CorrelateWorker::OnAssigned(absl::Span<bus::Assignment> assigned) {
  const absl::Status taken = assigned.empty() ? absl::OkStatus() : Take(assigned);
  if (!taken.ok()) partitions_.clear();
  stats_.joined = stats_.joined || taken.ok();
  return taken;
}

absl::Status CorrelateWorker::Take(absl::Span<bus::Assignment> assigned) {
  RETURN_IF_ERROR(input_->Assigned(member_.consumer(), assigned));
  int64_t tail_from_ms = absl::ToUnixMillis(absl::Now());
  for (bus::Assignment& one : assigned) RETURN_IF_ERROR(AddInput(one, &tail_from_ms));
  ASSIGN_OR_RETURN(const auto published, read_alert_tail_(std::max<int64_t>(0, tail_from_ms)));
  std::vector<int32_t> numbers;
  for (const auto& [number, partition] : partitions_) numbers.push_back(number);
  ASSIGN_OR_RETURN(auto baselines, read_baselines_(numbers));
  EngineOptions options;
  options.engines = std::max<int64_t>(1, static_cast<int64_t>(partitions_.size()) * kafka_.workers);
  for (const int32_t number : numbers) {
    Partition& partition = *partitions_[number];
    partition.engine = std::make_unique<Engine>(*site_, sources_, options,
                                                [this](alert::Alert&& alert) { Publish(alert); });
    partition.engine->novelty().Import(baselines[number]);
    partition.engine->Recover(published);
    partition.engine->set_emitting(false);
    GoLiveIfThere(number, partition);
  }
  spdlog::info("correlate: {} partitions assigned, {} alerts read back", assigned.size(),
               published->size());
  CountPartitions();
  return absl::OkStatus();
}

// Where reading of this source partition begins, and from when on alerts count.
absl::Status CorrelateWorker::AddInput(bus::Assignment& assigned, int64_t* tail_from_ms) {
  std::unique_ptr<Partition>& partition = partitions_[assigned.committed.at.partition];
  if (partition == nullptr) {
    partition = std::make_unique<Partition>(site_->config().lateness / kApartInLateness);
  }
  AlignedInputs::Input input;
  input.at = assigned.committed.at;
  input.committed = assigned.committed.offset != bus::CommittedOffset::kNone;
  input.live_from = assigned.start;
  bool cut = false;
  ASSIGN_OR_RETURN(assigned.start, RewindStart(member_.consumer(), assigned, rewind_, &cut));
  if (cut) {
    stats_.rewinds_cut.fetch_add(1, std::memory_order_relaxed);
    spdlog::warn(
        "correlate: {}:{} is kept for less than the {} that rules look back; chains that "
        "began before may be missed (raise its retention)",
        input.at.topic, input.at.partition, absl::FormatDuration(rewind_));
  }
  const int64_t time_ms = CommitNoteTime(assigned.committed.note);
  *tail_from_ms =
      std::min(*tail_from_ms, time_ms == bus::Record::kNoTime
                                  ? 0
                                  : time_ms - absl::ToInt64Milliseconds(rewind_ + suppressed_for_));
  partition->begins_cut |= cut || (assigned.start == assigned.low && assigned.low > 0);
  input.next = assigned.start;
  input.end = assigned.high;
  partition->inputs.Add(std::move(input));
  return absl::OkStatus();
}

void CorrelateWorker::Turn() {
  TakeSite();
  if (canaries_ != nullptr) canaries_->Tick(absl::Now());
}

void CorrelateWorker::TakeSite() {
  const uint64_t version = sites_.version();
  if (version == site_version_) return;
  site_version_ = version;
  const std::shared_ptr<const Site> next = sites_.Get();
  if (!next->HasSameEnvironment(*site_) || kafka_.placement == config::Kafka::Placement::kKeyed) {
    return;
  }
  for (const auto& [at, partition] : partitions_) partition->engine->Adopt(*next);
  input_->Adopt(*next);
  if (canaries_ != nullptr) canaries_->Adopt(next, absl::Now());
  event_.emplace(next->projection());
  rewind_ = LookBack(*next);
  suppressed_for_ = LongestSuppression(*next);
  site_ = next;
}

void CorrelateWorker::OnRevoked(absl::Span<const bus::TopicPartition> revoked, bool lost) {
  member_.HandOver(revoked, lost);
  // One engine may be of several of them.
  for (const bus::TopicPartition& at : revoked) {
    const auto found = partitions_.find(at.partition);
    if (found == partitions_.end()) continue;
    metrics::EngineReport totals = found->second->engine->Report();
    totals.EndGauges();
    ended_.Add(totals);
    if (canaries_ != nullptr) canaries_->End(at.partition);
    partitions_.erase(found);
  }
  CountPartitions();
}

void CorrelateWorker::Report(metrics::WorkerReport report) {
  report.records = records_;
  input_->Report(report);
  if (canaries_ != nullptr) report.canaries = canaries_->Report();
  report.engine = ended_;
  for (const auto& [at, partition] : partitions_) report.engine.Add(partition->engine->Report());
  for (metrics::PartitionReport& told : report.partitions) {
    const auto found = partitions_.find(told.partition);
    if (found == partitions_.end()) continue;
    Partition& partition = *found->second;
    told.rebuilding = !partition.live;
    const AlignedInputs::Input* input = partition.inputs.Find(told.topic);
    if (input != nullptr && input->time_ms >= 0) {
      told.record_time = static_cast<double>(input->time_ms) / 1e3;
    }
    if (partition.event_time != event::kNoTime) {
      told.event_time = static_cast<double>(partition.event_time) / event::kSecond;
    }
  }
  stats_.report.Set(std::move(report));
}

void CorrelateWorker::OnJumped(const bus::Jump& jump) {
  stats_.records_lost.fetch_add(jump.lost(), std::memory_order_relaxed);
  const auto found = partitions_.find(jump.at.partition);
  if (found == partitions_.end()) return;
  AlignedInputs::Input* input = found->second->inputs.Find(jump.at.topic);
  if (input == nullptr) return;
  input->live_from = input->next = jump.to;
  GoLiveIfThere(found->first, *found->second);
}

void CorrelateWorker::CountPartitions() {
  stats_.rebuilding = std::count_if(partitions_.begin(), partitions_.end(),
                                    [](const auto& entry) { return !entry.second->live; });
}

void CorrelateWorker::GoLiveIfThere(int32_t number, Partition& partition) {
  if (partition.live || !partition.inputs.AllThere()) return;
  partition.live = true;
  partition.engine->set_emitting(true);
  if (canaries_ != nullptr) canaries_->Begin(number, absl::Now());
  CountPartitions();
  for (const auto& [topic, input] : partition.inputs.all()) {
    spdlog::info("correlate: {}:{} is live from offset {}", topic, number, input.next);
  }
  Align(partition);
}

void CorrelateWorker::Consume(const bus::Record& record) {
  const auto found = partitions_.find(record.at->partition);
  if (found == partitions_.end()) return;
  Partition& partition = *found->second;
  AlignedInputs::Input* input = partition.inputs.Find(record.at->topic);
  if (input == nullptr) return;
  const bool live = record.offset >= input->live_from;
  if (live && !partition.live) {
    // All before it has been read, or is gone.
    input->next = record.offset;
    GoLiveIfThere(found->first, partition);
    if (!partition.live) {
      input->held = true;
      member_.consumer().Hold(input->at, record.offset);
      return;
    }
  }
  ++records_[record.at->topic];
  const bool stepped = partition.inputs.Advance(*input, record);
  Sweep(partition, partition.inputs.settled_ms());
  Work(record, live, partition);
  GoLiveIfThere(found->first, partition);
  if (stepped) Align(partition);
}

void CorrelateWorker::Work(const bus::Record& record, bool live, Partition& partition) {
  input_->Read(record, live, *event_, [&](event::Event& event) {
    if (partition.begins_cut && partition.event_time == event::kNoTime) {
      partition.engine->set_complete_from(event.time);
    }
    partition.event_time = std::max(partition.event_time, event.time);
    partition.engine->Process(event);
    input_->Processed(record.at->partition, event, partition.engine->hosts());
  });
}

void CorrelateWorker::Align(Partition& partition) {
  const auto changes =
      partition.inputs.Align(partition.live, member_.consumer().Lag(), absl::Now());
  for (const auto* input : changes.hold) member_.consumer().Hold(input->at, input->next);
  for (const auto* input : changes.release) member_.consumer().Release(input->at);
}

void CorrelateWorker::Sweep(Partition& partition, int64_t time_ms) {
  // At fixed points of the log's own time, so that a rerun sweeps at the same ones.
  if (time_ms / kSweepEveryMs <= partition.swept_ms / kSweepEveryMs) return;
  partition.swept_ms = time_ms;
  partition.engine->SweepIdle(time_ms * event::kMillisecond);
}

// No records: time passes all the same. What the next record would have swept is
// swept now.
void CorrelateWorker::TickWhileQuiet() {
  const int64_t now_ms = absl::ToUnixMillis(absl::Now());
  for (const auto& [number, partition] : partitions_) {
    Align(*partition);
    // Only for a while, as after a seek: what comes next may be older than now.
    if (!partition->live || partition->inputs.AnyWaiting()) continue;
    if (partition->inputs.time_ms() != bus::Record::kNoTime) Sweep(*partition, now_ms);
  }
}

void CorrelateWorker::Publish(const alert::Alert& alert) {
  const bool live = alert.rule->mode == rules::Mode::kLive;
  const std::string json = alert::ToJson(alert, site_->fields(), sources_);
  bus::OutgoingRecord record{live ? kafka_.alerts_topic : kafka_.shadow_topic,
                             bus::OutgoingRecord::kByKey, alert.host_name, json};
  record.headers = {{"id", alert.id}};
  member_.Produce(record);
  recent_.Add(alert, sources_);
}

// What is new to the baselines goes out with the epoch that saw it. Read back and
// seen again it is as new as it was: a tuple's first time counts as new.
void CorrelateWorker::KeepBaselines(int32_t partition, Engine& engine) {
  for (const enrich::BaselineState& state : engine.novelty().TakeChanged()) {
    for (const enrich::BaselineTuple& tuple : state.tuples) {
      const std::string key = BaselineKey(state.name, tuple.values);
      const std::string value = BaselineJson(state, tuple);
      member_.Produce({kafka_.baselines_topic, partition, key, value});
    }
    for (const std::vector<std::string>& values : state.gone) {
      const std::string key = BaselineKey(state.name, values);
      member_.Produce({kafka_.baselines_topic, partition, key, "", /*tombstone=*/true});
    }
  }
}

}  // namespace sequitur::pipeline
