#include "correlate/host_state.h"

#include <algorithm>

namespace sequitur::correlate {

bool HostClock::Observe(TimeNs time, TimeNs max_jump) {
  if (now_ == event::kNoTime || time <= event::AddSaturating(now_, max_jump)) {
    now_ = std::max(now_, time);
    return true;
  }
  const bool agreed = outlier_ != event::kNoTime &&
                      time >= event::AddSaturating(outlier_, -max_jump) &&
                      time <= event::AddSaturating(outlier_, max_jump);
  if (agreed) now_ = std::min(time, outlier_);
  outlier_ = agreed ? event::kNoTime : time;
  return agreed;
}

HostState::~HostState() {
  for (const auto& state : keys_) account_.Add(-static_cast<int64_t>(state->bytes()));
}

KeyState& HostState::Open(const Plan& plan, uint32_t rule, const std::string& key) {
  const auto found = keys_.find(KeyView{rule, key});
  if (found != keys_.end()) return **found;
  auto made = std::make_unique<KeyState>(plan, rule, key);
  KeyState& state = *made;
  keys_.insert(std::move(made));
  account_.Add(static_cast<int64_t>(state.bytes()));
  queue_.Insert(state, event::kEndOfTime);
  return state;
}

void HostState::Change(KeyState& state, absl::FunctionRef<void(KeyState&)> change) {
  const size_t before = state.bytes();
  change(state);
  account_.Add(static_cast<int64_t>(state.bytes()) - static_cast<int64_t>(before));
  if (state.empty()) {
    Erase(state);
  } else {
    queue_.Hasten(state, state.deadline());
  }
}

void HostState::Erase(KeyState& state) {
  queue_.Remove(state);
  account_.Add(-static_cast<int64_t>(state.bytes()));
  keys_.erase(keys_.find(KeyView{state.rule(), state.key()}));
}

}  // namespace sequitur::correlate
