#pragma once

// RequestForms: one request target as it may have been meant: as it was sent,
// and percent-decoded once and twice. Attackers encode for one decoder too many.
//
// Bounds:   the first kMaxTarget bytes of a target.
// Lifetime: text() is valid until the next Set().

#include <string>

#include "absl/strings/string_view.h"

namespace sequitur::enrich {

class RequestForms {
 public:
  // Servers refuse request lines beyond 8 KiB unless told otherwise.
  static constexpr size_t kMaxTarget = 32 << 10;
  // Between two forms; in no pattern.
  static constexpr char kSeparator = '\x01';

  void Set(absl::string_view target);
  // The forms that differ, each followed by kSeparator and a newline.
  absl::string_view text() const { return text_; }

 private:
  std::string text_;
  std::string once_;
  std::string twice_;
};

// Percent-decodes into `out`: %HH, IIS's %uHHHH below 256, `+` as a blank in
// the query. Anything malformed stays as it is. True when something changed.
bool PercentDecode(absl::string_view text, std::string& out);

// True when the text has control bytes, or bytes that are not UTF-8: TLS on a
// plain port, shellcode, a scanner's garbage.
bool IsBinary(absl::string_view text);

}  // namespace sequitur::enrich
