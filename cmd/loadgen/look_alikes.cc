// What looks like an attack and is none: everyday work whose single steps are
// the steps of a chain.

#include <utility>

#include "absl/strings/str_cat.h"
#include "loadgen/inventory.h"
#include "loadgen/scenario.h"
#include "loadgen/traffic.h"

namespace sequitur::loadgen {
namespace {

constexpr absl::string_view kExploitRule = "web-exploit-chain";

bool AnyWebHost(const Host& host) { return host.ServesWeb(); }
bool RunsPhp(const Host& host) { return host.RunsPhp(); }

Request Innocent(Machine& machine, absl::string_view target, int status) {
  Request request = BrowserVisit(machine.host, machine.random).request;
  request.method = "GET";
  request.target = std::string(target);
  request.status = status;
  request.start = machine.timeline.Now();
  return request;
}

Script AdminCurl(Machine& machine, Planted*) {
  Command curl = {ProgramId::kCurl,
                  {"curl", "-sI", absl::StrCat("https://", inventory::kGitHosting.what, "/")}};
  ConnectionStart connection;
  connection.to = std::string(inventory::kGitHosting.ip);
  co_await AdminSession(machine, std::move(curl), std::move(connection));
}

Script FailureChildAndAdmin(Machine& machine, Planted* planted) {
  const Request request = Innocent(machine, "/cart/update?item=7&qty=1", 500);
  co_await machine.timeline.Sleep(machine.Between(20 * kMillisecond, 400 * kMillisecond));
  machine.logs.Access(request, machine.Now(planted, "failure"));
  if (machine.host.role != Role::kHttpd) co_await Thumbnail(machine);
  co_await machine.timeline.Sleep(machine.Between(kSecond, 5 * kSecond));
  co_await AdminCurl(machine, planted);
}

Script CacheAndApi(Machine& machine, Planted* planted) {
  Process* worker = machine.AppWorker();
  const Request request = Innocent(machine, "/checkout?step=2", 500);
  co_await machine.timeline.Sleep(machine.Between(4 * kMillisecond, 60 * kMillisecond));
  const std::string path =
      absl::StrCat(inventory::CacheFolder(machine.host), "/pages/", machine.random.Hex(32));
  co_await machine.WriteFile(worker, path, machine.random.Skewed(900, 20'000),
                             machine.Now(planted, "write"));
  ConnectionStart call;
  call.process = worker;
  call.to = std::string(inventory::kPaymentsApi.ip);
  call.planted = planted;
  co_await machine.Connect(std::move(call));
  machine.logs.Access(request, machine.Now(planted, "failure"));
}

Script Scan(Machine& machine, Planted* planted) {
  const Request scanner = ScannerVisit(machine.random).request;
  for (int64_t requests = machine.Between(8, 20); requests > 0; --requests) {
    Visit visit = ScannerVisit(machine.random);
    visit.request.client = scanner.client;
    visit.request.user_agent = scanner.user_agent;
    visit.request.start = machine.timeline.Now();
    co_await machine.timeline.Sleep(visit.duration);
    // A few lines are proof enough.
    machine.logs.Access(visit.request, requests <= 3 ? machine.Now(planted, "request") : Mark{});
    co_await machine.timeline.Sleep(machine.Between(30 * kMillisecond, 400 * kMillisecond));
  }
}

// An administrator's git or rsync writes the web root; no service takes part.
Script Deploy(Machine& machine, Planted* planted) {
  ProcessWorld& processes = machine.processes;
  const bool git = machine.random.Chance(0.5);
  Process* sshd = processes.Fork(processes.Launchd());
  co_await machine.timeline.Sleep(machine.Between(200 * kMicrosecond, kMillisecond));
  Command daemon = {ProgramId::kSshd, {"sshd: ops@notty"}};
  processes.Exec(*sshd, daemon);
  processes.BecomeUser(*sshd, kOps);
  co_await machine.timeline.Sleep(machine.Between(100 * kMillisecond, 600 * kMillisecond));
  Process* tool = processes.Fork(*sshd);
  co_await machine.timeline.Sleep(machine.Between(200 * kMicrosecond, kMillisecond));
  Command command = {ProgramId::kRsync,
                     {"rsync", "--server", "-logDtpre.iLsfxC", ".", machine.host.WebRoot()}};
  if (git) command = {ProgramId::kGit, {"git", "-C", machine.host.WebRoot(), "pull", "--ff-only"}};
  processes.Exec(*tool, command, machine.Now(planted, "deploy"));
  if (git) {
    ConnectionStart fetch;
    fetch.process = tool;
    fetch.to = std::string(inventory::kGitHosting.ip);
    co_await machine.Connect(std::move(fetch));
  }
  for (int64_t files = machine.Between(3, 9); files > 0; --files) {
    const std::string path =
        absl::StrCat(machine.host.WebRoot(), "/includes/view-", machine.random.Hex(4), ".php");
    co_await machine.WriteFile(tool, path, machine.random.Skewed(500, 30'000),
                               machine.Now(planted, "write"));
  }
  co_await machine.End(tool);
  processes.Exit(*sshd);
  machine.timeline.Start(Serve(machine, BrowserVisit(machine.host, machine.random)));
}

// certbot renews and has the server reload: its old workers end, new ones start.
Script CertificateRenewal(Machine& machine, Planted* planted) {
  ProcessWorld& processes = machine.processes;
  Process* certbot = processes.Fork(processes.Launchd());
  co_await machine.timeline.Sleep(machine.Between(kMillisecond, 4 * kMillisecond));
  Command renew = {ProgramId::kCertbot,
                   {"certbot", "renew", "--quiet", "--deploy-hook", "reload-web"}};
  processes.Exec(*certbot, renew, machine.Now(planted, "renewal"));
  ConnectionStart directory;
  directory.process = certbot;
  directory.to = std::string(inventory::kAcmeDirectory.ip);
  directory.duration = machine.Between(kSecond, 4 * kSecond);
  directory.planted = planted;
  co_await machine.Connect(std::move(directory));
  Command kick = {ProgramId::kLaunchctl, {"launchctl", "kill", "HUP", "system/local.web"}};
  co_await machine.RunChild(certbot, std::move(kick), 3 * kMillisecond);
  machine.logs.Notice("signal 1 (SIGHUP) received, reconfiguring", machine.front.master->pid);
  const std::vector<Process*> old = std::exchange(machine.front.workers, {});
  for (size_t i = 0; i < old.size(); ++i) {
    Process* worker = processes.Fork(*machine.front.master);
    processes.BecomeUser(*worker, machine.front.user);
    machine.front.workers.push_back(worker);
    co_await machine.timeline.Sleep(machine.Between(200 * kMicrosecond, 900 * kMicrosecond));
  }
  for (Process* worker : old) {
    co_await machine.timeline.Sleep(machine.Between(kMillisecond, 90 * kMillisecond));
    processes.Exit(*worker);
  }
  processes.Exit(*certbot);
}

Script Gallery(Machine& machine, Planted* planted) {
  for (int i = 0; i < 6; ++i) {
    const Request request = Innocent(machine, absl::StrCat("/thumb?id=", 2'000 + i, "&w=320"), 200);
    co_await Thumbnail(machine);
    machine.logs.Access(request, machine.Now(planted, "request"));
    co_await machine.timeline.Sleep(machine.Between(40 * kMillisecond, 900 * kMillisecond));
  }
}

// A visitor's picture lands in the web root and is made small at once.
Script PictureUpload(Machine& machine, Planted* planted) {
  Process* worker = machine.AppWorker();
  Request request = Innocent(machine, "/account/avatar.php", 302);
  request.method = "POST";
  const std::string temporary = absl::StrCat("/private/var/tmp/php", machine.random.Letters(6));
  const int64_t size = machine.random.Skewed(40'000, 900'000);
  co_await machine.WriteFile(worker, temporary, size, {});
  co_await machine.timeline.Sleep(machine.Between(kMillisecond, 8 * kMillisecond));
  const std::string path = absl::StrCat(inventory::UploadFolder(machine.host), "/",
                                        machine.random.Between(1'000, 9'999), ".jpg");
  machine.processes.File(*worker, {FileAction::kRename, path, temporary, size},
                         machine.Now(planted, "upload"));
  co_await Thumbnail(machine);
  machine.logs.Access(request, machine.Now(planted, "request"));
}

Script QuietPackage(Machine& machine, Planted* planted) {
  ProcessWorld& processes = machine.processes;
  const std::string& service = processes.Installed()[ProgramId::kPackageScriptService].path;
  Process* installer = processes.Fork(processes.Launchd());
  co_await machine.timeline.Sleep(machine.Between(kMillisecond, 4 * kMillisecond));
  Command start = {ProgramId::kPackageScriptService, {service}};
  processes.Exec(*installer, start);
  co_await machine.timeline.Sleep(machine.Between(200 * kMillisecond, 2 * kSecond));
  Process* script = processes.Fork(*installer);
  co_await machine.timeline.Sleep(machine.Between(200 * kMicrosecond, kMillisecond));
  Command postinstall = {ProgramId::kBash, {"/bin/bash", "./postinstall", "/Applications", "/"}};
  postinstall.script = "/private/tmp/PKInstallSandbox.a81kQz/Scripts/postinstall";
  processes.Exec(*script, postinstall, machine.Now(planted, "spawn"));
  co_await machine.timeline.Sleep(machine.Between(9 * kMillisecond, 60 * kMillisecond));
  Command mode = {ProgramId::kChmod, {"chmod", "-R", "go-w", "/Applications/Notes.app"}};
  co_await machine.RunChild(script, std::move(mode), 30 * kMillisecond);
  co_await machine.End(script);
  processes.Exit(*installer);
}

}  // namespace

std::vector<Scenario> LookAlikes() {
  constexpr Expectation kNone = Expectation::kLookAlike;
  return {
      {"failure-child-admin",
       kNone,
       kExploitRule,
       {},
       AnyWebHost,
       FailureChildAndAdmin,
       "an innocent 500, a declared child and an administrator's curl within seconds"},
      {"cache-and-api",
       kNone,
       kExploitRule,
       {},
       AnyWebHost,
       CacheAndApi,
       "a service writes its cache and calls its declared API around a 500"},
      {"scan-404",
       kNone,
       kExploitRule,
       {},
       AnyWebHost,
       Scan,
       "a scanner's traversal and probes, all answered 404"},
      {"deploy",
       kNone,
       "web-upload-exec",
       {},
       AnyWebHost,
       Deploy,
       "git or rsync of an administrator writes scripts into the web root"},
      {"certificate-renewal",
       kNone,
       kExploitRule,
       {},
       AnyWebHost,
       CertificateRenewal,
       "certbot connects, then the server reloads and its workers are replaced"},
      {"thumbnails",
       kNone,
       kExploitRule,
       {},
       [](const Host& host) { return host.ServesWeb() && host.role != Role::kHttpd; },
       Gallery,
       "the declared image tool runs on every request"},
      {"picture-upload",
       kNone,
       "web-upload-exec",
       {},
       RunsPhp,
       PictureUpload,
       "a picture lands in the web root, then the declared image tool runs"},
      {"quiet-package",
       kNone,
       "installer-package-egress",
       {},
       [](const Host& host) { return host.HasEndpoint(); },
       QuietPackage,
       "a package's script runs and nothing connects"},
  };
}

}  // namespace sequitur::loadgen
