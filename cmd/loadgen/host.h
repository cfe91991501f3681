#pragma once

// Host: who a simulated machine is and how its telemetry is shaped. Constant
// for a run and drawn from the seed, so that two runs show the same fleet.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "loadgen/options.h"
#include "loadgen/random.h"

namespace sequitur::loadgen {

// What a machine serves, and which sensor watches its processes.
enum class Role : uint8_t {
  kNginxPhp,          // nginx + php-fpm, eslogger
  kHttpd,             // Apple's httpd with CGI, eslogger
  kNginxNode,         // nginx + Node.js, eslogger
  kNginxPhpEndpoint,  // nginx + php-fpm, Elastic Endpoint
  kWorkstation,       // serves nothing, Elastic Endpoint
};
inline constexpr std::array<absl::string_view, 5> kRoleNames = {
    "nginx-php", "httpd", "nginx-node", "nginx-php-endpoint", "workstation"};

enum class AccessFormat : uint8_t { kCombined, kMain, kJson, kCommon };

// How Filebeat reads eslogger's lines: as text, or decoded by its ndjson parser
// to the root of the document or under a key.
enum class DecodedInto : uint8_t { kMessage, kRoot, kJsonKey };

struct Host {
  std::string name;
  std::string id;  // the machine's UUID
  std::string ip;
  std::string link_local;  // its IPv6 address on the wire
  std::string mac;
  std::string agent_id;
  Role role = Role::kNginxPhp;
  std::string brew;  // Homebrew's prefix, which tells Apple silicon from Intel
  std::string os_version;
  int es_version = 8;           // of ES messages
  bool array_tokens = false;    // audit tokens as eight numbers
  bool name_only_logs = false;  // the log shipper adds no host.id and no addresses
  AccessFormat access_format = AccessFormat::kCombined;
  DecodedInto eslogger_into = DecodedInto::kMessage;

  bool HasEndpoint() const { return role == Role::kNginxPhpEndpoint || role == Role::kWorkstation; }
  bool ServesWeb() const { return role != Role::kWorkstation; }
  bool RunsPhp() const { return role == Role::kNginxPhp || role == Role::kNginxPhpEndpoint; }
  bool RunsNginx() const { return role != Role::kHttpd && role != Role::kWorkstation; }
  std::string WebRoot() const;
};

// The fleet, roles in turn.
std::vector<Host> MakeHosts(const Options& options, Random& random);
// The machine that watches the network beside the fleet.
Host MakeSensor(Random& random);

}  // namespace sequitur::loadgen
