#pragma once

// NumberTable: a small map from hashes or integers to numbers, of which nearly all
// that are looked up are absent: one multiplication and one load say so.
//
// Bounds:   at most a quarter of the places are taken; 16 bytes a place.
// Threads:  const once all are added.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sequitur::eql {

class NumberTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  bool empty() const { return count_ == 0; }

  // kNone when the key is absent.
  uint32_t Find(uint64_t key) const { return places_[PlaceOf(key)].number; }

  // The key's number, which is `number` when it is new.
  uint32_t Add(uint64_t key, uint32_t number) {
    if (4 * (count_ + 1) > places_.size()) Grow();
    Place& place = places_[PlaceOf(key)];
    if (place.number == kNone) {
      place = {key, number};
      ++count_;
    }
    return place.number;
  }

 private:
  struct Place {
    uint64_t key = 0;
    uint32_t number = kNone;
  };

  // The key's place, or the free one where it would be.
  size_t PlaceOf(uint64_t key) const {
    size_t at = key * 0xD6E8FEB86659FD93 >> shift_;
    while (places_[at].number != kNone && places_[at].key != key) {
      at = (at + 1) & (places_.size() - 1);
    }
    return at;
  }

  void Grow() {
    const std::vector<Place> old = std::exchange(places_, std::vector<Place>(2 * places_.size()));
    --shift_;
    for (const Place& place : old) {
      if (place.number != kNone) places_[PlaceOf(place.key)] = place;
    }
  }

  std::vector<Place> places_ = std::vector<Place>(4);
  size_t count_ = 0;
  int shift_ = 62;
};

}  // namespace sequitur::eql
