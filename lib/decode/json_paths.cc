#include "decode/json_paths.h"

#include <algorithm>
#include <utility>

namespace sequitur::decode {

PathId JsonPaths::Add(absl::string_view path, Capture capture) {
  uint32_t node = 0;
  size_t start = 0;
  while (true) {
    const size_t dot = path.find('.', start);
    node = Child(node, path.substr(start, dot == path.npos ? path.npos : dot - start));
    if (dot == path.npos) break;
    start = dot + 1;
  }
  int& id = capture == Capture::kRaw ? nodes_[node].raw : nodes_[node].value;
  if (id < 0) {
    id = size_++;
    sets_.push_back(0);
  }
  return static_cast<PathId>(id);
}

size_t JsonPaths::Hash(absl::string_view key) {
  const size_t size = key.size();
  if (size == 0) return 0;
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<uint8_t>(key[at])); };
  return size + byte(0) * 3 + byte(size / 2) * 31 + byte(size - 1) * 7;
}

uint32_t JsonPaths::Probe(const Node& node, absl::string_view key) {
  const size_t mask = node.slots.size() - 1;
  for (size_t i = Hash(key) & mask;; i = (i + 1) & mask) {
    const Slot& slot = node.slots[i];
    if (slot.child == kNone || slot.key == key) return slot.child;
  }
}

void JsonPaths::Put(Slot slot, std::vector<Slot>& slots) {
  size_t i = Hash(slot.key) & (slots.size() - 1);
  while (slots[i].child != kNone) i = (i + 1) & (slots.size() - 1);
  slots[i] = std::move(slot);
}

uint32_t JsonPaths::Child(uint32_t node, absl::string_view key) {
  if (nodes_[node].children > 0) {
    const uint32_t known = Probe(nodes_[node], key);
    if (known != kNone) return known;
  }
  const auto child = static_cast<uint32_t>(nodes_.size());
  nodes_.emplace_back();
  Node& parent = nodes_[node];
  if (++parent.children * 2 > parent.slots.size()) {
    std::vector<Slot> larger(std::max<size_t>(4, parent.slots.size() * 2));
    for (Slot& slot : parent.slots) {
      if (slot.child != kNone) Put(std::move(slot), larger);
    }
    parent.slots = std::move(larger);
  }
  Put({std::string(key), child}, parent.slots);
  return child;
}

uint32_t JsonPaths::Find(uint32_t node, absl::string_view key) const {
  while (true) {
    if (nodes_[node].children == 0) return kNone;
    const uint32_t child = Probe(nodes_[node], key);
    if (child != kNone) return child;
    // A dotted key walks as many steps as it has parts.
    const size_t dot = key.find('.');
    if (dot == key.npos) return kNone;
    node = Probe(nodes_[node], key.substr(0, dot));
    if (node == kNone) return kNone;
    key.remove_prefix(dot + 1);
  }
}

}  // namespace sequitur::decode
