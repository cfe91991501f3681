#include "pipeline/group_member.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "pipeline/believed_time.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {
namespace {

constexpr absl::Duration kPollTimeout = absl::Milliseconds(50);

}  // namespace

GroupMember::GroupMember(std::string name, const config::Kafka& kafka, absl::Duration max_future,
                         size_t most_outstanding, std::unique_ptr<bus::Consumer> consumer,
                         std::unique_ptr<bus::Producer> producer, Hooks hooks, WorkerStats& stats)
    : name_(std::move(name)),
      kafka_(kafka),
      max_future_(max_future),
      most_outstanding_(most_outstanding),
      hooks_(std::move(hooks)),
      stats_(stats),
      consumer_(std::move(consumer)),
      producer_(std::move(producer)) {
  producer_->OnAcknowledged([this](uint64_t token) { ledger_.Acknowledged(token); });
}

absl::Status GroupMember::Run(const std::vector<std::string>& topics,
                              bus::AssignmentObserver& observer, std::stop_token stop) {
  // However this ends, while the observer is still whole.
  const absl::Cleanup leave = [&] { consumer_->Close(); };
  RETURN_IF_ERROR(consumer_->Subscribe(topics, observer));
  absl::Time commit_at = absl::Now() + kafka_.commit_interval;
  while (!stop.stop_requested()) {
    stats_.turned_ms.store(absl::ToUnixMillis(absl::Now()), std::memory_order_relaxed);
    hooks_.turn();
    const bool full = producer_->outstanding() > most_outstanding_;
    full ? consumer_->Pause() : consumer_->Resume();
    const auto polled =
        consumer_->Poll(kPollTimeout, [this](const bus::Record& record) { Consume(record); });
    RETURN_IF_ERROR(polled.status());
    if (*polled == 0 && !full) hooks_.quiet();
    RETURN_IF_ERROR(failure_);
    RETURN_IF_ERROR(producer_->Poll(absl::ZeroDuration()));
    if (absl::Now() < commit_at) continue;
    commit_at = absl::Now() + kafka_.commit_interval;
    Commit(full);
    Report();
  }
  const absl::Status settled = Settle();
  Report();
  if (!settled.ok()) {
    gave_up_ = true;
    spdlog::warn("{}: stopping before all was written; what was not is made again: {}", name_,
                 std::string(settled.message()));
  }
  return absl::OkStatus();
}

void GroupMember::Consume(const bus::Record& record) {
  hooks_.turn();
  bus::Record believed = record;
  believed.timestamp_ms = BelievedTime(record, max_future_);
  hooks_.consume(believed);
}

void GroupMember::Commit(bool full) {
  ledger_.Close(hooks_.offsets());
  const auto settled = ledger_.TakeSettled();
  if (settled.has_value()) consumer_->CommitAsync(*settled);
  Stall(full || (!settled.has_value() && producer_->refusals() > 0));
}

void GroupMember::Report() {
  metrics::WorkerReport report;
  for (const auto& [at, behind] : consumer_->Lag()) {
    report.partitions.push_back({at.topic, at.partition, behind});
  }
  report.outstanding = static_cast<int64_t>(producer_->outstanding());
  report.stalled = stats_.stalled;
  report.rewinds_cut = stats_.rewinds_cut;
  report.records_lost = stats_.records_lost;
  report.duplicate_events = stats_.duplicates;
  report.canaries_passed_over = stats_.passed_over;
  report.forwarded = stats_.forwarded;
  report.unneeded = stats_.unneeded;
  hooks_.report(std::move(report));
}

void GroupMember::Stall(bool stalled) {
  if (stalled == stats_.stalled.exchange(stalled)) return;
  if (!stalled) {
    spdlog::warn("{}: going on, what was written is taken again", name_);
    return;
  }
  const std::string refusal = producer_->last_refusal();
  spdlog::error("{}: stalled, {} records are not taken{}{}; nothing is lost or committed meanwhile",
                name_, producer_->outstanding(), refusal.empty() ? "" : ": ", refusal);
}

// Waits, within `drain`, until what was read may be committed, and commits it.
absl::Status GroupMember::Settle() {
  const absl::Time until = absl::Now() + kafka_.drain;
  ledger_.Close(hooks_.offsets());
  const absl::Status flushed = producer_->Flush(kafka_.drain);
  const auto settled = ledger_.TakeSettled();
  if (settled.has_value()) {
    RETURN_IF_ERROR(consumer_->Commit(*settled, std::max(absl::Seconds(1), until - absl::Now())));
  }
  return flushed;
}

void GroupMember::HandOver(absl::Span<const bus::TopicPartition> revoked, bool lost) {
  if (!lost && !gave_up_) {
    const absl::Status settled = Settle();
    if (!settled.ok()) {
      spdlog::warn("{}: handing partitions over: {}", name_, std::string(settled.message()));
    }
  }
  ledger_.Forget(revoked);
}

void GroupMember::Produce(const bus::OutgoingRecord& record) {
  const uint64_t token = ledger_.Produced();
  absl::Status produced = producer_->Produce(record, token);
  while (absl::IsResourceExhausted(produced)) {
    const absl::Status polled = producer_->Poll(absl::Milliseconds(100));
    produced = polled.ok() ? producer_->Produce(record, token) : polled;
  }
  Fail(produced);
}

}  // namespace sequitur::pipeline
