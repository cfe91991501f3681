#include "loadgen/host.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace sequitur::loadgen {
namespace {

struct Release {
  absl::string_view os_version;
  int es_version;
};
constexpr Release kReleases[] = {{"13.6.9", 7}, {"15.1.1", 8}, {"15.5", 9}, {"26.0.1", 10}};

std::string Mac(Random& random) {
  std::string text = "3c-22-fb";
  for (int i = 0; i < 3; ++i) absl::StrAppend(&text, "-", random.Hex(2));
  return text;
}

std::vector<Role> RolesInTurn(const Options& options) {
  std::vector<Role> roles;
  for (const std::string& name : options.roles) {
    const auto at = std::find(kRoleNames.begin(), kRoleNames.end(), name);
    roles.push_back(static_cast<Role>(at - kRoleNames.begin()));
  }
  if (!roles.empty()) return roles;
  return {Role::kNginxPhp, Role::kHttpd, Role::kNginxNode, Role::kNginxPhpEndpoint,
          Role::kWorkstation};
}

AccessFormat FormatOf(Role role, Random& random) {
  if (role == Role::kHttpd)
    return random.Chance(0.5) ? AccessFormat::kCommon : AccessFormat::kCombined;
  constexpr AccessFormat kNginx[] = {AccessFormat::kCombined, AccessFormat::kCombined,
                                     AccessFormat::kMain, AccessFormat::kJson};
  return random.Pick<AccessFormat>(kNginx);
}

Host MakeHost(int number, Role role, Random random) {
  Host host;
  host.role = role;
  host.name = absl::StrFormat("%s-%02d", host.ServesWeb() ? "web" : "mac", number);
  host.id = random.Uuid();
  host.ip = absl::StrFormat("10.20.%d.%d", 1 + number / 200, 10 + number % 200);
  host.mac = Mac(random);
  host.link_local = absl::StrCat("fe80::", random.Hex(4), ":", random.Hex(4), ":", random.Hex(4));
  host.agent_id = absl::AsciiStrToLower(random.Uuid());
  host.brew = random.Chance(0.7) ? "/opt/homebrew" : "/usr/local";
  const Release& release = random.Pick<Release>(kReleases);
  host.os_version = std::string(release.os_version);
  host.es_version = release.es_version;
  host.array_tokens = release.es_version == 10 && random.Chance(0.5);
  host.access_format = FormatOf(role, random);
  // Flows name a host by address only: the eslogger shipper of such a host
  // still says which address is whose.
  host.name_only_logs = !host.HasEndpoint() && random.Chance(0.2);
  constexpr DecodedInto kInto[] = {DecodedInto::kMessage, DecodedInto::kMessage, DecodedInto::kRoot,
                                   DecodedInto::kJsonKey};
  host.eslogger_into = random.Pick<DecodedInto>(kInto);
  return host;
}

}  // namespace

std::string Host::WebRoot() const {
  return role == Role::kHttpd ? "/Library/WebServer/Documents" : brew + "/var/www";
}

std::vector<Host> MakeHosts(const Options& options, Random& random) {
  const std::vector<Role> roles = RolesInTurn(options);
  std::vector<Host> hosts;
  for (int i = 0; i < options.hosts; ++i) {
    hosts.push_back(MakeHost(options.first_host + i, roles[i % roles.size()], random.Fork()));
  }
  return hosts;
}

Host MakeSensor(Random& random) {
  Host host = MakeHost(0, Role::kNginxPhp, random.Fork());
  host.name = "zeek-01";
  host.ip = "10.20.0.5";
  return host;
}

}  // namespace sequitur::loadgen
