#include "correlate/host_state.h"

namespace sequitur::correlate {

HostState::~HostState() {
  keys_.ForEach([this](KeyPool::Number number) {
    Discharge(pool_[number]);
    pool_.Free(number);
  });
}

void HostState::Charge(const KeyState& state) {
  account_.Add(static_cast<int64_t>(state.bytes()));
  HeldBy(state) += state.held();
}

void HostState::Discharge(const KeyState& state) {
  account_.Add(-static_cast<int64_t>(state.bytes()));
  HeldBy(state) -= state.held();
}

KeyState& HostState::Open(const Plan& plan, uint32_t rule, absl::string_view key) {
  if (const auto found = keys_.Find(rule, key)) return pool_[*found];
  const KeyPool::Number made = pool_.Make(plan, rule, key);
  KeyState& state = pool_[made];
  keys_.Insert(made);
  Charge(state);
  queue_.Insert(state, event::kEndOfTime);
  return state;
}

KeyPool::Number HostState::Take(KeyState& state) {
  queue_.Remove(state);
  Discharge(state);
  return keys_.Take(state);
}

void HostState::Put(KeyPool::Number number) {
  Charge(pool_[number]);
  queue_.InsertAgain(pool_[number]);
  keys_.Insert(number);
}

void HostState::Change(KeyState& state, absl::FunctionRef<void(KeyState&)> change) {
  const auto bytes = static_cast<int64_t>(state.bytes());
  const Held held = state.held();
  change(state);
  account_.Add(static_cast<int64_t>(state.bytes()) - bytes);
  HeldBy(state) -= held;
  HeldBy(state) += state.held();
  if (state.empty()) {
    Erase(state);
  } else {
    queue_.Hasten(state, state.deadline());
  }
}

void HostState::Erase(KeyState& state) { pool_.Free(Take(state)); }

}  // namespace sequitur::correlate
