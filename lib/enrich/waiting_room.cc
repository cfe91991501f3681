#include "enrich/waiting_room.h"

#include <algorithm>
#include <utility>

namespace sequitur::enrich {

bool WaitingRoom::Admits(int64_t pid, event::TimeNs now) {
  Expire(now);
  if (pids_.size() >= kMaxPids) {
    absl::erase_if(pids_, [](const auto& each) { return each.second.waiting == 0; });
  }
  Pid& asked = pids_[pid];
  if (asked.asked == event::kNoTime) asked.asked = now;
  if (event::AddSaturating(asked.asked, patience_) < now) return false;
  if (size() < kMaxWaiting && asked.waiting < kMaxPerPid) return true;
  ++stats_.refused;
  return false;
}

void WaitingRoom::Add(Waiter waiter) {
  ++pids_[waiter.pid].waiting;
  ++stats_.admitted;
  waiting_.push_back(std::move(waiter));
}

void WaitingRoom::Wake(int64_t pid, absl::FunctionRef<Verdict(Waiter&)> judge,
                       std::vector<event::SnapshotRef>& out) {
  const auto found = pids_.find(pid);
  if (found == pids_.end()) return;
  const bool waited_for = found->second.waiting > 0;
  // It does come, so it is worth waiting for again.
  if (!waited_for) {
    pids_.erase(found);
    return;
  }
  for (Waiter& waiter : waiting_) {
    if (waiter.pid != pid || !waiter.event) continue;
    Forget(pid);
    if (judge(waiter) == Verdict::kHandOut) {
      out.push_back(std::move(waiter.event));
      ++gone_;
    } else {
      ++pids_[waiter.pid].waiting;
    }
  }
  if (gone_ > waiting_.size() / 2) DropGone();
}

void WaitingRoom::DropGone() {
  waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(),
                                [](const Waiter& waiter) { return !waiter.event; }),
                 waiting_.end());
  gone_ = 0;
}

void WaitingRoom::Expire(event::TimeNs now) {
  while (!waiting_.empty()) {
    const Waiter& first = waiting_.front();
    if (!first.event) {
      --gone_;
    } else if (event::AddSaturating(first.since, patience_) < now) {
      Forget(first.pid);
      ++stats_.expired;
    } else {
      return;
    }
    waiting_.pop_front();
  }
}

void WaitingRoom::Forget(int64_t pid) {
  const auto found = pids_.find(pid);
  if (found != pids_.end() && found->second.waiting > 0) --found->second.waiting;
}

}  // namespace sequitur::enrich
