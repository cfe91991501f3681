#pragma once

// Timeline: the simulated clock. Everything that happens is a Script, a
// coroutine that sleeps on the timeline between its steps; Run() resumes the
// scripts in the order of their wake-up times. So a scenario reads from top to
// bottom as the story it tells, and still every record is written, every pid
// taken and every sequence number drawn in the order of time.
//
//   Script Heartbeat(Timeline& timeline) {
//     while (!timeline.Ended()) co_await timeline.Sleep(5 * kSecond);
//   }
//
// Bounds:   memory is one frame per script that is under way.
// Threads:  none.
// Lifetime: the timeline destroys the scripts it started and that still sleep;
//           what scripts refer to must outlive it.

#include <coroutine>
#include <cstdint>
#include <exception>
#include <queue>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "event/time.h"

namespace sequitur::loadgen {

using event::kMicrosecond;
using event::kMillisecond;
using event::kSecond;
using event::TimeNs;
inline constexpr TimeNs kMinute = 60 * kSecond;

class Timeline;

// Either awaited by another script (co_await) or handed to Timeline::Start.
class [[nodiscard]] Script {
 public:
  struct promise_type;
  using Frame = std::coroutine_handle<promise_type>;

  struct Finish {
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(Frame frame) const noexcept;
    void await_resume() const noexcept {}
  };

  struct promise_type {
    Timeline* owner = nullptr;  // set by Start: nobody awaits this script
    std::coroutine_handle<> awaiting = std::noop_coroutine();

    Script get_return_object() { return Script(Frame::from_promise(*this)); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    Finish final_suspend() const noexcept { return {}; }
    void return_void() const {}
    void unhandled_exception() const { std::terminate(); }
  };

  Script(Script&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Script& operator=(Script&&) = delete;
  ~Script() {
    if (frame_) frame_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) {
    frame_.promise().awaiting = awaiting;
    return frame_;
  }
  void await_resume() const {}

 private:
  friend class Timeline;
  explicit Script(Frame frame) : frame_(frame) {}
  Frame frame_;
};

class Timeline {
 public:
  Timeline(TimeNs start, TimeNs end) : now_(start), end_(end) {}
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;
  ~Timeline();

  struct Sleeping {
    Timeline& timeline;
    TimeNs until;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> script) { timeline.WakeAt(until, script); }
    void await_resume() const {}
  };
  // A time that has passed means now, after everything else that is due.
  Sleeping Until(TimeNs time) { return {*this, time}; }
  Sleeping Sleep(TimeNs duration) { return {*this, now_ + duration}; }

  void Start(Script script);
  // Until every script has come to its end.
  void Run();

  TimeNs Now() const { return now_; }
  TimeNs End() const { return end_; }
  // Background scripts stop here; what has begun runs to its end.
  bool Ended() const { return now_ >= end_; }
  void EndNow() { end_ = now_; }

 private:
  friend struct Script::Finish;
  struct WakeUp {
    TimeNs time;
    uint64_t order;  // scripts due at the same time wake in the order they slept
    std::coroutine_handle<> script;
    bool operator<(const WakeUp& other) const {
      return time != other.time ? time > other.time : order > other.order;
    }
  };
  void WakeAt(TimeNs time, std::coroutine_handle<> script);

  TimeNs now_;
  TimeNs end_;
  uint64_t slept_ = 0;
  std::priority_queue<WakeUp> sleeping_;
  absl::flat_hash_set<void*> started_;
};

}  // namespace sequitur::loadgen
