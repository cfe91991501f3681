#pragma once

// What a document says about its own host, judged: an address or "-" is no
// name (stock parsers put the client's address where the host belongs), and an
// identifier may be a machine UUID or a name.

#include "absl/strings/string_view.h"
#include "event/event.h"

namespace sequitur::decode {

// 8-4-4-4-12 hexadecimal digits.
bool IsUuid(absl::string_view text);

// Whether `text` can name a host: not empty, not "-", not an IP address, no
// blanks, not longer than the DNS allows.
bool IsHostName(absl::string_view text);

// Puts `text` where it belongs in the claim, if anywhere; a name or id that is
// there already stays.
void ClaimIdentifier(absl::string_view text, event::HostClaim& claim);
void ClaimName(absl::string_view text, event::HostClaim& claim);

}  // namespace sequitur::decode
