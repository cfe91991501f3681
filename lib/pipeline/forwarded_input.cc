#include "pipeline/forwarded_input.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "pipeline/canary_record.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {
namespace {

// How far behind its own forwarding a record's first arrival may count; beyond
// that it is a backlog, whose hosts are not idle.
constexpr event::TimeNs kBacklog = 60 * event::kSecond;

}  // namespace

ForwardedInput::ForwardedInput(const Site& site, SourceNames& sources, Canaries* canaries,
                               WorkerStats& stats)
    : topics_({site.config().kafka.events_topic}),
      stats_(stats),
      sources_(sources),
      canaries_(canaries),
      reader_(std::in_place, site.projection(), sources) {}

absl::Status ForwardedInput::Assigned(bus::Consumer&, absl::Span<const bus::Assignment>) {
  seen_.clear();
  return absl::OkStatus();
}

void ForwardedInput::Adopt(const Site& next) { reader_.emplace(next.projection(), sources_); }

void ForwardedInput::Read(const bus::Record& record, bool live, event::Event& event,
                          EachEvent each) {
  if (IsCanary(record.value)) {
    const bool ours = live && canaries_ != nullptr && canaries_->Read(record, absl::Now());
    if (!ours) stats_.passed_over.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (!reader_->Read(record.value, event)) {
    const uint64_t seen = stats_.undecodable.fetch_add(1, std::memory_order_relaxed);
    if (IsSampled(seen)) {
      spdlog::warn("correlate: {}:{}:{} is no event of ours; number {}", record.at->topic,
                   record.at->partition, record.offset, seen + 1);
    }
    return;
  }
  if (!seen_[record.at->partition].Insert(event.position, event.record_time)) {
    stats_.duplicates.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (record.timestamp_ms >= 0) {
    event.record_time =
        std::max(event.record_time, record.timestamp_ms * event::kMillisecond - kBacklog);
  }
  each(event);
}

}  // namespace sequitur::pipeline
