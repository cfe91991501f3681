#include "pipeline/read_ahead.h"

#include <algorithm>
#include <utility>

namespace sequitur::pipeline {

ReadAhead::ReadAhead(const event::Projection& projection,
                     std::vector<std::unique_ptr<InputReader>> inputs, size_t readers)
    : projection_(projection),
      batch_bytes_(std::min(kMaxBatch, kMemory / kBatches / std::max<size_t>(inputs.size(), 1))),
      scratch_(projection),
      lanes_(inputs.size()) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    bytes_total_ += inputs[i]->bytes_total();
    lanes_[i].reader = std::move(inputs[i]);
  }
  if (readers == 0) return;
  for (Lane& lane : lanes_) Queue(lane);
  for (size_t i = 0; i < std::min(readers, lanes_.size()); ++i) {
    readers_.emplace_back([this] { Read(); });
  }
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wanted_.notify_all();
}

const EventBatch* ReadAhead::Next(size_t input) {
  Lane& lane = lanes_[input];
  std::unique_lock lock(mutex_);
  if (lane.given) TakeBack(lane);
  filled_.wait(lock, [&] { return !lane.filling || lane.held > 0; });
  if (lane.held == 0 && !lane.ended) Fill(lane, scratch_, lock);
  if (!readers_.empty()) Queue(lane);
  lane.given = lane.held > 0;
  return lane.given ? &lane.ring[lane.first] : nullptr;
}

void ReadAhead::TakeBack(Lane& lane) {
  EventBatch& batch = lane.ring[lane.first];
  bytes_ -= batch.bytes();
  batch.Clear();
  lane.given = false;
  lane.first = (lane.first + 1) % kBatches;
  --lane.held;
}

bool ReadAhead::Wants(const Lane& lane) const {
  if (lane.filling || lane.ended) return false;
  return lane.held == 0 || (lane.held < kBatches && bytes_ < kMemory);
}

// Each call of Next comes by here, so what is not wanted now is queued later.
void ReadAhead::Queue(Lane& lane) {
  if (lane.queued || !Wants(lane)) return;
  lane.queued = true;
  queue_.push_back(&lane);
  wanted_.notify_one();
}

// Unlocks while it reads.
void ReadAhead::Fill(Lane& lane, event::Event& scratch, std::unique_lock<std::mutex>& lock) {
  lane.filling = true;
  EventBatch& batch = lane.ring[(lane.first + lane.held) % kBatches];
  lock.unlock();
  const bool more = lane.reader->Fill(batch_bytes_, scratch, batch);
  lock.lock();
  lane.filling = false;
  lane.ended = !more;
  if (!batch.records().empty()) ++lane.held;
  bytes_ += batch.bytes();
}

void ReadAhead::Read() {
  event::Event scratch(projection_);
  std::unique_lock lock(mutex_);
  while (true) {
    wanted_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    Lane& lane = *queue_.front();
    queue_.pop_front();
    lane.queued = false;
    if (!Wants(lane)) continue;
    Fill(lane, scratch, lock);
    Queue(lane);
    filled_.notify_one();
  }
}

}  // namespace sequitur::pipeline
