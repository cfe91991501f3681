#include "alert/suppressor.h"

#include <algorithm>
#include <utility>

#include "alert/hash128.h"

namespace sequitur::alert {

int GravityOf(rules::Severity severity, int risk_score) {
  constexpr int kRiskScores = 101;
  return static_cast<int>(severity) * kRiskScores + risk_score;
}

bool Suppressor::IsGrouped(const rules::Rule& rule) const {
  return suppression_ == Suppression::kByGroup && !rule.suppress.group.empty();
}

// By the host's id or name and not its number, which is another after a restart.
std::string Suppressor::KeyOf(const Alert& alert) const {
  std::string key;
  if (IsGrouped(*alert.rule)) {
    AppendPart("", key);  // no rule's id
    AppendPart(alert.rule->suppress.group, key);
    AppendPart(rules::ModeName(alert.rule->mode), key);
  } else {
    AppendPart(alert.rule->id, key);
  }
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

Suppressor::Memory& Suppressor::MemoryOf(absl::string_view key) {
  const auto [it, added] = memories_.try_emplace(key);
  if (added) order_.push_back(it->first);
  return it->second;
}

void Suppressor::Remember(Memory& memory, Published published) {
  const auto covers = [](const Published& a, const Published& b) {
    return a.gravity >= b.gravity && a.end >= b.end;
  };
  auto& all = memory.published;
  if (std::any_of(all.begin(), all.end(), [&](const auto& e) { return covers(e, published); })) {
    return;
  }
  all.erase(std::remove_if(all.begin(), all.end(),
                           [&](const auto& each) { return covers(published, each); }),
            all.end());
  all.push_back(published);
}

void Suppressor::ForgetOldest() {
  if (order_.size() <= kMaxKeys) return;
  memories_.erase(order_.front());
  order_.pop_front();
}

bool Suppressor::Admit(Alert& alert) {
  const rules::Rule& rule = *alert.rule;
  const event::TimeNs window = rule.suppress.window;
  if (window <= 0 || suppression_ == Suppression::kNone) return true;
  alert.suppression_key = KeyOf(alert);
  const int gravity = IsGrouped(rule) ? GravityOf(rule.severity, rule.risk_score) : 0;
  Memory& memory = MemoryOf(alert.suppression_key);
  const bool within =
      std::any_of(memory.published.begin(), memory.published.end(), [&](const Published& earlier) {
        return earlier.gravity >= gravity && alert.end < event::AddSaturating(earlier.end, window);
      });
  if (within) {
    ++memory.held_back;
    ++total_;
    return false;
  }
  alert.suppressed = std::exchange(memory.held_back, 0);
  Remember(memory, {gravity, alert.end});
  ForgetOldest();
  return true;
}

void Suppressor::Restore(absl::string_view key, int gravity, event::TimeNs published) {
  Remember(MemoryOf(key), {gravity, published});
  ForgetOldest();
}

}  // namespace sequitur::alert
