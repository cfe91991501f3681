#pragma once

// One pass over a JSON document that picks out only the paths somebody asked
// for: no DOM, no allocation beyond the arena. Every JSON source registers the
// paths it reads in one shared JsonPaths, so that a record is read once to be
// recognised and decoded.
//
// Dotted keys and nested objects are one namespace: {"a.b": 1} and
// {"a": {"b": 1}} are both the path a.b. Arrays are flattened into lists; lists
// of objects give one list per path. A path seen twice becomes a list of both,
// so no occurrence can hide another.
//
// Bounds:   nesting kMaxJsonDepth; nothing recursive beyond it.
// Threads:  JsonPaths is const once built; a JsonReader belongs to one worker.

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "base/arena.h"
#include "decode/json_keys.h"
#include "decode/json_paths.h"
#include "decode/source.h"
#include "event/value.h"

namespace sequitur::decode {

inline constexpr int kMaxJsonDepth = 64;

// What one read found. Views live as long as the arena passed to Read and the
// document itself.
class JsonCaptures {
 public:
  const event::Value& Get(PathId id) const { return values_[id]; }
  bool Has(PathId id) const { return !values_[id].is_null(); }
  absl::string_view Text(PathId id) const { return values_[id].text(); }
  bool HasAnyOf(PathSet set) const { return (sets_ & set.bit_) != 0; }

  void Clear();

 private:
  friend class CaptureWriter;
  friend class JsonReader;
  // To be called once all is captured.
  void FindSets(const JsonPaths& paths);

  std::vector<event::Value> values_;
  std::vector<PathId> present_;  // the first count_, each once
  size_t count_ = 0;
  uint64_t sets_ = 0;  // of which there is a path
};

class JsonReader {
 public:
  // REQUIRES: `paths` is complete at the first Read, and lives longer.
  explicit JsonReader(const JsonPaths& paths) : keys_(paths) {}

  // Reads one JSON object. kDecoded, or kMalformedJson / kTooDeep, and then
  // `captures` is empty. Accepts what real shippers write and strict JSON does
  // not: bytes that are not UTF-8, and \xHH escapes (httpd's LogFormat).
  // Of values that nobody asked for it may overlook damage within.
  DecodeResult Read(absl::string_view json, Arena& arena, JsonCaptures& captures);

 private:
  JsonKeys keys_;
};

// Calls `each` with the bytes of every object that is an element of the JSON
// array `raw` (as captured by kRaw). Stops quietly at damage: the array was
// well-formed when it was captured.
void ForEachJsonObject(absl::string_view raw, absl::FunctionRef<void(absl::string_view)> each);

}  // namespace sequitur::decode
