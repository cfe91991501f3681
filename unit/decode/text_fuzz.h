#pragma once

// What must hold of any decoder of text lines, whatever the line: the same line
// decodes the same way twice, a decoded event has a time and its original, and
// every value can be read (the sanitizers watch).

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "decode/decoded_line.h"

namespace sequitur::decode {

inline void Require(bool holds) {
  if (!holds) std::abort();
}

inline std::string Dump(DecodedLine& decoded) {
  std::string dump = absl::StrCat(decoded.event().time);
  for (event::FieldId id : decoded.event().present()) {
    absl::StrAppend(&dump, "|", id, "=", decoded.event().Get(id).ToString());
  }
  return dump;
}

// Decodes the line alone, and again behind an entry that dates it.
template <typename Decoder>
void CheckDecoding(const Decoder& decoder, absl::string_view line) {
  DecodedLine decoded;
  for (event::TimeNs last : {event::kNoTime, event::TimeNs{1'800'000'000'000'000'000}}) {
    decoded.memory.last_time = last;
    const std::string result = decoded.Decode(decoder, line);
    const std::string first = Dump(decoded);
    if (result == "decoded") {
      Require(decoded.event().time != event::kNoTime);
      Require(decoded["event.original"] == line);
      Require(decoded["event.category"] != "null");
    }
    decoded.memory.last_time = last;
    Require(decoded.Decode(decoder, line) == result);
    Require(Dump(decoded) == first);
  }
  Decoder::Recognises(line);
}

}  // namespace sequitur::decode
