// The attacks beside the exploit chain: a service that runs AppleScript or
// connects where it never did (AN1509), an uploaded script that is run
// (AN1110), an installer package that calls out.

#include <utility>

#include "absl/strings/str_cat.h"
#include "loadgen/intruder.h"
#include "loadgen/inventory.h"
#include "loadgen/scenario.h"
#include "loadgen/traffic.h"

namespace sequitur::loadgen {
namespace {

bool AnyWebHost(const Host& host) { return host.ServesWeb(); }
bool SeesConnectingProcess(const Host& host) { return host.role == Role::kNginxPhpEndpoint; }
bool RunsPhp(const Host& host) { return host.RunsPhp(); }

constexpr absl::string_view kAppleScripts[] = {
    "do shell script \"ls -la ~/Library/Keychains\"",
    "display dialog \"macOS needs your password\" default answer \"\" with hidden answer",
    "tell application \"Finder\" to get name of every disk",
};

Script AppleScript(Machine& machine, Planted* planted) {
  const std::string script(machine.random.Pick<absl::string_view>(kAppleScripts));
  Process* child = machine.processes.Fork(*machine.AppWorker());
  co_await machine.timeline.Sleep(machine.Between(150 * kMicrosecond, kMillisecond));
  if (machine.random.Chance(0.5)) {
    Command shell = {ProgramId::kSh, {"sh", "-c", absl::StrCat("osascript -e '", script, "'")}};
    machine.processes.Exec(*child, shell, machine.Now(planted, "spawn"));
    co_await machine.timeline.Sleep(machine.Between(400 * kMicrosecond, 2 * kMillisecond));
    shell.program = ProgramId::kBash;
    machine.processes.Exec(*child, shell);
    co_await machine.timeline.Sleep(machine.Between(kMillisecond, 3 * kMillisecond));
  }
  Command osascript = {ProgramId::kOsascript, {"osascript", "-e", script}};
  machine.processes.Exec(*child, osascript, machine.Now(planted, "applescript"));
  co_await machine.timeline.Sleep(machine.Between(90 * kMillisecond, 3 * kSecond));
  machine.processes.Exit(*child);
}

Script NewConnection(Machine& machine, Planted* planted) {
  const Intruder intruder = MakeIntruder(machine.random);
  ConnectionStart connection;
  connection.process = machine.AppWorker();
  connection.to = intruder.home;
  connection.port = machine.random.Chance(0.5) ? 443 : 8443;
  connection.duration = machine.Between(2 * kSecond, 40 * kSecond);
  connection.planted = planted;
  co_await machine.Connect(std::move(connection));
}

// A form upload as PHP handles it: into a temporary file, then moved into place.
Script Upload(Machine& machine, Intruder intruder, std::string path, Planted* planted) {
  Process* worker = machine.AppWorker();
  Request request;
  request.client = intruder.client;
  request.method = "POST";
  request.target = "/account/avatar.php";
  request.user_agent = std::string(intruder.user_agent);
  request.bytes = 64;
  request.start = machine.timeline.Now();
  const std::string temporary = absl::StrCat("/private/var/tmp/php", machine.random.Letters(6));
  const int64_t size = machine.random.Between(60, 9'000);
  co_await machine.timeline.Sleep(machine.Between(3 * kMillisecond, 20 * kMillisecond));
  co_await machine.WriteFile(worker, temporary, size, {});
  co_await machine.timeline.Sleep(machine.Between(kMillisecond, 8 * kMillisecond));
  FileChange move = {FileAction::kRename, std::move(path), temporary, size};
  machine.processes.File(*worker, move, machine.Now(planted, "upload"));
  co_await machine.timeline.Sleep(machine.Between(kMillisecond, 9 * kMillisecond));
  machine.logs.Access(request, machine.Now(planted, "request"));
}

Script UploadAndRun(Machine& machine, Planted* planted) {
  const Intruder intruder = MakeIntruder(machine.random);
  const std::string file = absl::StrCat("avatar-", machine.random.Hex(6), ".php");
  co_await Upload(machine, intruder, absl::StrCat(inventory::UploadFolder(machine.host), "/", file),
                  planted);
  co_await machine.timeline.Sleep(machine.random.Skewed(60 * kMillisecond, 190 * kSecond));
  Request request;
  request.client = intruder.client;
  request.target = absl::StrCat("/uploads/", file, "?cmd=whoami%3Bid");
  request.user_agent = std::string(intruder.user_agent);
  request.bytes = 91;
  request.start = machine.timeline.Now();
  co_await machine.timeline.Sleep(machine.Between(5 * kMillisecond, 60 * kMillisecond));
  ShellStart start;
  start.parent = machine.AppWorker();
  start.command = "whoami;id";
  start.planted = planted;
  Process* shell = nullptr;
  co_await machine.StartShell(std::move(start), &shell);
  for (const ProgramId look : {ProgramId::kWhoami, ProgramId::kId}) {
    Command command = {look, {machine.processes.Installed()[look].name}};
    co_await machine.RunChild(shell, std::move(command), 3 * kMillisecond);
  }
  machine.processes.Exit(*shell);
  co_await machine.timeline.Sleep(machine.Between(kMillisecond, 5 * kMillisecond));
  machine.logs.Access(request, machine.Now(planted, "request"));
}

Script Package(Machine& machine, Planted* planted) {
  const Intruder intruder = MakeIntruder(machine.random);
  ProcessWorld& processes = machine.processes;
  const std::string& service = processes.Installed()[ProgramId::kPackageScriptService].path;
  Process* installer = processes.Fork(processes.Launchd());
  co_await machine.timeline.Sleep(machine.Between(kMillisecond, 4 * kMillisecond));
  Command start = {ProgramId::kPackageScriptService, {service}};
  processes.Exec(*installer, start);
  co_await machine.timeline.Sleep(machine.Between(200 * kMillisecond, 2 * kSecond));
  Process* script = processes.Fork(*installer);
  co_await machine.timeline.Sleep(machine.Between(200 * kMicrosecond, kMillisecond));
  const std::string folder =
      absl::StrCat("/private/tmp/PKInstallSandbox.", machine.random.Letters(6), "/Scripts");
  Command postinstall = {ProgramId::kBash,
                         {"/bin/bash", folder + "/postinstall", "/Applications", "/"}};
  postinstall.script = folder + "/postinstall";
  postinstall.cwd = folder;
  processes.Exec(*script, postinstall, machine.Now(planted, "spawn"));
  co_await machine.timeline.Sleep(machine.Between(9 * kMillisecond, 2 * kSecond));
  Raid raid;
  raid.shell = script;
  raid.intruder = intruder;
  raid.command = FetchCommand(intruder, machine.random);
  raid.pause = machine.Between(0, 12 * kSecond);
  raid.planted = planted;
  co_await PlayRaid(machine, std::move(raid));
  processes.Exit(*script);
  co_await machine.timeline.Sleep(machine.Between(20 * kMillisecond, 400 * kMillisecond));
  processes.Exit(*installer);
}

}  // namespace

std::vector<Scenario> OtherAttacks() {
  constexpr Expectation kAttack = Expectation::kAttack;
  return {
      {"plugin-applescript",
       kAttack,
       "web-plugin-automation",
       {""},
       AnyWebHost,
       AppleScript,
       "a web service's process executes osascript, directly or by sh -c"},
      {"plugin-connection",
       kAttack,
       "web-plugin-automation",
       {"", "-network", "-egress"},
       SeesConnectingProcess,
       NewConnection,
       "php-fpm itself connects where it never did, and nothing else happens"},
      {"upload-exec",
       kAttack,
       "web-upload-exec",
       {""},
       RunsPhp,
       UploadAndRun,
       "a script is uploaded into the web root and requested up to 190 s later"},
      {"installer-egress",
       kAttack,
       "installer-package-egress",
       {""},
       [](const Host& host) { return host.HasEndpoint(); },
       Package,
       "a package's postinstall script runs curl"},
  };
}

}  // namespace sequitur::loadgen
