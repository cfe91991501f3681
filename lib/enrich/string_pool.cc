#include "enrich/string_pool.h"

namespace sequitur::enrich {

StringPool::Symbol StringPool::Add(absl::string_view text) {
  if (text.empty()) return kNone;
  const Asked asked(text);
  const auto found = ids_.find(asked);
  if (found != ids_.end()) return Retain(found->symbol);
  Symbol symbol = static_cast<Symbol>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    symbol = free_.back();
    free_.pop_back();
  }
  Entry& entry = entries_[symbol];
  entry.text.assign(text.data(), text.size());
  entry.owners = 1;
  ids_.insert(Slot{symbol, asked.hash});
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
  ids_.erase(ids_.find(Asked(entry.text)));
  std::string().swap(entry.text);
  free_.push_back(symbol);
}

}  // namespace sequitur::enrich
