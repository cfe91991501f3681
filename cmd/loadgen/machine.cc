#include "loadgen/machine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sequitur::loadgen {
namespace {

constexpr int kFrontWorkers = 4;
constexpr int kAppWorkers = 6;

}  // namespace

Machine::Machine(const Host& identity, Shipper::Settings settings, Timeline& clock,
                 Arrivals& arrivals, ZeekLog& zeek, Random seed)
    : host(identity),
      timeline(clock),
      random(seed),
      shipper(host, settings, clock, arrivals, random.Fork()),
      processes(host, clock, shipper, random.Fork()),
      logs(host, clock, shipper, random.Fork()),
      zeek_(zeek) {
  if (host.ServesWeb()) StartServices();
}

void Machine::StartServices() {
  Process& launchd = processes.Launchd();
  if (host.RunsNginx()) {
    front.command = {ProgramId::kNginx, {host.brew + "/opt/nginx/bin/nginx", "-g", "daemon off;"}};
  } else {
    front.command = {ProgramId::kHttpd, {"/usr/sbin/httpd", "-D", "FOREGROUND"}};
  }
  front.master = processes.Running(launchd, front.command, kRoot);
  for (int i = 0; i < kFrontWorkers; ++i) {
    front.workers.push_back(processes.Running(*front.master, front.command, kWww));
  }
  if (host.RunsPhp()) {
    app.command = {ProgramId::kPhpFpm, {host.brew + "/opt/php/sbin/php-fpm", "--nodaemonize"}};
    app.master = processes.Running(launchd, app.command, kRoot);
    for (int i = 0; i < kAppWorkers; ++i) {
      app.workers.push_back(processes.Running(*app.master, app.command, kWww));
    }
  } else if (host.role == Role::kNginxNode) {
    app.command = {ProgramId::kNode,
                   {host.brew + "/bin/node", "/Users/Shared/apps/shop/server.js"},
                   "/Users/Shared/apps/shop"};
    app.master = &launchd;
    app.workers.push_back(processes.Running(launchd, app.command, kWww));
  }
}

Process* Machine::PickWorker(Service& service) {
  if (service.workers.empty()) return nullptr;
  return service.workers[random.Next() % service.workers.size()];
}

