#pragma once

// JsonPaths: the paths that somebody reads out of JSON documents, as a trie
// whose cursor follows a document's keys.
//
// Threads:  const once built.

#include <cassert>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sequitur::decode {

using PathId = uint16_t;

// Some of the paths, of which a document has mostly none: one question for all
// (JsonCaptures::HasAnyOf).
class PathSet {
 private:
  friend class JsonPaths;
  friend class JsonCaptures;
  explicit PathSet(uint64_t bit) : bit_(bit) {}

  uint64_t bit_;
};

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

  static constexpr size_t kMaxSets = 64;
  PathSet AddSet() {
    assert(set_count_ < kMaxSets);
    return PathSet(uint64_t{1} << set_count_++);
  }
  void Put(PathId id, PathSet set) { sets_[id] |= set.bit_; }
  // The sets that the path is in, a bit each.
  uint64_t sets_of(PathId id) const { return sets_[id]; }

  // For the reader's cursor: a node of the trie of paths, kRoot at the top,
  // kNone where nobody asked for anything below.
  static constexpr uint32_t kRoot = 0;
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t Find(uint32_t node, absl::string_view key) const;
  // The id captured at this node, or -1.
  int value_at(uint32_t node) const { return node == kNone ? -1 : nodes_[node].value; }
  int raw_at(uint32_t node) const { return node == kNone ? -1 : nodes_[node].raw; }
  // All that there is to know of a node.
  struct Target {
    uint32_t node;
    int value;  // PathId, or -1
    int raw;
    bool has_children;
  };
  static constexpr Target kNoTarget = {kNone, -1, -1, false};
  Target TargetOf(uint32_t node) const {
    if (node == kNone) return kNoTarget;
    const Node& at = nodes_[node];
    return {node, at.value, at.raw, at.children > 0};
  }

  // Of a few bytes of the key; cheap.
  static size_t Hash(absl::string_view key);

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

  static uint32_t Probe(const Node& node, absl::string_view key);
  static void Put(Slot slot, std::vector<Slot>& slots);
  uint32_t Child(uint32_t node, absl::string_view key);

  std::vector<Node> nodes_;
  PathId size_ = 0;
  std::vector<uint64_t> sets_;  // by path
  size_t set_count_ = 0;
};

}  // namespace sequitur::decode
