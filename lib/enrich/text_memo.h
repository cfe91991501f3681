#pragma once

// TextMemo: what was found out about the texts seen lately. User agents, referrers,
// most request targets and programs come again and again, and to find one here
// costs a tenth of running automata over it.
//
// Bounds:   kSlots texts of at most kMaxText bytes; a text takes the place of the
//           one before it in its slot.
// Threads:  none; one per worker.

#include <string>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace sequitur::enrich {

template <typename Answer>
class TextMemo {
 public:
  static constexpr size_t kSlots = 4096;
  static constexpr size_t kMaxText = 512;

  // Null when the text is not remembered. REQUIRES: not empty.
  const Answer* Find(absl::string_view text) const {
    if (slots_.empty() || text.size() > kMaxText) return nullptr;
    const Slot& slot = slots_[NumberOf(text)];
    return slot.text == text ? &slot.answer : nullptr;
  }

  void Keep(absl::string_view text, Answer answer) {
    if (text.size() > kMaxText) return;
    slots_.resize(kSlots);
    Slot& slot = slots_[NumberOf(text)];
    slot.text.assign(text.data(), text.size());
    slot.answer = std::move(answer);
  }

 private:
  struct Slot {
    std::string text;
    Answer answer;
  };

  static size_t NumberOf(absl::string_view text) {
    return absl::Hash<absl::string_view>()(text) % kSlots;
  }

  std::vector<Slot> slots_;
};

}  // namespace sequitur::enrich
