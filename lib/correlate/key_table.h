#pragma once

// KeyTable: the KeyStates of one host by rule and join key. A table that grows is a
// pause for whoever adds to it; so beyond kWhole keys it is kShards tables, each of
// which grows by itself.
//
// Threads:  none. Lifetime: the pool, whose states it numbers, outlives it.

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "correlate/key_pool.h"

namespace sequitur::correlate {

class KeyTable {
 public:
  static constexpr size_t kWhole = 8192;
  static constexpr size_t kShards = 64;

  explicit KeyTable(const KeyPool& pool) : pool_(pool) {
    shards_.emplace_back(0, Hash(), Equal{&pool});
  }

  std::optional<KeyPool::Number> Find(uint32_t rule, absl::string_view key) const {
    const View view{HashOf(rule, key), rule, key};
    const Shard& shard = shards_[ShardOf(view.hash)];
    const auto found = shard.find(view);
    if (found == shard.end()) return std::nullopt;
    return found->number;
  }
  // REQUIRES: none of its rule and key is here.
  void Insert(KeyPool::Number number) {
    if (shards_.size() == 1 && size_ == kWhole) Split();
    const KeyState& state = pool_[number];
    const uint32_t hash = HashOf(state.rule(), state.key());
    shards_[ShardOf(hash)].insert({hash, number});
    ++size_;
  }
  // REQUIRES: it is here.
  KeyPool::Number Take(const KeyState& state) {
    const View view{HashOf(state.rule(), state.key()), state.rule(), state.key()};
    Shard& shard = shards_[ShardOf(view.hash)];
    const auto found = shard.find(view);
    const KeyPool::Number number = found->number;
    shard.erase(found);
    --size_;
    return number;
  }

  size_t size() const { return size_; }
  void ForEach(auto each) const {
    for (const Shard& shard : shards_) {
      for (const Entry& entry : shard) each(entry.number);
    }
  }

 private:
  // The hash stands beside the number: growing must not visit every state.
  struct Entry {
    uint32_t hash;
    KeyPool::Number number;
  };
  struct View {
    uint32_t hash;
    uint32_t rule;
    absl::string_view key;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const auto& e) const { return e.hash * uint64_t{0x9E3779B97F4A7C15}; }
  };
  struct Equal {
    using is_transparent = void;
    const KeyPool* pool;
    bool operator()(const Entry& a, const Entry& b) const { return a.number == b.number; }
    bool operator()(const Entry& a, const View& b) const {
      if (a.hash != b.hash) return false;
      const KeyState& state = (*pool)[a.number];
      return state.rule() == b.rule && state.key() == b.key;
    }
    bool operator()(const View& a, const Entry& b) const { return (*this)(b, a); }
  };
  using Shard = absl::flat_hash_set<Entry, Hash, Equal>;

  static uint32_t HashOf(uint32_t rule, absl::string_view key) {
    return static_cast<uint32_t>(absl::HashOf(rule, key) >> 16);
  }
  size_t ShardOf(uint32_t hash) const { return hash % shards_.size(); }
  void Split() {
    const Shard whole = std::move(shards_.front());
    shards_.assign(kShards, Shard(0, Hash(), Equal{&pool_}));
    for (const Entry& entry : whole) shards_[ShardOf(entry.hash)].insert(entry);
  }

  const KeyPool& pool_;
  std::vector<Shard> shards_;
  size_t size_ = 0;
};

}  // namespace sequitur::correlate
