#pragma once

// PublishedAlerts: what the alert topic already says. Reads back the documents
// that ToJson wrote and remembers, as hashes, which alerts they are, which hits
// they used up and when each suppression last let one through. A daemon that
// starts anew finds the old matches again; this tells them from new ones.
//
// Bounds:   kMaxDocument bytes and kMaxDepth levels a document; beyond them it
//           is unreadable. 16 bytes for each hit of the alerts added.
// Threads:  const once filled; shared as shared_ptr<const PublishedAlerts>.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "alert/hash128.h"
#include "alert/suppressor.h"
#include "base/source_names.h"
#include "correlate/match.h"
#include "event/time.h"

namespace sequitur::alert {

class PublishedAlerts {
 public:
  static constexpr size_t kMaxDocument = size_t{4} << 20;
  static constexpr int kMaxDepth = 64;

  // One alert document. False when it is not one of ours: then nothing of it
  // is remembered, and it is counted.
  bool Add(absl::string_view json);

  // An alert has this id.
  bool Contains(absl::string_view alert_id) const;
  // An alert of this rule names one of the match's hits: the same event at the
  // same stage.
  bool Uses(absl::string_view rule_id, const correlate::Match& match,
            const SourceNames& sources) const;
  // Tells the suppressor the latest event.end of each suppression and gravity.
  void RestoreTo(Suppressor& suppressor) const;

  size_t size() const { return ids_.size(); }  // different alerts
  uint64_t unreadable() const { return unreadable_; }

 private:
  absl::flat_hash_set<Hash128> ids_;
  absl::flat_hash_set<Hash128> hits_;
  // By suppression key and gravity.
  absl::flat_hash_map<std::pair<std::string, int>, event::TimeNs> last_;
  uint64_t unreadable_ = 0;
};

}  // namespace sequitur::alert
