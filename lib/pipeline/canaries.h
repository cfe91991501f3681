#pragma once

// Canaries: proves, all the time, that every rule is alive on every partition. A chain
// of events for each rule (canary_chain.h) is put on the partition of the events topic,
// read from there like any event, and has to come out as an alert of that rule, written
// to the canary topic and acknowledged. How long that took is the detection delay, end
// to end; what has not come out when the next is due is missed, and it is known where
// it got stuck.
//
// Since a chain has an Engine of its own, it meets no telemetry, takes no room from it,
// and is in none of its counts, baselines, suppressions or alerts.
//
// The worker that has a partition injects there, and knows its own again: a canary of
// an earlier owner or of a rebuild is passed over. Keyed placement has no topic of our
// own to put one on; there a chain goes straight to its engine, and the delay is
// without the way through the brokers.
//
// Bounds:   one chain on its way for each rule and partition; kPerSecond injected a
//           second, `every` is longer where that is not enough. Its own producer:
//           nothing else waits for what it writes.
// Threads:  none; one per worker.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/position.h"
#include "base/source_names.h"
#include "bus/producer.h"
#include "bus/record.h"
#include "metrics/report.h"
#include "pipeline/canary_chain.h"
#include "pipeline/site.h"

namespace sequitur::pipeline {

class Canaries {
 public:
  static constexpr int kPerSecond = 50;
  static constexpr size_t kMaxOutstanding = 64;

  Canaries(std::shared_ptr<const Site> site, std::unique_ptr<bus::Producer> producer);
  ~Canaries();

  // The partition decides and reports from now on.
  void Begin(int32_t partition, absl::Time now);
  // It is somebody else's; what was on its way there is forgotten.
  void End(int32_t partition);
  // Other rules, other canaries. What is on its way is forgotten.
  void Adopt(std::shared_ptr<const Site> next, absl::Time now);

  // To be called often: injects what is due, and hears what was acknowledged.
  void Tick(absl::Time now);
  // A live record of the events topic for which IsCanary. False: it is not one that
  // is waited for here.
  bool Read(const bus::Record& record, absl::Time now);

  metrics::CanariesReport Report() const;

 private:
  enum class Progress { kInjected, kRead, kAlerted };
  struct OnItsWay {
    uint64_t number = 0;
    absl::Time since;
    Progress progress = Progress::kInjected;
  };
  // One rule on one partition.
  struct Slot {
    std::optional<OnItsWay> chain;
    bool missed = false;  // the latest that is decided
  };
  using Place = std::pair<int32_t, size_t>;  // partition, index into the plan's chains
  struct Counts {
    uint64_t injected = 0;
    uint64_t detected = 0;
    metrics::Totals missed;  // by where it got stuck
    absl::Time last_detected = absl::InfinitePast();
    absl::Duration last_delay;
  };

  static const char* StuckAt(Progress progress);
  void Plan();
  void Schedule(int32_t partition, absl::Time now);
  void Due(Place place, absl::Time now);
  void Miss(Place place, Slot& slot);
  void Inject(Place place, Slot& slot, absl::Time now);
  void Play(Place place, absl::Span<const absl::string_view> events, Position position,
            absl::Time now);
  void Acknowledged(uint64_t number);
  void Produce(const bus::OutgoingRecord& record, uint64_t number);
  void Fail(const absl::Status& failure);

  std::shared_ptr<const Site> site_;
  const std::unique_ptr<bus::Producer> producer_;
  const uint64_t sender_;
  SourceNames sources_;  // its own: the worker's break ties between events
  CanaryPlan plan_;
  std::map<int32_t, std::vector<Slot>> partitions_;
  std::multimap<absl::Time, Place> due_;
  absl::flat_hash_map<uint64_t, Place> on_their_way_;  // by number
  uint64_t numbers_ = 0;
  absl::Time look_at_ = absl::InfinitePast();
  absl::Time now_ = absl::InfinitePast();
  absl::Status failure_;                  // of the producer, for good
  std::map<std::string, Counts> counts_;  // by rule
  metrics::Delays delay_;
};

}  // namespace sequitur::pipeline
