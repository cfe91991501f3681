#include "enrich/string_pool.h"

namespace sequitur::enrich {

StringPool::Symbol StringPool::Add(absl::string_view text) {
  if (text.empty()) return kNone;
  const size_t hash = ids_.hash_function()(text);
  const auto found = ids_.find(text, hash);
  if (found != ids_.end()) return Retain(found->second);
  Symbol symbol = static_cast<Symbol>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    symbol = free_.back();
    free_.pop_back();
  }
  Entry& entry = entries_[symbol];
  entry.text.assign(text.data(), text.size());
  entry.hash = hash;
  entry.owners = 1;
  ids_.emplace(entry.text, symbol);
  bytes_ += text.size() + kOverhead;
  return symbol;
}

StringPool::Symbol StringPool::Retain(Symbol symbol) {
  if (symbol != kNone) ++entries_[symbol].owners;
  return symbol;
}

void StringPool::Release(Symbol symbol) {
  if (symbol == kNone || --entries_[symbol].owners > 0) return;
  Entry& entry = entries_[symbol];
  bytes_ -= entry.text.size() + kOverhead;
  ids_.erase(ids_.find(entry.text, entry.hash));
  std::string().swap(entry.text);
  free_.push_back(symbol);
}

}  // namespace sequitur::enrich
