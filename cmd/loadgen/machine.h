#pragma once

// Machine: one simulated host put together: its processes, logs, services and
// connections, with the moves that background and attacks are made of. A move
// takes the time it takes: it is a Script.
//
// Threads:  none.
// Lifetime: borrows timeline, arrivals and sensor. Scripts refer to it.

#include <memory>
#include <string>
#include <vector>

#include "loadgen/flow.h"
#include "loadgen/inventory.h"
#include "loadgen/process_world.h"
#include "loadgen/web_log.h"

namespace sequitur::loadgen {

// A server and the processes that do its work. Node has no master of its own:
// launchd starts it again.
struct Service {
  Process* master = nullptr;
  std::vector<Process*> workers;
  Command command;
  User user = kWww;
};

// A shell that a process starts: fork, exec of /bin/sh, exec of /bin/bash.
struct ShellStart {
  Process* parent = nullptr;
  std::string command;
  Planted* planted = nullptr;  // of which the exec is the "spawn"
  int stdin_type = 6;
};

// A connection that `process` opens (null: nobody knows who).
struct ConnectionStart {
  Process* process = nullptr;
  std::string to;
  int port = 443;
  absl::string_view service = "ssl";
  TimeNs duration = 300 * kMillisecond;
  // Until the network sensor has written the flow, counted from its end.
  TimeNs flow_delay = 5 * kSecond;
  Planted* planted = nullptr;  // of which this is the "egress"
};

class Machine {
 public:
  Machine(const Host& host, Shipper::Settings settings, Timeline& timeline, Arrivals& arrivals,
          ZeekLog& zeek, Random random);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  const Host host;
  Timeline& timeline;
  Random random;
  Shipper shipper;
  ProcessWorld processes;
  WebLog logs;
  Service front;  // takes requests from the network
  Service app;    // runs the application; the same as front for httpd

  // One planted thing at a time: their stories must not mix.
  bool occupied = false;

  // The worker that answers the next request, and the one that runs its code;
  // null in the milliseconds when it has died and is not yet replaced.
  Process* FrontWorker() { return PickWorker(front); }
  Process* AppWorker() { return PickWorker(host.role == Role::kHttpd ? front : app); }
  Service& AppService() { return host.role == Role::kHttpd ? front : app; }

  // Leaves the shell in `*shell`, to be exited by the caller.
  Script StartShell(ShellStart start, Process** shell);
  // `process` exits, and its parent gets to know.
  Script End(Process* process, int wait_status = 0, Mark mark = {});
  // Child with its own pid, running `command` for `runtime`.
  Script RunChild(Process* parent, Command command, TimeNs runtime);
  Script Connect(ConnectionStart start);
  // A visitor's connection, as the network sensor sees it.
  Script Accept(std::string client, TimeNs duration);
  // The file is created, written and closed by `process`.
  Script WriteFile(Process* process, std::string path, int64_t size, Mark mark);

  // A worker dies by `signal`; its master reports that and starts another.
  Script CrashWorker(Service* service, Process* worker, int signal, Planted* planted);

  // A mark for what `planted` does now.
  Mark Now(Planted* planted, absl::string_view step) const {
    return Mark::Of(planted, step, timeline.Now());
  }
  TimeNs Between(TimeNs low, TimeNs high) { return random.Between(low, high); }
  // About this long: nothing takes a round number of milliseconds.
  TimeNs Jittered(TimeNs duration) {
    return Between(duration - duration / 5, duration + duration / 5);
  }

 private:
  Process* PickWorker(Service& service);
  void StartServices();
  Script Respawn(Service* service);
  Script WriteFlow(Flow flow, TimeNs delay, Planted* planted);

  ZeekLog& zeek_;
};

}  // namespace sequitur::loadgen
