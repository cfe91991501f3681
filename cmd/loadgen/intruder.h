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

// A shell command line and what the shell runs for it, each as a child.
struct ShellCommand {
  std::string text;
  std::vector<Command> before;
  Command call;          // the one that connects home
  std::string saved_as;  // the file it writes; empty: none
  std::vector<Command> after;
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
  ShellCommand command;
  TimeNs pause = 0;  // before the connection
  TimeNs flow_delay = 5 * kSecond;
  Planted* planted = nullptr;
};
Script PlayRaid(Machine& machine, Raid raid);

}  // namespace sequitur::loadgen
