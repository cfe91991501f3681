#include "loadgen/timeline.h"

#include <algorithm>

namespace sequitur::loadgen {

std::coroutine_handle<> Script::Finish::await_suspend(Frame frame) const noexcept {
  Timeline* owner = frame.promise().owner;
  if (owner == nullptr) return frame.promise().awaiting;
  owner->started_.erase(frame.address());
  frame.destroy();
  return std::noop_coroutine();
}

Timeline::~Timeline() {
  for (void* frame : started_) Script::Frame::from_address(frame).destroy();
}

void Timeline::Start(Script script) {
  Script::Frame frame = std::exchange(script.frame_, nullptr);
  frame.promise().owner = this;
  started_.insert(frame.address());
  WakeAt(now_, frame);
}

void Timeline::WakeAt(TimeNs time, std::coroutine_handle<> script) {
  sleeping_.push({std::max(time, now_), slept_++, script});
}

void Timeline::Run() {
  while (!sleeping_.empty()) {
    const WakeUp next = sleeping_.top();
    sleeping_.pop();
    now_ = next.time;
    next.script.resume();
  }
}

}  // namespace sequitur::loadgen
