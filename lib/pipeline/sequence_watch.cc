#include "pipeline/sequence_watch.h"

#include <algorithm>
#include <utility>

namespace sequitur::pipeline {

SequenceWatch::Stream& SequenceWatch::StreamOf(absl::string_view name, int64_t number) {
  const auto known = by_name_.find(name);
  if (known != by_name_.end()) {
    streams_.splice(streams_.end(), streams_, known->second);
    return streams_.back();
  }
  if (streams_.size() == kMaxStreams) {
    by_name_.erase(streams_.front().name);
    streams_.pop_front();
  }
  streams_.push_back({std::string(name), number, {}, false, false});
  by_name_.emplace(streams_.back().name, std::prev(streams_.end()));
  return streams_.back();
}

uint64_t SequenceWatch::Observe(absl::string_view name, int64_t number) {
  if (number < 0) return 0;
  Stream& stream = StreamOf(name, number);
  if (number < stream.next) {
    // Late, or a second time; far below: counted from anew.
    if (stream.next - number <= kWindow) return 0;
    stream.next = number;
    stream.came.reset();
    stream.in_gap = false;
  }
  const uint64_t found = JudgeBelow(number - kWindow + 1, stream);
  stream.came.set(static_cast<size_t>(number % kWindow));
  return found;
}

// Numbers below `limit` that have not come never will.
uint64_t SequenceWatch::JudgeBelow(int64_t limit, Stream& stream) {
  uint64_t found = 0;
  const auto miss = [&](int64_t count) {
    if (count == 0) return;
    if (!stream.in_gap) ++gaps_;
    stream.in_gap = true;
    found += static_cast<uint64_t>(count);
  };
  // Beyond the window nothing has come: there is no need to look at each.
  const int64_t looked_at = std::min(limit, stream.next + kWindow);
  for (; stream.next < looked_at; ++stream.next) {
    const auto bit = static_cast<size_t>(stream.next % kWindow);
    if (stream.came[bit]) {
      stream.in_gap = false;
      stream.came.reset(bit);
    } else {
      miss(1);
    }
  }
  if (limit > stream.next) {
    miss(limit - stream.next);
    stream.next = limit;
  }
  missing_ += found;
  stream.untold |= found > 0;
  return found;
}

void SequenceWatch::Forget() {
  by_name_.clear();
  streams_.clear();
}

bool SequenceWatch::TakeLoss(absl::string_view name) {
  const auto known = by_name_.find(name);
  return known != by_name_.end() && std::exchange(known->second->untold, false);
}

}  // namespace sequitur::pipeline
