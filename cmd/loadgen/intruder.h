#pragma once

// Intruder: what one attacker brings: an address to come from, one to call home
// to, requests that abuse a role's application and the commands they carry.

#include <string>
#include <vector>

#include "loadgen/machine.h"
#include "loadgen/visitors.h"

namespace sequitur::loadgen {

struct Intruder {
  std::string client;  // where the requests come from
  std::string home;    // where the stolen shell calls; never contacted
  absl::string_view user_agent;
};
Intruder MakeIntruder(Random& random);

// A shell command line and the programs it runs as children of the shell, the
// last of which calls home.
struct ShellCommand {
  std::string text;
  std::vector<Command> steps;
};
ShellCommand FetchCommand(const Intruder& intruder, Random& random);

// The suspicious request that carries `command` into the application.
Request Exploit(const Host& host, const Intruder& intruder, absl::string_view command,
                Random& random);
Visit FailedTry(const Intruder& intruder, Random& random);

// What a shell of the intruder does, step by step. It is alive afterwards.
struct Raid {
  Process* shell = nullptr;
  Intruder intruder;
  std::vector<Command> steps;
  TimeNs pause = 0;  // before the connection
  TimeNs flow_delay = 5 * kSecond;
  Planted* planted = nullptr;
};
Script PlayRaid(Machine& machine, Raid raid);

}  // namespace sequitur::loadgen
