#pragma once

// The two ways of reading JSON against each other.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "decode/json_sax.h"
#include "decode/json_scan.h"

namespace sequitur::decode {

// What the scan has read otherwise than the parser; empty when they agree.
// `keys` as earlier documents left them.
inline std::string Disagreement(JsonKeys& keys, absl::string_view json) {
  const JsonPaths& paths = keys.paths();
  Arena fast_arena, slow_arena;
  JsonCaptures fast, slow;
  const Scanned scanned = ScanJson(keys, json, fast_arena, fast);
  if (scanned == Scanned::kNotPlain) return "";
  bool bad_escape = false;
  const DecodeResult parsed = ReadJsonBySax(paths, json, slow_arena, slow, &bad_escape);
  if (parsed != DecodeResult::kDecoded) {
    if (scanned == Scanned::kInPart) return "";  // may overlook what nobody reads
    return absl::StrCat("read in full and yet ", DecodeResultName(parsed));
  }
  for (size_t id = 0; id < paths.size(); ++id) {
    const event::Value& a = fast.Get(static_cast<PathId>(id));
    const event::Value& b = slow.Get(static_cast<PathId>(id));
    if (a.kind() != b.kind() || a.ToString() != b.ToString()) {
      return absl::StrCat("path ", id, ": ", a.ToString(), " and not ", b.ToString());
    }
  }
  return "";
}

}  // namespace sequitur::decode
