#pragma once

// What may name a host among all that shippers put there: names, client
// addresses (Fluent Bit's apache parser), the ident "-" (its nginx parser), the
// sender's address (old Logstash). Only names may name; an address is evidence
// of its own kind.
//
// Bounds:   at most kMaxHostName bytes are looked at.
// Threads:  pure functions; views into what is passed.

#include <cstddef>

#include "absl/strings/string_view.h"

namespace sequitur::decode {

inline constexpr size_t kMaxHostName = 253;

// The address in `text`, without port and brackets; empty when there is none.
absl::string_view AddressOf(absl::string_view text);

// What a shipper may call a host: IsHostName(), and none of the words by which
// every unconfigured machine goes ("localhost").
bool NamesOneHost(absl::string_view text);

// Stricter, for a bus key, which may be anything: DNS characters only, among
// them a letter, and not a hash.
bool LooksLikeHostName(absl::string_view text);

// The host name or UUID in a bus key; empty when it holds none. osquery's keys
// end in "_osqueryd".
absl::string_view HostOfKey(absl::string_view key);

// "web-03" for "web-03.example.org".
absl::string_view ShortHostName(absl::string_view name);

}  // namespace sequitur::decode
