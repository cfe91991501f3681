#pragma once

// Suppressor: holds back alerts like one published a moment ago (rule's
// `suppress: {by, for}`), counts them, and tells the count on the next one.
// Event time decides, so a replay holds back what the live run did. What is
// alike depends on nothing that a restart changes: alerts carry the key, and
// Restore() takes it back from them.
//
// Bounds:  kMaxKeys remembered (rule, values); beyond that the oldest is
//          forgotten, which can only publish an alert too many.
// Threads: none.

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "alert/alert.h"

namespace sequitur::alert {

class Suppressor {
 public:
  static constexpr size_t kMaxKeys = 100'000;

  // True: publish, and alert.suppressed says how many were held back before.
  // Either way alert.suppression_key is set if the rule suppresses.
  bool Admit(Alert& alert);

  // An alert with this suppression_key and `published` as its end was published
  // earlier; the latest of a key counts.
  void Restore(absl::string_view key, event::TimeNs published);

  uint64_t suppressed() const { return total_; }

 private:
  struct Last {
    event::TimeNs published = 0;
    uint64_t held_back = 0;
  };

  static std::string KeyOf(const Alert& alert);
  // The entry of a key, and whether it is new.
  std::pair<Last&, bool> LastOf(absl::string_view key);
  void ForgetOldest();

  absl::flat_hash_map<std::string, Last> last_;
  std::deque<std::string> order_;
  uint64_t total_ = 0;
};

}  // namespace sequitur::alert
