#include "pipeline/canaries.h"

#include <algorithm>
#include <random>

#include "pipeline/canary_record.h"
#include "pipeline/worker_stats.h"
#include "spdlog/spdlog.h"

namespace sequitur::pipeline {
namespace {

constexpr uint64_t kNoChain = 0;  // token of a record that is no chain's alert

uint64_t RandomNumber() {
  std::random_device random;
  return (uint64_t{random()} << 32) | random();
}

bool IsKeyed(const Site& site) {
  return site.config().kafka.placement == config::Kafka::Placement::kKeyed;
}

}  // namespace

Canaries::Canaries(std::shared_ptr<const Site> site, std::unique_ptr<bus::Producer> producer)
    : site_(std::move(site)), producer_(std::move(producer)), sender_(RandomNumber()) {
  producer_->OnAcknowledged([this](uint64_t number) { Acknowledged(number); });
  Plan();
}

Canaries::~Canaries() = default;

void Canaries::Plan() {
  plan_ = PlanCanaries(*site_);
  std::map<std::string, Counts> before;
  before.swap(counts_);
  for (const CanaryChain& chain : plan_.chains) {
    Counts& counts = counts_[chain.rule] = before[chain.rule];
    for (const Progress progress : {Progress::kInjected, Progress::kRead, Progress::kAlerted}) {
      counts.missed[StuckAt(progress)];
    }
  }
  for (const auto& [rule, why] : plan_.without) {
    spdlog::info("canaries: none for {}: {}", rule, why);
  }
  for (const std::string& rule : plan_.dead) {
    spdlog::warn("canaries: {} finds nothing in any of its tests with this configuration", rule);
  }
}

void Canaries::Begin(int32_t partition, absl::Time now) {
  End(partition);
  partitions_[partition].resize(plan_.chains.size());
  Schedule(partition, now);
}

// Spread over the period, so that no moment has them all.
void Canaries::Schedule(int32_t partition, absl::Time now) {
  const absl::Duration apart =
      site_->config().canaries.every / std::max<int64_t>(1, std::ssize(plan_.chains));
  for (size_t i = 0; i < plan_.chains.size(); ++i) {
    due_.emplace(now + apart * static_cast<int64_t>(i), Place{partition, i});
  }
}

void Canaries::End(int32_t partition) {
  partitions_.erase(partition);
  std::erase_if(due_, [&](const auto& entry) { return entry.second.first == partition; });
  absl::erase_if(on_their_way_, [&](const auto& entry) { return entry.second.first == partition; });
}

void Canaries::Adopt(std::shared_ptr<const Site> next, absl::Time now) {
  site_ = std::move(next);
  Plan();
  due_.clear();
  on_their_way_.clear();
  for (auto& [partition, slots] : partitions_) {
    slots.assign(plan_.chains.size(), Slot());
    Schedule(partition, now);
  }
}

void Canaries::Tick(absl::Time now) {
  const absl::Duration kLookEvery = absl::Milliseconds(1000 / kPerSecond);
  if (now < look_at_) return;
  look_at_ = now + kLookEvery;
  now_ = now;
  Fail(producer_->Poll(absl::ZeroDuration()));
  if (due_.empty() || due_.begin()->first > now) return;
  const Place place = due_.begin()->second;
  due_.erase(due_.begin());
  due_.emplace(now + site_->config().canaries.every, place);
  Due(place, now);
}

void Canaries::Due(Place place, absl::Time now) {
  Slot& slot = partitions_[place.first][place.second];
  if (slot.chain.has_value()) Miss(place, slot);
  // Nothing is taken: what waits already is enough to find out when that ends.
  if (!failure_.ok() || producer_->outstanding() > kMaxOutstanding) return;
  Inject(place, slot, now);
}

const char* Canaries::StuckAt(Progress progress) {
  switch (progress) {
    case Progress::kInjected:
      return "not_read";
    case Progress::kRead:
      return "no_alert";
    case Progress::kAlerted:
      return "not_written";
  }
  return "";
}

void Canaries::Miss(Place place, Slot& slot) {
  const std::string& rule = plan_.chains[place.second].rule;
  const char* stuck = StuckAt(slot.chain->progress);
  slot.missed = true;
  const uint64_t before = counts_[rule].missed[stuck]++;
  if (IsSampled(before)) {
    spdlog::error("canaries: {} has missed its canary on partition {} ({}); number {}", rule,
                  place.first, stuck, before + 1);
  }
}

void Canaries::Inject(Place place, Slot& slot, absl::Time now) {
  const CanaryChain& chain = plan_.chains[place.second];
  if (slot.chain.has_value()) on_their_way_.erase(slot.chain->number);
  slot.chain = OnItsWay{++numbers_, now, Progress::kInjected};
  on_their_way_.emplace(slot.chain->number, place);
  ++counts_[chain.rule].injected;
  if (IsKeyed(*site_)) {
    const Position position = {sources_.Intern("canary"), place.first,
                               static_cast<int64_t>(numbers_), 0};
    Play(place, std::vector<absl::string_view>(chain.events.begin(), chain.events.end()), position,
         now);
    return;
  }
  const std::string record = WriteCanary(sender_, numbers_, chain.events);
  // Without a key: with one, a refused record could come back on another partition.
  Produce({site_->config().kafka.events_topic, place.first, "", record}, kNoChain);
}

bool Canaries::Read(const bus::Record& record, absl::Time now) {
  CanaryRecord canary;
  if (!ReadCanary(record.value, canary) || canary.sender != sender_) return false;
  const auto found = on_their_way_.find(canary.number);
  if (found == on_their_way_.end() || found->second.first != record.at->partition) return false;
  Play(found->second, canary.events,
       {sources_.Intern(record.at->topic), record.at->partition, record.offset, 0}, now);
  return true;
}

void Canaries::Play(Place place, absl::Span<const absl::string_view> events, Position position,
                    absl::Time now) {
  OnItsWay& on_its_way = *partitions_[place.first][place.second].chain;
  on_its_way.progress = Progress::kRead;
  const auto alert = PlayCanary(*site_, plan_.chains[place.second], events,
                                {place.first, position, now}, sources_);
  if (!alert.has_value()) return;
  on_its_way.progress = Progress::kAlerted;
  const std::string host = CanaryHost(place.first);
  bus::OutgoingRecord record{site_->config().kafka.canary_topic, bus::OutgoingRecord::kByKey, host,
                             alert->json};
  record.headers = {{"id", alert->id}};
  Produce(record, on_its_way.number);
}

void Canaries::Acknowledged(uint64_t number) {
  const auto found = on_their_way_.find(number);
  if (found == on_their_way_.end()) return;  // of one that was missed, or of no chain
  const Place place = found->second;
  on_their_way_.erase(found);
  Slot& slot = partitions_[place.first][place.second];
  const absl::Duration delay = std::max(absl::ZeroDuration(), now_ - slot.chain->since);
  slot = Slot();
  Counts& counts = counts_[plan_.chains[place.second].rule];
  ++counts.detected;
  counts.last_detected = now_;
  counts.last_delay = delay;
  delay_.Observe(absl::ToDoubleSeconds(delay));
}

void Canaries::Produce(const bus::OutgoingRecord& record, uint64_t number) {
  const absl::Status produced = producer_->Produce(record, number);
  // A full queue makes it missed, as it should.
  if (!absl::IsResourceExhausted(produced)) Fail(produced);
}

// The telemetry goes on without canaries; each counts as missed from now on.
void Canaries::Fail(const absl::Status& failure) {
  if (failure.ok() || !failure_.ok()) return;
  failure_ = failure;
  spdlog::error("canaries: nothing can be written any more: {}", std::string(failure.message()));
}

metrics::CanariesReport Canaries::Report() const {
  metrics::CanariesReport report;
  report.every = absl::ToDoubleSeconds(site_->config().canaries.every);
  report.delay = delay_;
  for (const auto& [rule, counts] : counts_) {
    metrics::CanaryReport& told = report.rules[rule];
    told.injected = counts.injected;
    told.detected = counts.detected;
    told.missed = counts.missed;
    if (counts.last_detected == absl::InfinitePast()) continue;
    told.last_detected = absl::ToDoubleSeconds(counts.last_detected - absl::UnixEpoch());
    told.last_delay = absl::ToDoubleSeconds(counts.last_delay);
  }
  for (const auto& [partition, slots] : partitions_) {
    for (size_t i = 0; i < slots.size(); ++i) {
      if (slots[i].missed) report.rules[plan_.chains[i].rule].missing_on.push_back(partition);
    }
  }
  for (const auto& [rule, why] : plan_.without) report.rules[rule].none = why;
  return report;
}

}  // namespace sequitur::pipeline
