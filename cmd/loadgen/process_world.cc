#include "loadgen/process_world.h"

#include <algorithm>
#include <utility>

namespace sequitur::loadgen {
namespace {

constexpr int kHighestPid = 99'998;
constexpr int kLowestPid = 300;
// Elastic keeps the nearest ancestors only.
constexpr size_t kAncestry = 20;

}  // namespace

ProcessWorld::ProcessWorld(const Host& host, Timeline& timeline, Shipper& shipper, Random random)
    : timeline_(timeline), programs_(host, random.Fork()) {
  if (host.HasEndpoint()) {
    endpoint_.emplace(host, timeline, shipper, random.Fork());
  } else {
    eslogger_.emplace(host, timeline, shipper, random.Fork());
  }
  last_pid_ = static_cast<int>(random.Between(1'000, 60'000));
  last_pidversion_ = last_pid_ * 2 + static_cast<int>(random.Between(0, 100'000));
  auto launchd = std::make_unique<Process>();
  launchd->pid = 1;
  launchd->original_ppid = 0;
  launchd->started = timeline.Now() - 400'000 * kSecond;
  launchd->image = {&programs_[ProgramId::kLaunchd], 1, ""};
  launchd->args = {"/sbin/launchd"};
  if (endpoint_) launchd->image.entity_id = endpoint_->EntityId(1, launchd->started);
  launchd_ = launchd.get();
  living_[1] = std::move(launchd);
}

Process* ProcessWorld::Running(Process& parent, const Command& command, const User& user) {
  Process* process = Add(parent);
  process->started -= 7'200 * kSecond;
  process->user = user;
  if (endpoint_) process->image.entity_id = endpoint_->EntityId(process->pid, process->started);
  Become(*process, command);
  if (endpoint_) {
    process->image.entity_id = endpoint_->EntityId(process->pid, process->started + kMillisecond);
  }
  return process;
}

Process* ProcessWorld::Fork(Process& parent, Mark mark) {
  Process* child = Add(parent);
  if (eslogger_) eslogger_->Fork(parent, *child, mark);
  if (endpoint_) endpoint_->Fork(parent, *child, mark);
  return child;
}

Process* ProcessWorld::Add(Process& parent) {
  auto owned = std::make_unique<Process>(parent);
  Process* child = owned.get();
  child->pid = NextPid();
  child->started = timeline_.Now();
  child->parent = &parent;
  child->original_ppid = parent.pid;
  child->children.clear();
  child->previous = {};
  child->image.pidversion = ++last_pidversion_;
  if (endpoint_) {
    child->ancestry.insert(child->ancestry.begin(), parent.image.entity_id);
    if (child->ancestry.size() > kAncestry) child->ancestry.pop_back();
    child->image.entity_id = endpoint_->EntityId(child->pid, child->started);
  }
  // What launchd starts leads a session and answers for itself.
  if (parent.pid == 1) {
    child->group = child->session = child->responsible_pid = child->pid;
    child->responsible_pidversion = child->image.pidversion;
  }
  parent.children.push_back(child);
  living_[child->pid] = std::move(owned);
  return child;
}

void ProcessWorld::Exec(Process& process, const Command& command, Mark mark) {
  Become(process, command);
  if (eslogger_) eslogger_->Exec(process, mark);
  if (endpoint_) endpoint_->Exec(process, mark);
}

void ProcessWorld::Become(Process& process, const Command& command) {
  process.previous = std::exchange(process.image, {});
  process.image.program = &programs_[command.program];
  process.image.pidversion = ++last_pidversion_;
  process.args = command.args;
  process.script = command.script;
  process.stdin_type = command.stdin_type;
  if (!command.cwd.empty()) process.cwd = command.cwd;
  if (process.responsible_pid == process.pid) {
    process.responsible_pidversion = process.image.pidversion;
  }
  if (!endpoint_) return;
  process.ancestry.insert(process.ancestry.begin(), process.previous.entity_id);
  if (process.ancestry.size() > kAncestry) process.ancestry.pop_back();
  process.image.entity_id = endpoint_->EntityId(process.pid, timeline_.Now());
}

void ProcessWorld::Exit(Process& process, int wait_status, Mark mark) {
  if (eslogger_) eslogger_->Exit(process, wait_status, mark);
  if (endpoint_) endpoint_->Exit(process, wait_status, mark);
  for (Process* child : process.children) {
    child->parent = launchd_;
    launchd_->children.push_back(child);
  }
  auto& siblings = process.parent->children;
  siblings.erase(std::find(siblings.begin(), siblings.end(), &process));
  living_.erase(process.pid);
}

void ProcessWorld::File(const Process& process, const FileChange& change, Mark mark) {
  if (eslogger_) eslogger_->File(process, change, mark);
  if (endpoint_) endpoint_->File(process, change, mark);
}

int ProcessWorld::NextPid() {
  do {
    last_pid_ = last_pid_ < kHighestPid ? last_pid_ + 1 : kLowestPid;
  } while (living_.contains(last_pid_));
  return last_pid_;
}

}  // namespace sequitur::loadgen
