#pragma once

// ProcessWorld: the processes of one host and what its sensor reports of them.
// It keeps what the kernel keeps: pids that are used again, a pidversion per
// image, parents that die before their children.
//
// Bounds:   one entry per living process.
// Threads:  none.
// Lifetime: a Process lives until its Exit(). Borrows everything it is given.

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "loadgen/endpoint_log.h"
#include "loadgen/eslogger_log.h"
#include "loadgen/process.h"

namespace sequitur::loadgen {

// What an exec turns a process into.
struct Command {
  ProgramId program;
  std::vector<std::string> args;
  std::string cwd = "";     // empty: as before
  std::string script = "";  // the file of a `#!` program
  int stdin_type = 1;
};

class ProcessWorld {
 public:
  ProcessWorld(const Host& host, Timeline& timeline, Shipper& shipper, Random random);

  // Running since before the telemetry began: no sensor has seen it start.
  Process* Running(Process& parent, const Command& command, const User& user);

  Process* Fork(Process& parent, Mark mark = {});
  void Exec(Process& process, const Command& command, Mark mark = {});
  void Exit(Process& process, int wait_status = 0, Mark mark = {});
  // A process drops or changes its rights without an exec.
  void BecomeUser(Process& process, const User& user) { process.user = user; }

  void File(const Process& process, const FileChange& change, Mark mark = {});

  Process& Launchd() { return *launchd_; }
  const Programs& Installed() const { return programs_; }
  // Only a host with Endpoint knows which process connects.
  EndpointLog* Endpoint() { return endpoint_ ? &*endpoint_ : nullptr; }

 private:
  Process* Add(Process& parent);
  void Become(Process& process, const Command& command);
  int NextPid();

  Timeline& timeline_;
  Programs programs_;
  std::optional<EsloggerLog> eslogger_;
  std::optional<EndpointLog> endpoint_;
  absl::flat_hash_map<int, std::unique_ptr<Process>> living_;
  Process* launchd_;
  int last_pid_;
  int last_pidversion_;
};

}  // namespace sequitur::loadgen
