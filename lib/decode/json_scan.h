#pragma once

// The fast way to read JSON: follows the wanted paths and steps over everything
// else by its brackets and quotes, sixty-four bytes at a time. Whatever is not
// plain (escapes in keys, numbers with an exponent or many digits, control
// characters, more than kMaxJsonDepth levels, damage) it hands back.
//
// What it takes it reads exactly as json_sax does (a fuzz target holds the two
// equal). It differs in one thing, on purpose: of an object or array that nobody
// reads it looks only for the end, so a record damaged just there still counts.
//
// Lifetime: strings without escapes are views into `json`.
// Threads:  none; what it keeps is in `keys`.

#include "absl/strings/string_view.h"
#include "base/arena.h"
#include "decode/json_keys.h"
#include "decode/json_reader.h"

namespace sequitur::decode {

enum class Scanned {
  kNotPlain,  // `captures` is of no use
  kInPart,    // something was stepped over that json_sax looks into
  kInFull,    // json_sax would have taken it too
};
Scanned ScanJson(JsonKeys& keys, absl::string_view json, Arena& arena, JsonCaptures& captures);

}  // namespace sequitur::decode
