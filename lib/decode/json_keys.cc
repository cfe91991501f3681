#include "decode/json_keys.h"

namespace sequitur::decode {
namespace {

constexpr size_t kSlots = 2 * 1024;
static_assert(JsonKeys::kMaxKeys * 2 <= kSlots);

// Of all bytes: whoever writes the documents may choose the keys.
size_t SlotOf(const char (&text)[JsonKeys::kMaxText], uint32_t parent) {
  uint64_t words[JsonKeys::kMaxText / sizeof(uint64_t)];
  std::memcpy(words, text, sizeof words);
  uint64_t hash = parent;
  for (const uint64_t word : words) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  }
  return hash & (kSlots - 1);
}

}  // namespace

void JsonKeys::Allocate() {
  keys_ = std::make_unique<Key[]>(kMaxKeys + 1);
  table_.assign(kSlots, 0);
}

JsonPaths::Target JsonKeys::TargetOf(uint32_t parent, absl::string_view name) const {
  return paths_->TargetOf(paths_->Find(parent, name));
}

JsonKeys::Link JsonKeys::Find(uint32_t parent, absl::string_view text) {
  char padded[kMaxText] = {','};
  std::memcpy(padded + 1, text.data(), text.size());
  size_t slot = SlotOf(padded, parent);
  for (; table_[slot] != 0; slot = (slot + 1) & (kSlots - 1)) {
    const Key& known = keys_[table_[slot]];
    if (known.parent == parent && std::memcmp(known.text, padded, kMaxText) == 0) {
      return table_[slot];
    }
  }
  if (count_ == kMaxKeys) {
    table_.assign(kSlots, 0);
    count_ = 0;
    slot = SlotOf(padded, parent);
  }
  const auto link = static_cast<Link>(++count_);
  Key& key = keys_[link];
  key = Key();
  std::memcpy(key.text, padded, kMaxText);
  key.parent = parent;
  key.target = TargetOf(parent, text.substr(1, text.size() - 3));
  key.size = static_cast<uint8_t>(1 + text.size());
  table_[slot] = link;
  return link;
}

}  // namespace sequitur::decode
