#pragma once

// JsonKeys remembers the keys that documents were made of, and which came after
// which: writers keep to an order, so that the next key is mostly the one that
// was there the last time, and comparing its bytes is all it takes to know which
// path it continues. Private to json_scan.
//
// A guess is only ever a guess: the bytes decide, and what they mean is what
// JsonPaths::Find says of them. Where writers differ, or leave a key out now and
// then, the key before the last one is the second guess.
//
// Bounds:   kMaxKeys keys of kMaxText bytes; when they are too many, it forgets
//           them all.
// Threads:  none; one per reader. Lifetime: of the paths, which are complete.

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "decode/json_paths.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sequitur::decode {

class JsonKeys {
 public:
  static constexpr size_t kMaxKeys = 1024;
  static constexpr size_t kMaxText = 32;

  // Number of a key; 0 is none.
  using Link = uint16_t;

  // The keys seen last at one place.
  struct Guess {
    Link latest = 0;
    Link before = 0;

    void Remember(Link link) {
      before = latest;
      latest = link;
    }
  };

  struct alignas(64) Key {
    char text[kMaxText] = {};  // ,"name": with what stands before it
    uint32_t parent = JsonPaths::kNone;
    JsonPaths::Target target = JsonPaths::kNoTarget;
    Guess next;   // the key behind it
    Guess first;  // the first key in the object it names
    uint8_t size = 0;

    // Whether this is the key behind the comma or bracket at `p`, in an object at
    // `node`. REQUIRES: kMaxText bytes at `p`.
    bool IsBehind(const char* p, uint32_t node) const {
      if (parent != node) return false;
#if defined(__SSE2__)
      const auto same_at = [&](size_t at) {
        const auto load = [at](const char* from) {
          return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
        };
        const __m128i same = _mm_cmpeq_epi8(load(p), load(text));
        return static_cast<uint32_t>(_mm_movemask_epi8(same));
      };
      const uint32_t same = same_at(0) | same_at(16) << 16 | 1;
      return ~same << (kMaxText - size) == 0;
#else
      return std::memcmp(p + 1, text + 1, size - 1) == 0;
#endif
    }
  };

  explicit JsonKeys(const JsonPaths& paths) : paths_(&paths) {}

  const JsonPaths& paths() const { return *paths_; }

  // Makes room on the first call.
  void Start() {
    if (keys_ == nullptr) Allocate();
  }
  // REQUIRES: Start().
  Key& at(Link link) { return keys_[link]; }

  // The key `text` ("name":) in an object at `parent`, remembered from now on.
  // REQUIRES: text.size() < kMaxText; Start().
  Link Find(uint32_t parent, absl::string_view text);
  JsonPaths::Target TargetOf(uint32_t parent, absl::string_view name) const;

 private:
  void Allocate();

  const JsonPaths* paths_;
  std::unique_ptr<Key[]> keys_;  // the first is none's
  size_t count_ = 0;
  std::vector<Link> table_;  // by hash, half full at most
};

}  // namespace sequitur::decode
