#pragma once

// The `, client: ... request: "..."` tail of an nginx error entry, and which
// of the tails in an entry is nginx's own.
//
// A client can write tails into what comes before the real one (a path in
// `open() "..."`, a user's name, a script's stderr) and into what comes after
// (the request, the headers). Before it, client text always stands in a quoted
// string whose end nginx follows with words of its own; so
//   - a tail right behind text without any quote is genuine: no client text
//     came before it;
//   - otherwise a tail is plausible when the message up to it ends as messages
//     that begin so do (`open() "..." failed (2: ...)`);
//   - exactly one plausible tail is believed; with several, none is.
//
// Bounds:   linear in the message; at most kMaxTails are looked at.

#include <cstddef>

#include "absl/strings/string_view.h"

namespace sequitur::decode {

struct NginxErrorTail {
  static constexpr size_t kMaxTails = 32;

  absl::string_view message;  // what comes before the believed tail, or all
  absl::string_view client;   // empty: no tail is believed
  absl::string_view server;
  absl::string_view request;   // the request line, raw
  absl::string_view upstream;  // URL
  absl::string_view host;
  absl::string_view referrer;
  bool ambiguous = false;  // several tails were plausible
};

enum class EntryPart { kWhole, kContinuation };

NginxErrorTail FindNginxErrorTail(absl::string_view text, EntryPart part);

}  // namespace sequitur::decode
