#pragma once

// What ECS says a field holds, where EQL compares by type: addresses and dates.
// A stream has no mapping, so the name decides.
//
// Threads:  free functions.

#include "absl/strings/string_view.h"

namespace sequitur::eql {

// The last part of the path is `ip` or ends in `_ip`: destination.ip,
// source.nat.ip, dns.resolved_ip, network.forwarded_ip.
bool IsAddressField(absl::string_view path);

// @timestamp, event.created, process.start, file.mtime ...
bool IsDateField(absl::string_view path);

}  // namespace sequitur::eql