Script Machine::StartShell(ShellStart start, Process** shell) {
  Process* child = processes.Fork(*start.parent);
  *shell = child;
  co_await timeline.Sleep(Between(120 * kMicrosecond, 700 * kMicrosecond));
  Command command = {ProgramId::kSh, {"sh", "-c", start.command}};
  command.stdin_type = start.stdin_type;
  processes.Exec(*child, command, Now(start.planted, "spawn"));
  co_await timeline.Sleep(Between(400 * kMicrosecond, 1'600 * kMicrosecond));
  // /bin/sh is a stub that executes the shell chosen in /private/var/select/sh.
  command.program = ProgramId::kBash;
  processes.Exec(*child, command);
  co_await timeline.Sleep(Between(800 * kMicrosecond, 4 * kMillisecond));
}

Script Machine::End(Process* process, int wait_status, Mark mark) {
  processes.Exit(*process, wait_status, mark);
  co_await timeline.Sleep(Between(60 * kMicrosecond, 400 * kMicrosecond));
}

Script Machine::RunChild(Process* parent, Command command, TimeNs runtime) {
  Process* child = processes.Fork(*parent);
  co_await timeline.Sleep(Between(100 * kMicrosecond, 600 * kMicrosecond));
  processes.Exec(*child, command);
  co_await timeline.Sleep(Jittered(runtime));
  co_await End(child);
}

Script Machine::Connect(ConnectionStart start) {
  Flow flow;
  flow.from = host.ip;
  flow.from_port = static_cast<int>(Between(49'152, 65'535));
  flow.to = start.to;
  flow.to_port = start.port;
  flow.service = start.service;
  flow.transport = start.port == 53 || start.port == 123 ? "udp" : "tcp";
  flow.start = timeline.Now();
  flow.duration = Jittered(start.duration);
  const bool tcp = flow.transport == "tcp";
  flow.sent = tcp ? random.Skewed(300, 6'000) : Between(36, 72);
  flow.received = tcp ? random.Skewed(900, 90'000) : Between(60, 420);
  EndpointLog* endpoint = start.process != nullptr ? processes.Endpoint() : nullptr;
  if (endpoint) {
    // The process may be gone before its connection is.
    const Process process = *start.process;
    endpoint->Connect(process, flow, Now(start.planted, "egress"));
    co_await timeline.Sleep(flow.duration);
    endpoint->Disconnect(process, flow);
  } else {
    co_await timeline.Sleep(flow.duration);
  }
  timeline.Start(WriteFlow(std::move(flow), start.flow_delay, start.planted));
}

Script Machine::Accept(std::string client, TimeNs duration) {
  Flow flow;
  flow.from = std::move(client);
  flow.from_port = static_cast<int>(Between(1'024, 65'535));
  flow.to = host.ip;
  flow.to_port = host.role == Role::kHttpd ? 80 : 443;
  flow.service = host.role == Role::kHttpd ? "http" : "ssl";
  flow.start = timeline.Now();
  flow.duration = Jittered(duration);
  flow.sent = random.Skewed(400, 9'000);
  flow.received = random.Skewed(900, 200'000);
  co_await timeline.Sleep(flow.duration);
  timeline.Start(WriteFlow(std::move(flow), 5 * kSecond, nullptr));
}

Script Machine::WriteFlow(Flow flow, TimeNs delay, Planted* planted) {
  co_await timeline.Sleep(delay);
  zeek_.Write(flow, host.name, Mark::Of(planted, "egress", flow.start));
}

Script Machine::WriteFile(Process* process, std::string path, int64_t size, Mark mark) {
  FileChange change = {FileAction::kCreate, std::move(path), "", size};
  // Endpoint speaks up at the close only.
  const Mark none;
  const bool endpoint = host.HasEndpoint();
  processes.File(*process, change, endpoint ? none : mark);
  co_await timeline.Sleep(Between(30 * kMicrosecond, 200 * kMicrosecond));
  change.action = FileAction::kWrite;
  processes.File(*process, change);
  co_await timeline.Sleep(Between(30 * kMicrosecond, 900 * kMicrosecond));
  change.action = FileAction::kClose;
  processes.File(*process, change, endpoint ? mark : none);
  co_await timeline.Sleep(Between(40 * kMicrosecond, 300 * kMicrosecond));
}

Script Machine::CrashWorker(Service* service, Process* worker, int signal, Planted* planted) {
  const int pid = worker->pid;
  const TimeNs lifetime = timeline.Now() - worker->started;
  service->workers.erase(std::find(service->workers.begin(), service->workers.end(), worker));
  processes.Exit(*worker, signal, Now(planted, "crash"));
  // httpd's parent looks at its children once a second.
  const bool httpd = host.role == Role::kHttpd;
  co_await timeline.Sleep(httpd ? Between(100 * kMillisecond, 900 * kMillisecond)
                                : Between(400 * kMicrosecond, 6 * kMillisecond));
  if (service == &front) {
    logs.WorkerCrash(front.master->pid, pid, signal, Now(planted, "crash"));
  } else if (host.RunsPhp()) {
    logs.PhpChildCrash(pid, signal, lifetime, Now(planted, "crash"));
  }
  co_await Respawn(service);
}

Script Machine::Respawn(Service* service) {
  Process* worker = processes.Fork(*service->master);
  if (service->master->pid == 1) {
    co_await timeline.Sleep(Between(200 * kMicrosecond, 900 * kMicrosecond));
    processes.Exec(*worker, {ProgramId::kXpcproxy, {"xpcproxy", "local.shop.web"}});
    processes.BecomeUser(*worker, service->user);
    co_await timeline.Sleep(Between(1 * kMillisecond, 4 * kMillisecond));
    processes.Exec(*worker, service->command);
    service->workers.push_back(worker);
    co_return;
  }
  co_await timeline.Sleep(Between(50 * kMicrosecond, 300 * kMicrosecond));
  processes.BecomeUser(*worker, service->user);
  service->workers.push_back(worker);
}

}  // namespace sequitur::loadgen
