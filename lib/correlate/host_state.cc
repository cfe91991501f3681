#include "correlate/host_state.h"

namespace sequitur::correlate {

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
