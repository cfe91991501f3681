#pragma once

// JSON by RapidJSON's SAX parser: the reading that decides what a document says
// and whether it is one. JsonReader asks it for what json_scan hands back.

#include "absl/strings/string_view.h"
#include "base/arena.h"
#include "decode/json_reader.h"

namespace sequitur::decode {

// As JsonReader::Read, but \xHH escapes are damage: then `bad_escape` is set.
DecodeResult ReadJsonBySax(const JsonPaths& paths, absl::string_view json, Arena& arena,
                           JsonCaptures& captures, bool* bad_escape);

}  // namespace sequitur::decode
