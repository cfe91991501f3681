#pragma once

// ReadAhead: the inputs of a replay, read and decoded on threads of their own in
// front of the one that asks for them. What it gives does not depend on how many
// threads there are, and without any it is read when it is asked for.
//
// A reader takes the input that has waited longest for one; the caller reads an
// input itself that no reader has come to. So readers that wait for pipes hold
// up nothing but those.
//
// Bounds:   kMemory of decoded records over all inputs, besides one batch of each;
//           a batch is at most kMaxBatch and one record.
// Threads:  one calls; the readers are its own.
// Lifetime: the Site outlives it.

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "event/event.h"
#include "pipeline/event_batch.h"
#include "pipeline/input_reader.h"

namespace sequitur::pipeline {

class ReadAhead {
 public:
  static constexpr size_t kMemory = 32 << 20;
  static constexpr size_t kBatches = 4;  // of an input
  static constexpr size_t kMaxBatch = 256 << 10;

  ReadAhead(const event::Projection& projection, std::vector<std::unique_ptr<InputReader>> inputs,
            size_t readers);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The input's next records, one at least; null at its end. What was given before
  // is taken back.
  const EventBatch* Next(size_t input);

  size_t inputs() const { return lanes_.size(); }
  int64_t bytes_total() const { return bytes_total_; }
  // REQUIRES: the input has ended.
  absl::Status status(size_t input) const { return lanes_[input].reader->status(); }

 private:
  // An input and the ring of its batches: `held` are full, `first` the oldest of
  // them, which the caller may have.
  struct Lane {
    std::unique_ptr<InputReader> reader;
    std::array<EventBatch, kBatches> ring;
    size_t first = 0;
    size_t held = 0;
    bool given = false;  // the caller has `first`
    bool filling = false;
    bool ended = false;
    bool queued = false;
  };

  void Read();
  void Queue(Lane& lane);
  void Fill(Lane& lane, event::Event& scratch, std::unique_lock<std::mutex>& lock);
  void TakeBack(Lane& lane);
  bool Wants(const Lane& lane) const;  // to be filled

  const event::Projection& projection_;
  const size_t batch_bytes_;
  int64_t bytes_total_ = 0;
  event::Event scratch_;  // the caller's
  std::mutex mutex_;      // of the lanes, but for batches given or being filled
  std::condition_variable filled_, wanted_;
  std::vector<Lane> lanes_;
  size_t bytes_ = 0;         // of batches that are full
  std::deque<Lane*> queue_;  // which wait for a reader; some may have been served
  bool stopping_ = false;
  std::vector<std::jthread> readers_;
};

}  // namespace sequitur::pipeline
