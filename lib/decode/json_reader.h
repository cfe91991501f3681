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

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "base/arena.h"
#include "decode/source.h"
#include "event/value.h"

namespace sequitur::decode {

inline constexpr int kMaxJsonDepth = 64;

using PathId = uint16_t;

class JsonPaths {
 public:
  enum class Capture : uint8_t {
    kValue,  // scalars, flattened into a list when there are several
    kRaw,    // the bytes of the object or array, as a string, to be read again
  };

  JsonPaths() : nodes_(1) {}

  // The same path asked for twice has one id; value and raw are two.
  PathId Add(absl::string_view path, Capture capture = Capture::kValue);
  size_t size() const { return size_; }

  // For the reader's cursor: a node of the trie of paths, kRoot at the top,
  // kNone where nobody asked for anything below.
  static constexpr uint32_t kRoot = 0;
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t Find(uint32_t node, absl::string_view key) const;
  // The id captured at this node, or -1.
  int value_at(uint32_t node) const { return node == kNone ? -1 : nodes_[node].value; }
  int raw_at(uint32_t node) const { return node == kNone ? -1 : nodes_[node].raw; }
  bool has_children(uint32_t node) const { return nodes_[node].children > 0; }

 private:
  // A node's children by key: a table half full at most, probed in line. Keys
  // are short, so a few of their bytes make the hash.
  struct Slot {
    std::string key;
    uint32_t child = kNone;  // kNone: the slot is free
  };
  struct Node {
    std::vector<Slot> slots;  // a power of two, or none
    uint32_t children = 0;
    int value = -1;  // PathId, or -1
    int raw = -1;
  };

  static size_t Hash(absl::string_view key);
  static uint32_t Probe(const Node& node, absl::string_view key);
  static void Put(Slot slot, std::vector<Slot>& slots);
  uint32_t Child(uint32_t node, absl::string_view key);

  std::vector<Node> nodes_;
  PathId size_ = 0;
};

// What one read found. Views live as long as the arena passed to Read and the
// document itself.
class JsonCaptures {
 public:
  const event::Value& Get(PathId id) const { return values_[id]; }
  bool Has(PathId id) const { return !values_[id].is_null(); }
  absl::string_view Text(PathId id) const { return values_[id].text(); }

  void Clear();

 private:
  friend class CaptureWriter;
  std::vector<event::Value> values_;
  std::vector<PathId> present_;
};

class JsonReader {
 public:
  explicit JsonReader(const JsonPaths& paths) : paths_(&paths) {}

  // Reads one JSON object. kDecoded, or kMalformedJson / kTooDeep, and then
  // `captures` is empty. Accepts what real shippers write and strict JSON does
  // not: bytes that are not UTF-8, and \xHH escapes (httpd's LogFormat).
  // Of values that nobody asked for it may overlook damage within.
  DecodeResult Read(absl::string_view json, Arena& arena, JsonCaptures& captures);

 private:
  const JsonPaths* paths_;
};

// Calls `each` with the bytes of every object that is an element of the JSON
// array `raw` (as captured by kRaw). Stops quietly at damage: the array was
// well-formed when it was captured.
void ForEachJsonObject(absl::string_view raw, absl::FunctionRef<void(absl::string_view)> each);

}  // namespace sequitur::decode
