#pragma once

// Suppressor: holds back alerts like one published a moment ago (rule's
// `suppress: {by, for}`), counts them, and tells the count on the next one.
// Event time decides, so a replay holds back what the live run did.
//
// Bounds:  kMaxKeys remembered (rule, values); beyond that the oldest is
//          forgotten, which can only publish an alert too many.
// Threads: none.

#include <cstdint>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "alert/alert.h"

namespace sequitur::alert {

class Suppressor {
 public:
  static constexpr size_t kMaxKeys = 100'000;

  // True: publish, and alert.suppressed says how many were held back before.
  bool Admit(Alert& alert);

  uint64_t suppressed() const { return total_; }

 private:
  struct Last {
    event::TimeNs published = 0;
    uint64_t held_back = 0;
  };

  static std::string KeyOf(const Alert& alert);

  absl::flat_hash_map<std::string, Last> last_;
  std::deque<std::string> order_;
  uint64_t total_ = 0;
};

}  // namespace sequitur::alert
