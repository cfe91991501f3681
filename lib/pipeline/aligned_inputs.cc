#include "pipeline/aligned_inputs.h"

#include <algorithm>
#include <limits>

namespace sequitur::pipeline {

AlignedInputs::Input* AlignedInputs::Find(const std::string& topic) {
  const auto found = inputs_.find(topic);
  return found == inputs_.end() ? nullptr : &found->second;
}

bool AlignedInputs::Advance(Input& input, const bus::Record& record) {
  input.next = record.offset + 1;
  if (record.timestamp_ms <= input.time_ms) return false;
  const int64_t step_ms = std::max<int64_t>(1, apart_ms_ / 4);
  const bool stepped = record.timestamp_ms / step_ms > input.time_ms / step_ms;
  input.time_ms = record.timestamp_ms;
  time_ms_ = std::max(time_ms_, input.time_ms);
  return stepped && inputs_.size() > 1;
}

bool AlignedInputs::AllThere() const {
  return std::all_of(inputs_.begin(), inputs_.end(),
                     [](const auto& entry) { return entry.second.next >= entry.second.live_from; });
}

AlignedInputs::Changes AlignedInputs::Align(bool live, const Behind& behind, absl::Time now) {
  int64_t slowest_ms = std::numeric_limits<int64_t>::max();
  any_waiting_ = false;
  for (auto& [topic, input] : inputs_) {
    const auto waiting = behind.find(input.at);
    const bool is_behind =
        input.next < input.end || (waiting != behind.end() && waiting->second > 0);
    const bool is_still = is_behind && !input.held && input.next == input.next_at_tick;
    input.still_since = is_still ? std::min(input.still_since, now) : absl::InfiniteFuture();
    input.next_at_tick = input.next;
    if (!is_behind || now - input.still_since > kPatience) continue;
    any_waiting_ = true;
    // Not for one that itself waits for the others to come as far.
    if (!live && input.next >= input.live_from) continue;
    // Where nothing is known of its time yet, everyone else waits for its first.
    slowest_ms = std::min(slowest_ms, input.time_ms);
  }
  Changes changes;
  for (auto& [topic, input] : inputs_) {
    input.ahead = slowest_ms != std::numeric_limits<int64_t>::max() && input.time_ms > slowest_ms &&
                  input.time_ms - slowest_ms > apart_ms_;
    const bool hold = input.ahead || (!live && input.held && input.next >= input.live_from);
    if (hold == input.held) continue;
    input.held = hold;
    (hold ? changes.hold : changes.release).push_back(&input);
  }
  return changes;
}

bool AlignedInputs::AnyHeld() const {
  return std::any_of(inputs_.begin(), inputs_.end(),
                     [](const auto& entry) { return entry.second.held; });
}

int64_t AlignedInputs::settled_ms() const {
  if (inputs_.size() <= 1 || time_ms_ == bus::Record::kNoTime) return time_ms_;
  return std::max<int64_t>(0, time_ms_ - apart_ms_ - apart_ms_ / 4);
}

}  // namespace sequitur::pipeline
