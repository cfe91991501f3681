#pragma once

// ClaimMemo: which host the claims seen lately were answered with. The records of
// a stream say the same of their host every time; to find that here costs a fifth
// of asking for each id, name and address again.
//
// It only remembers: with each answer it keeps a number of the caller's, who can
// tell by it whether the answer still holds.
//
// Bounds:   as many claims as the constructor is told, of at most kMaxText bytes
//           each; a claim takes the place of the one before it in its slot.
// Threads:  none.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "event/event.h"

namespace sequitur::event {

class ClaimMemo {
 public:
  static constexpr size_t kMaxText = 512;

  struct Answer {
    HostId host = 0;
    uint64_t version = 0;
  };

  explicit ClaimMemo(size_t claims) : claims_(claims) {}

  // Null when the claim is not remembered. Its role does not count.
  const Answer* Find(const HostClaim& claim);
  // Of the claim that Find() was asked for last.
  void Keep(Answer answer);

 private:
  struct Slot {
    std::string text;
    Answer answer;
  };

  bool Read(const HostClaim& claim);
  bool Append(absl::string_view text);

  const size_t claims_;
  std::vector<Slot> slots_;  // none before the first Keep()
  // What was asked for last: its texts, each behind its length, and its slot.
  char asked_[kMaxText];
  size_t size_ = 0;  // 0: cannot be remembered
  size_t number_ = 0;
};

}  // namespace sequitur::event
