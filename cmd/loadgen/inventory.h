#pragma once

// The inventory of the simulated fleet: every child its services run and every
// address they call in the course of their work. What is here is innocent and
// must be declared to whoever judges the telemetry (config/services.yaml);
// what a service does beyond it was planted.

#include <string>

#include "absl/strings/string_view.h"
#include "loadgen/host.h"

namespace sequitur::loadgen::inventory {

inline constexpr absl::string_view kSite = "shop.example";

// Declared children: program and arguments.
// php-fpm: `sh -c "{brew}/bin/convert {web root}/uploads/… -thumbnail 320x320 {cache}/thumbs/…"`
inline constexpr absl::string_view kThumbnailTool = "/bin/convert";
// php-fpm: mail(), `sh -c "/usr/sbin/sendmail -t -i"`
inline constexpr absl::string_view kMailCommand = "/usr/sbin/sendmail -t -i";
// httpd: the one CGI program, a `#!/bin/sh` script.
inline constexpr absl::string_view kCgiScript = "/Library/WebServer/CGI-Executables/status.cgi";
// node: execFile without a shell, `/usr/bin/sips -Z 320 … --out {cache}/thumbs/…`
inline constexpr absl::string_view kNodeImageTool = "/usr/bin/sips";

// Declared egress of the services.
struct Destination {
  absl::string_view ip;
  int port;
  absl::string_view what;
};
inline constexpr Destination kPaymentsApi = {"52.84.125.33", 443, "api.payments.example"};
inline constexpr Destination kMailApi = {"34.98.99.30", 443, "api.mail.example"};

// Traffic of the hosts themselves, not of a service.
inline constexpr Destination kAcmeDirectory = {"172.65.32.248", 443, "acme.example"};
inline constexpr Destination kGitHosting = {"140.82.121.4", 443, "git.example"};
inline constexpr Destination kVendorUpdates = {"17.253.57.203", 443, "updates.example"};
inline constexpr Destination kTimeServer = {"17.253.14.251", 123, "time.example"};
inline constexpr absl::string_view kResolver = "10.20.0.53";
inline constexpr absl::string_view kLoadBalancer = "10.20.0.8";
inline constexpr absl::string_view kAdminMachine = "10.20.0.20";
inline constexpr absl::string_view kDatabase = "10.20.0.30";

// Where services write in the course of their work.
inline std::string CacheFolder(const Host& host) {
  return host.role == Role::kHttpd ? "/Library/Caches/status" : host.brew + "/var/cache/shop";
}
inline std::string UploadFolder(const Host& host) { return host.WebRoot() + "/uploads"; }

}  // namespace sequitur::loadgen::inventory
