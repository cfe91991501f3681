#include "decode/stream_table.h"

namespace sequitur::decode {

void StreamTable::Unlink(uint32_t node) {
  nodes_[nodes_[node].newer].older = nodes_[node].older;
  nodes_[nodes_[node].older].newer = nodes_[node].newer;
}

void StreamTable::LinkNewest(uint32_t node) {
  const uint32_t second = nodes_[0].older;
  nodes_[node].newer = 0;
  nodes_[node].older = second;
  nodes_[second].newer = node;
  nodes_[0].older = node;
}

uint32_t StreamTable::Insert(uint64_t key) {
  uint32_t node = 0;
  if (nodes_.size() <= kMaxStreams) {
    node = static_cast<uint32_t>(nodes_.size());
    nodes_.emplace_back();
  } else {
    node = nodes_[0].newer;  // the ring's other end: the oldest
    Unlink(node);
    by_key_.erase(nodes_[node].key);
  }
  nodes_[node].key = key;
  nodes_[node].stream = Stream();
  by_key_.emplace(key, node);
  return node;
}

Stream& StreamTable::Get(uint64_t key) {
  const auto found = by_key_.find(key);
  uint32_t node = 0;
  if (found == by_key_.end()) {
    node = Insert(key);
  } else {
    node = found->second;
    if (nodes_[0].older == node) return nodes_[node].stream;
    Unlink(node);
  }
  LinkNewest(node);
  return nodes_[node].stream;
}

}  // namespace sequitur::decode
