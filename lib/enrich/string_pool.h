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

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace sequitur::enrich {

class StringPool {
 public:
  using Symbol = uint32_t;
  // The empty string; never counted.
  static constexpr Symbol kNone = 0;

  StringPool() : entries_(1) {}
  StringPool(const StringPool&) = delete;
  StringPool& operator=(const StringPool&) = delete;

  // The string's symbol, with one more owner.
  Symbol Add(absl::string_view text);
  Symbol Retain(Symbol symbol);
  // The symbol if the string is held, without owning it; else kNone.
  Symbol Find(absl::string_view text) const {
    const auto found = ids_.find(text);
    return found == ids_.end() ? kNone : found->second;
  }
  void Release(Symbol symbol);

  absl::string_view Text(Symbol symbol) const { return entries_[symbol].text; }
  // Characters held plus what keeping them costs, about.
  size_t bytes() const { return bytes_; }
  size_t size() const { return ids_.size(); }

 private:
  struct Entry {
    std::string text;
    size_t hash = 0;
    uint32_t owners = 0;
  };
  static constexpr size_t kOverhead = 64;

  std::deque<Entry> entries_;  // stable addresses: the map's keys point here
  std::vector<Symbol> free_;
  absl::flat_hash_map<absl::string_view, Symbol> ids_;
  size_t bytes_ = 0;
};

}  // namespace sequitur::enrich
