#pragma once

// Suppressor: holds back alerts like one published a moment ago (rule's
// `suppress: {by, for, group}`), counts them, and tells the count on the next
// one. Rules of a group share what was published, those in shadow mode among
// themselves; there an alert graver than all that was said goes out at once.
// Event time decides, so a replay holds back what the live run did. What is
// alike depends on nothing that a restart changes: alerts carry the key, and
// Restore() takes it back from them.
//
// Bounds:  kMaxKeys remembered (rule or group, values); beyond that the oldest
//          is forgotten, which can only publish an alert too many. A key has one
//          time for each gravity at most.
// Threads: none.

#include <cstdint>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "alert/alert.h"

namespace sequitur::alert {

// How grave an alert is beside others: by severity, then by risk score.
int GravityOf(rules::Severity severity, int risk_score);

// Whether alerts are held back: never, each rule by itself whatever its group,
// or as the rules say.
enum class Suppression : uint8_t { kNone, kByRule, kByGroup };

class Suppressor {
 public:
  static constexpr size_t kMaxKeys = 100'000;

  explicit Suppressor(Suppression suppression = Suppression::kByGroup)
      : suppression_(suppression) {}

  // True: publish, and alert.suppressed says how many were held back before.
  // Either way alert.suppression_key is set if anything is held back of this rule.
  bool Admit(Alert& alert);

  // An alert with this suppression_key and `published` as its end was published
  // earlier; the latest of a key and gravity counts.
  void Restore(absl::string_view key, int gravity, event::TimeNs published);

  uint64_t suppressed() const { return total_; }

 private:
  struct Published {
    int gravity = 0;
    event::TimeNs end = 0;
  };
  struct Memory {
    absl::InlinedVector<Published, 1> published;  // none both as grave and as late as another
    uint64_t held_back = 0;
  };

  bool IsGrouped(const rules::Rule& rule) const;
  std::string KeyOf(const Alert& alert) const;
  Memory& MemoryOf(absl::string_view key);
  static void Remember(Memory& memory, Published published);
  void ForgetOldest();

  Suppression suppression_;
  absl::flat_hash_map<std::string, Memory> memories_;
  std::deque<std::string> order_;
  uint64_t total_ = 0;
};

}  // namespace sequitur::alert
