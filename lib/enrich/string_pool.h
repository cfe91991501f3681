#pragma once

// StringPool keeps each distinct string once, counted: the executables,
// argument lists and ids of a host's processes are few strings many times.
//
// Bounds:   none of its own; bytes() lets the owner set one.
// Threads:  none.
// Lifetime: Text() is valid until the symbol's last Release().

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace sequitur::enrich {

class StringPool {
 public:
  using Symbol = uint32_t;
  // The empty string; never counted.
  static constexpr Symbol kNone = 0;

  StringPool() : entries_(1), ids_(0, HashOf(), Same{&entries_}) {}
  StringPool(const StringPool&) = delete;
  StringPool& operator=(const StringPool&) = delete;

  // The string's symbol, with one more owner.
  Symbol Add(absl::string_view text);
  Symbol Retain(Symbol symbol);
  // The symbol if the string is held, without owning it; else kNone.
  Symbol Find(absl::string_view text) const {
    const auto found = ids_.find(Asked(text));
    return found == ids_.end() ? kNone : found->symbol;
  }
  void Release(Symbol symbol);

  absl::string_view Text(Symbol symbol) const { return entries_[symbol].text; }
  // Characters held plus what keeping them costs, about.
  size_t bytes() const { return bytes_; }
  size_t size() const { return ids_.size(); }

 private:
  struct Entry {
    std::string text;
    uint32_t owners = 0;
  };
  using Entries = std::deque<Entry>;
  // An entry with its hash beside it: a growing table need not read the texts again.
  struct Slot {
    Symbol symbol;
    uint32_t hash;
  };
  struct Asked {
    explicit Asked(absl::string_view text)
        : text(text), hash(static_cast<uint32_t>(absl::Hash<absl::string_view>()(text))) {}
    absl::string_view text;
    uint32_t hash;
  };
  struct HashOf {
    using is_transparent = void;
    size_t operator()(const Slot& slot) const { return slot.hash; }
    size_t operator()(const Asked& asked) const { return asked.hash; }
  };
  struct Same {
    using is_transparent = void;
    bool operator()(const Slot& a, const Slot& b) const { return a.symbol == b.symbol; }
    bool operator()(const Slot& a, const Asked& b) const {
      return a.hash == b.hash && (*entries)[a.symbol].text == b.text;
    }
    const Entries* entries;
  };
  static constexpr size_t kOverhead = 64;

  Entries entries_;
  std::vector<Symbol> free_;
  absl::flat_hash_set<Slot, HashOf, Same> ids_;
  size_t bytes_ = 0;
};

}  // namespace sequitur::enrich
