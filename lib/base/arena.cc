#include "base/arena.h"

#include <algorithm>

namespace sequitur {

char* Arena::AllocateInNextChunk(size_t size) {
  size_t next = chunks_.empty() ? 0 : current_ + 1;
  while (next < chunks_.size() && chunks_[next].size < size) ++next;
  if (next >= chunks_.size()) {
    const size_t chunk_size = std::max(kChunk, size);
    chunks_.push_back({std::make_unique_for_overwrite<char[]>(chunk_size), chunk_size});
    next = chunks_.size() - 1;
  }
  current_ = next;
  used_ = size;
  return chunks_[current_].bytes.get();
}

void Arena::Reset() {
  current_ = 0;
  used_ = 0;
  size_t kept = 0;
  for (const Chunk& chunk : chunks_) kept += chunk.size;
  while (kept > kKeep) {
    kept -= chunks_.back().size;
    chunks_.pop_back();
  }
}

}  // namespace sequitur
