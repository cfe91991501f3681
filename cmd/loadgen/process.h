#pragma once

// Process: one process of a simulated host, as the kernel knows it. Values
// only; ProcessWorld makes them live, the sensors' logs write them down.

#include <cstdint>
#include <string>
#include <vector>

#include "loadgen/program.h"
#include "loadgen/timeline.h"

namespace sequitur::loadgen {

struct User {
  uint32_t uid = 0;
  uint32_t gid = 0;
  absl::string_view name;
  absl::string_view group;
  uint32_t audit_id = 0xffffffff;  // 4294967295: no login
  int audit_session = 100000;
};
inline constexpr User kRoot = {0, 0, "root", "wheel"};
inline constexpr User kWww = {70, 70, "_www", "_www"};
inline constexpr User kOps = {501, 20, "ops", "staff", 501, 100017};

// One program execution within a process: an exec gives a new one.
struct Image {
  const Program* program = nullptr;
  int pidversion = 0;
  std::string entity_id;  // Elastic's
};

struct Process {
  int pid = 0;
  Image image;
  Image previous;  // before the last exec
  std::vector<std::string> args;
  std::string cwd = "/";
  std::string script;         // the file of a `#!` program
  int stdin_type = 1;         // of an eslogger fd: 1 file, 2 socket, 6 pipe
  TimeNs started = 0;         // the fork; an exec keeps it
  Process* parent = nullptr;  // launchd once the parent is gone; null for launchd
  int original_ppid = 1;
  int responsible_pid = 1;
  int responsible_pidversion = 1;
  int group = 1;
  int session = 1;
  User user = kRoot;
  std::vector<std::string> ancestry;  // Elastic's: images, nearest first
  std::vector<Process*> children;
};

}  // namespace sequitur::loadgen
