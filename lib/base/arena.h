#pragma once

// Arena: bump allocation for what a record decodes to (unescaped strings,
// lists). Everything handed out dies at Reset(), which keeps the memory.
//
// Bounds:   grows to the largest record seen; chunks above kKeep are freed at
//           Reset(), so one huge record does not pin its memory.
// Threads:  none.

#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"

namespace sequitur {

class Arena {
 public:
  static constexpr size_t kChunk = 64 << 10;
  static constexpr size_t kKeep = 4 << 20;

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Uninitialised storage for `count` objects of a trivial type.
  template <typename T>
  T* Allocate(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return reinterpret_cast<T*>(AllocateBytes(count * sizeof(T), alignof(T)));
  }

  absl::string_view Copy(absl::string_view text) {
    if (text.empty()) return {};
    char* to = Allocate<char>(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  void Reset();

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };

  char* AllocateBytes(size_t size, size_t alignment) {
    const size_t start = (used_ + alignment - 1) & ~(alignment - 1);
    if (current_ < chunks_.size() && start + size <= chunks_[current_].size) {
      used_ = start + size;
      return chunks_[current_].bytes.get() + start;
    }
    return AllocateInNextChunk(size);
  }
  char* AllocateInNextChunk(size_t size);

  std::vector<Chunk> chunks_;
  size_t current_ = 0;
  size_t used_ = 0;
};

}  // namespace sequitur
