#pragma once

// Waits, unless asked to stop meanwhile. Threads: any.

#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "absl/time/time.h"

namespace sequitur::pipeline {

inline void Pause(std::stop_token stop, absl::Duration time) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_for(lock, stop, absl::ToChronoMilliseconds(time), [] { return false; });
}

}  // namespace sequitur::pipeline
