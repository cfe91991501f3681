#include "alert/suppressor.h"

#include <algorithm>

#include "alert/hash128.h"

namespace sequitur::alert {

// By the host's id or name and not its number, which is another after a restart.
std::string Suppressor::KeyOf(const Alert& alert) {
  std::string key;
  AppendPart(alert.rule->id, key);
  for (event::FieldId field : alert.rule->suppress.by) {
    std::string value;
    if (field == event::field::kHostId || field == event::field::kHostName) {
      value = alert.host_id.empty() ? alert.host_name : alert.host_id;
    } else {
      for (const event::SnapshotRef& event : alert.match.evidence) {
        if (!event || event->Get(field).is_null()) continue;
        value = event->Get(field).ToString();
        break;
      }
    }
    AppendPart(value, key);
  }
  return HexHash(key);
}

std::pair<Suppressor::Last&, bool> Suppressor::LastOf(absl::string_view key) {
  const auto [it, added] = last_.try_emplace(key);
  if (added) order_.push_back(it->first);
  return {it->second, added};
}

void Suppressor::ForgetOldest() {
  if (order_.size() <= kMaxKeys) return;
  last_.erase(order_.front());
  order_.pop_front();
}

bool Suppressor::Admit(Alert& alert) {
  const event::TimeNs window = alert.rule->suppress.window;
  if (window <= 0) return true;
  alert.suppression_key = KeyOf(alert);
  const auto [last, added] = LastOf(alert.suppression_key);
  const bool within = !added && alert.end < event::AddSaturating(last.published, window);
  if (within) {
    ++last.held_back;
    ++total_;
    return false;
  }
  alert.suppressed = last.held_back;
  last = {alert.end, 0};
  ForgetOldest();
  return true;
}

void Suppressor::Restore(absl::string_view key, event::TimeNs published) {
  const auto [last, added] = LastOf(key);
  last.published = added ? published : std::max(last.published, published);
  ForgetOldest();
}

}  // namespace sequitur::alert
