#pragma once

// SantaLog decodes lines of Santa's file log:
//   [2018-12-10T06:45:16.802Z] I santad: action=EXEC|decision=ALLOW|...|mode=M
// The order of the keys changed over the versions. A `|` inside a value is
// written `<pipe>`, so no value can forge a key; newlines are written `\n`.
//
// Source:   northpolesec/santa, SantadLoggers' BasicString serializer.
// Bounds:   one event a line; keys it does not know are passed over.
// Threads:  const.

#include "absl/strings/string_view.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

class SantaLog {
 public:
  static bool Recognises(absl::string_view line);
  DecodeResult Decode(absl::string_view line, const LineContext& lines, event::Event& event) const;
};

}  // namespace sequitur::decode
