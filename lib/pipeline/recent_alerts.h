#pragma once

// RecentAlerts: the last alerts of this process as timelines, for the status
// page. Bounds: kKept. Threads: any.

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "alert/alert.h"
#include "alert/printable.h"
#include "alert/timeline_text.h"
#include "base/source_names.h"

namespace sequitur::pipeline {

class RecentAlerts {
 public:
  static constexpr size_t kKept = 50;

  struct Entry {
    std::string id, rule, severity, host;
    std::string created;   // ISO 8601
    std::string timeline;  // several lines
    std::vector<std::string> coverage_gaps;
  };

  void Add(const alert::Alert& alert, const SourceNames& sources) {
    Entry entry{alert.id,
                alert.rule->id,
                std::string(rules::SeverityName(alert.rule->severity)),
                alert::Printable(alert.host_name, 80),
                event::FormatIso8601(alert.created),
                alert::ToTimeline(alert, sources, alert::Colour::kNone),
                alert.coverage_gaps};
    const std::lock_guard lock(mutex_);
    entries_.push_front(std::move(entry));
    if (entries_.size() > kKept) entries_.pop_back();
  }
  // The latest first.
  std::vector<Entry> Latest() const {
    const std::lock_guard lock(mutex_);
    return {entries_.begin(), entries_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
};

}  // namespace sequitur::pipeline
