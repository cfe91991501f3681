#include "correlate/host_state.h"

namespace sequitur::correlate {

HostState::~HostState() {
  for (const Entry& entry : keys_) Discharge(*entry.state);
}

void HostState::Charge(const KeyState& state) {
  account_.Add(static_cast<int64_t>(state.bytes()));
  HeldBy(state) += state.held();
}

void HostState::Discharge(const KeyState& state) {
  account_.Add(-static_cast<int64_t>(state.bytes()));
  HeldBy(state) -= state.held();
}

KeyState& HostState::Open(const Plan& plan, uint32_t rule, const std::string& key) {
  const auto found = keys_.find(KeyView{rule, key});
  if (found != keys_.end()) return *found->state;
  auto made = std::make_unique<KeyState>(plan, rule, key);
  KeyState& state = *made;
  keys_.emplace(std::move(made));
  Charge(state);
  queue_.Insert(state, event::kEndOfTime);
  return state;
}

std::unique_ptr<KeyState> HostState::Take(KeyState& state) {
  queue_.Remove(state);
  Discharge(state);
  return std::move(keys_.extract(keys_.find(KeyView{state.rule(), state.key()})).value().state);
}

void HostState::Put(std::unique_ptr<KeyState> state) {
  Charge(*state);
  queue_.InsertAgain(*state);
  keys_.emplace(std::move(state));
}

void HostState::Change(KeyState& state, absl::FunctionRef<void(KeyState&)> change) {
  Discharge(state);
  change(state);
  Charge(state);
  if (state.empty()) {
    Erase(state);
  } else {
    queue_.Hasten(state, state.deadline());
  }
}

void HostState::Erase(KeyState& state) { Take(state); }

}  // namespace sequitur::correlate
