#include "alert/suppressor.h"

#include "absl/strings/str_cat.h"

namespace sequitur::alert {

std::string Suppressor::KeyOf(const Alert& alert) {
  std::string key = absl::StrCat(alert.rule->id, "\n");
  for (event::FieldId field : alert.rule->suppress.by) {
    std::string value;
    if (field == event::field::kHostId || field == event::field::kHostName) {
      value = absl::StrCat(alert.match.host);
    } else {
      for (const event::SnapshotRef& event : alert.match.evidence) {
        if (!event || event->Get(field).is_null()) continue;
        value = event->Get(field).ToString();
        break;
      }
    }
    absl::StrAppend(&key, value.size(), ":", value);
  }
  return key;
}

bool Suppressor::Admit(Alert& alert) {
  const event::TimeNs window = alert.rule->suppress.window;
  if (window <= 0) return true;
  const auto [it, added] = last_.try_emplace(KeyOf(alert));
  Last& last = it->second;
  const bool within = !added && alert.end < event::AddSaturating(last.published, window);
  if (within) {
    ++last.held_back;
    ++total_;
    return false;
  }
  alert.suppressed = last.held_back;
  last = {alert.end, 0};
  if (added) {
    order_.push_back(it->first);
    if (order_.size() > kMaxKeys) {
      last_.erase(order_.front());
      order_.pop_front();
    }
  }
  return true;
}

}  // namespace sequitur::alert
