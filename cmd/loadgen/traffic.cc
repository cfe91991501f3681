#include "loadgen/traffic.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace sequitur::loadgen {
namespace {

// The mix to aim for: of 100 records 55 access lines, 5 error lines, 25 of
// processes, 15 flows. Serving brings some of the latter with it; the rates
// below fill up what is missing.
constexpr double kAccessShare = 0.55;
constexpr double kHousekeepingPerRecord = 0.0235;
constexpr double kFlowsPerRecord = 0.125;

void FailedLines(Machine& machine, const Request& request, SideEffect effect) {
  const Process* front = machine.FrontWorker();
  if (front == nullptr) return;
  if (effect == SideEffect::kMissingFile) {
    const std::string path = absl::StrCat(machine.host.WebRoot(), request.target);
    const std::string what =
        machine.host.RunsNginx()
            ? absl::StrCat("open() \"", path, "\" failed (2: No such file or directory)")
            : absl::StrCat("AH00128: File does not exist: ", path);
    return machine.logs.Error(what, request, front->pid);
  }
  if (machine.host.RunsPhp()) {
    return machine.logs.UpstreamError(
        "FastCGI sent in stderr: \"PHP message: PHP Fatal error:  Uncaught PDOException: "
        "SQLSTATE[40001]: Serialization failure in /srv/shop/src/Cart.php:118\" while reading "
        "response header from upstream",
        request, front->pid);
  }
  if (machine.host.role == Role::kHttpd) {
    machine.logs.Error("AH01215: status.cgi: uptime: cannot open utmpx", request, front->pid);
  }
}

Script Mail(Machine& machine) {
  Process* worker = machine.AppWorker();
  if (worker == nullptr) co_return;
  ShellStart start;
  start.parent = worker;
  start.command = std::string(inventory::kMailCommand);
  Process* shell = nullptr;
  co_await machine.StartShell(std::move(start), &shell);
  Command sendmail = {ProgramId::kSendmail, {"/usr/sbin/sendmail", "-t", "-i"}};
  machine.processes.Exec(*shell, sendmail);
  co_await machine.timeline.Sleep(machine.Between(9 * kMillisecond, 60 * kMillisecond));
  machine.processes.Exit(*shell);
}

Script Cgi(Machine& machine) {
  Process* worker = machine.AppWorker();
  if (worker == nullptr) co_return;
  Process* cgi = machine.processes.Fork(*worker);
  co_await machine.timeline.Sleep(machine.Between(200 * kMicrosecond, 900 * kMicrosecond));
  const std::string script(inventory::kCgiScript);
  Command command = {ProgramId::kSh, {"/bin/sh", script}};
  command.script = script;
  command.cwd = "/Library/WebServer/CGI-Executables";
  command.stdin_type = 6;
  machine.processes.Exec(*cgi, command);
  co_await machine.timeline.Sleep(machine.Between(400 * kMicrosecond, 1'500 * kMicrosecond));
  command.program = ProgramId::kBash;
  machine.processes.Exec(*cgi, command);
  co_await machine.timeline.Sleep(machine.Between(kMillisecond, 3 * kMillisecond));
  Command uptime = {ProgramId::kUptime, {"uptime"}};
  co_await machine.RunChild(cgi, std::move(uptime), 3 * kMillisecond);
  machine.processes.Exit(*cgi);
}

Script PaymentCall(Machine& machine) {
  ConnectionStart call;
  call.process = machine.AppWorker();
  if (call.process == nullptr) co_return;
  call.to = std::string(inventory::kPaymentsApi.ip);
  call.duration = machine.Between(40 * kMillisecond, 400 * kMillisecond);
  co_await machine.Connect(std::move(call));
}

void StartEffect(Machine& machine, SideEffect effect) {
  switch (effect) {
    case SideEffect::kThumbnail:
      return machine.timeline.Start(Thumbnail(machine));
    case SideEffect::kMail:
      return machine.timeline.Start(Mail(machine));
    case SideEffect::kCgi:
      return machine.timeline.Start(Cgi(machine));
    case SideEffect::kPaymentCall:
      return machine.timeline.Start(PaymentCall(machine));
    case SideEffect::kNone:
    case SideEffect::kMissingFile:
    case SideEffect::kFailure:
      return;
  }
}

Script Requests(Machine& machine, TimeNs mean_gap) {
  Timeline& timeline = machine.timeline;
  for (;;) {
    co_await timeline.Sleep(
        static_cast<TimeNs>(machine.random.Exponential(static_cast<double>(mean_gap))));
    if (timeline.Ended()) co_return;
    timeline.Start(Serve(machine, EverydayVisit(machine.host, machine.random)));
  }
}

// launchd starts an agent, which works a while.
Script LaunchdJob(Machine& machine) {
  struct Job {
    ProgramId program;
    absl::string_view label;
    absl::string_view argument;
  };
  constexpr Job kJobs[] = {
      {ProgramId::kMdworker, "com.apple.mdworker.shared", "-s"},
      {ProgramId::kMdworker, "com.apple.mdworker.shared", "-s"},
      {ProgramId::kMdworker, "com.apple.mdworker.shared", "-s"},
      {ProgramId::kMdworker, "com.apple.mdworker.shared", "-s"},
      {ProgramId::kNewsyslog, "com.apple.newsyslog", "-q"},
      {ProgramId::kPeriodic, "com.apple.periodic-daily", "daily"},
  };
  const Job& job = machine.random.Pick<Job>(kJobs);
  Process* process = machine.processes.Fork(machine.processes.Launchd());
  co_await machine.timeline.Sleep(machine.Between(200 * kMicrosecond, kMillisecond));
  Command proxy = {ProgramId::kXpcproxy, {"xpcproxy", std::string(job.label)}};
  machine.processes.Exec(*process, proxy);
  co_await machine.timeline.Sleep(machine.Between(kMillisecond, 5 * kMillisecond));
  const std::string& path = machine.processes.Installed()[job.program].path;
  Command work = {job.program, {path, std::string(job.argument)}};
  machine.processes.Exec(*process, work);
  co_await machine.timeline.Sleep(machine.Between(100 * kMillisecond, 8 * kSecond));
  machine.processes.Exit(*process);
}

Script CronJob(Machine& machine) {
  ProcessWorld& processes = machine.processes;
  Process* cron = processes.Fork(processes.Launchd());
  co_await machine.timeline.Sleep(machine.Between(200 * kMicrosecond, kMillisecond));
  Command daemon = {ProgramId::kCron, {"/usr/sbin/cron"}};
  processes.Exec(*cron, daemon);
  co_await machine.timeline.Sleep(machine.Between(kMillisecond, 9 * kMillisecond));
  ShellStart start;
  start.parent = cron;
  start.command = "/bin/df -k / >> /var/log/disk.log";
  Process* shell = nullptr;
  co_await machine.StartShell(std::move(start), &shell);
  Command df = {ProgramId::kDf, {"/bin/df", "-k", "/"}};
  processes.Exec(*shell, df);
  co_await machine.timeline.Sleep(machine.Between(2 * kMillisecond, 20 * kMillisecond));
  co_await machine.End(shell);
  processes.Exit(*cron);
}

Script UpdateCheck(Machine& machine) {
  ConnectionStart check;
  check.to = std::string(inventory::kVendorUpdates.ip);
  check.duration = machine.Between(100 * kMillisecond, 900 * kMillisecond);
  co_await machine.Connect(std::move(check));
}

void StartHousekeeping(Machine& machine) {
  const double dice = machine.random.Unit();
  if (dice < 0.55) return machine.timeline.Start(LaunchdJob(machine));
  if (dice < 0.93) return machine.timeline.Start(CronJob(machine));
  if (dice < 0.98) return machine.timeline.Start(UpdateCheck(machine));
  Command status = {ProgramId::kUptime, {"uptime"}};
  machine.timeline.Start(AdminSession(machine, std::move(status), {}));
}

Script Housekeeping(Machine& machine, TimeNs mean_gap) {
  Timeline& timeline = machine.timeline;
  for (;;) {
    co_await timeline.Sleep(
        static_cast<TimeNs>(machine.random.Exponential(static_cast<double>(mean_gap))));
    if (timeline.Ended()) co_return;
    StartHousekeeping(machine);
  }
}

void StartQuietFlow(Machine& machine) {
  ConnectionStart flow;
  const double dice = machine.random.Unit();
  if (machine.host.ServesWeb() && dice < 0.5) {
    return machine.timeline.Start(machine.Accept(VisitorAddress(machine.random),
                                                 machine.Between(30 * kMillisecond, 9 * kSecond)));
  }
  if (dice < 0.75) {
    flow.to = std::string(inventory::kDatabase);
    flow.port = 5432;
    flow.service = "";
    flow.duration = machine.Between(2 * kMillisecond, 900 * kMillisecond);
  } else {
    flow.to = std::string(inventory::kResolver);
    flow.port = 53;
    flow.service = "dns";
    flow.duration = machine.Between(kMillisecond, 70 * kMillisecond);
  }
  machine.timeline.Start(machine.Connect(std::move(flow)));
}

Script QuietFlows(Machine& machine, TimeNs mean_gap) {
  Timeline& timeline = machine.timeline;
  for (;;) {
    co_await timeline.Sleep(
        static_cast<TimeNs>(machine.random.Exponential(static_cast<double>(mean_gap))));
    if (timeline.Ended()) co_return;
    StartQuietFlow(machine);
  }
}

}  // namespace

Script Serve(Machine& machine, Visit visit) {
  Request& request = visit.request;
  request.start = machine.timeline.Now();
  StartEffect(machine, visit.effect);
  co_await machine.timeline.Sleep(visit.duration);
  if (visit.effect == SideEffect::kMissingFile || visit.effect == SideEffect::kFailure) {
    FailedLines(machine, request, visit.effect);
  }
  machine.logs.Access(request);
}

Script Thumbnail(Machine& machine) {
  Process* worker = machine.AppWorker();
  if (worker == nullptr) co_return;
  const int64_t id = machine.random.Between(1'000, 9'999);
  const std::string from = absl::StrCat(inventory::UploadFolder(machine.host), "/", id, ".jpg");
  const std::string to =
      absl::StrCat(inventory::CacheFolder(machine.host), "/thumbs/", id, "-320.jpg");
  Process* child = nullptr;
  Command tool;
  if (machine.host.role == Role::kNginxNode) {
    child = machine.processes.Fork(*worker);
    co_await machine.timeline.Sleep(machine.Between(200 * kMicrosecond, 900 * kMicrosecond));
    tool.program = ProgramId::kSips;
    tool.args = {std::string(inventory::kNodeImageTool), "-Z", "320", from, "--out", to};
  } else {
    const std::string convert = absl::StrCat(machine.host.brew, inventory::kThumbnailTool);
    ShellStart start;
    start.parent = worker;
    start.command = absl::StrCat(convert, " ", from, " -thumbnail 320x320 ", to);
    co_await machine.StartShell(std::move(start), &child);
    tool.program = ProgramId::kMagick;
    tool.args = {convert, from, "-thumbnail", "320x320", to};
  }
  machine.processes.Exec(*child, tool);
  co_await machine.timeline.Sleep(machine.Between(20 * kMillisecond, 180 * kMillisecond));
  co_await machine.WriteFile(child, to, machine.random.Skewed(6'000, 40'000), {});
  machine.processes.Exit(*child);
}

Script AdminSession(Machine& machine, Command last, ConnectionStart connection) {
  ProcessWorld& processes = machine.processes;
  Process* sshd = processes.Fork(processes.Launchd());
  co_await machine.timeline.Sleep(machine.Between(200 * kMicrosecond, kMillisecond));
  Command daemon = {ProgramId::kSshd, {"sshd: ops [priv]"}};
  processes.Exec(*sshd, daemon);
  co_await machine.timeline.Sleep(machine.Between(300 * kMillisecond, 900 * kMillisecond));
  Process* shell = processes.Fork(*sshd);
  processes.BecomeUser(*shell, kOps);
  co_await machine.timeline.Sleep(machine.Between(kMillisecond, 4 * kMillisecond));
  Command login = {ProgramId::kZsh, {"-zsh"}, "/Users/ops"};
  processes.Exec(*shell, login);
  co_await machine.timeline.Sleep(machine.Between(600 * kMillisecond, 3 * kSecond));
  Command ls = {ProgramId::kLs, {"ls", "-lt"}};
  co_await machine.RunChild(shell, std::move(ls), 4 * kMillisecond);
  co_await machine.timeline.Sleep(machine.Between(600 * kMillisecond, 3 * kSecond));
  Process* child = processes.Fork(*shell);
  co_await machine.timeline.Sleep(machine.Between(200 * kMicrosecond, kMillisecond));
  processes.Exec(*child, last);
  co_await machine.timeline.Sleep(machine.Between(5 * kMillisecond, 60 * kMillisecond));
  if (!connection.to.empty()) {
    connection.process = child;
    co_await machine.Connect(std::move(connection));
  }
  processes.Exit(*child);
  co_await machine.timeline.Sleep(machine.Between(300 * kMillisecond, 4 * kSecond));
  co_await machine.End(shell);
  processes.Exit(*sshd);
}

void StartTraffic(Machine& machine, double rate) {
  const auto gap = [](double per_second) {
    return static_cast<TimeNs>(static_cast<double>(kSecond) / per_second);
  };
  Timeline& timeline = machine.timeline;
  if (machine.host.ServesWeb()) timeline.Start(Requests(machine, gap(rate * kAccessShare)));
  timeline.Start(Housekeeping(machine, gap(rate * kHousekeepingPerRecord)));
  timeline.Start(QuietFlows(machine, gap(rate * kFlowsPerRecord)));
}

}  // namespace sequitur::loadgen
