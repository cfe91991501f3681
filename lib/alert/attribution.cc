#include "alert/attribution.h"

#include <algorithm>

namespace sequitur::alert {
namespace {

// Null where the alert lacks it, which only one made by hand does.
const event::Snapshot* EventAt(const Alert& alert, size_t place) {
  const auto& evidence = alert.match.evidence;
  return place < evidence.size() ? evidence[place].get() : nullptr;
}

}  // namespace

Places PlacesOf(const rules::Rule& rule, uint16_t stage) {
  size_t at = 0;
  for (uint16_t before = 0; before < stage; ++before) at += rule.stages[before].term.runs;
  return {at, at + rule.stages[stage].term.runs - 1};
}

std::vector<HeldLink> LinksOf(const Alert& alert) {
  std::vector<HeldLink> held;
  for (const rules::Link& link : alert.rule->links) {
    const auto* earlier = EventAt(alert, PlacesOf(*alert.rule, link.earlier).last);
    const auto* later = EventAt(alert, PlacesOf(*alert.rule, link.later).first);
    const bool known = earlier != nullptr && later != nullptr;
    held.push_back({&link, known ? correlate::HeldBy(link, *earlier, *later) : nullptr});
  }
  return held;
}

std::vector<std::string> TiesOf(const Alert& alert, const event::Snapshot& candidate) {
  std::vector<std::string> ties;
  for (const rules::Link& link : alert.rule->links) {
    if (PlacesOf(*alert.rule, link.earlier).last != 0) continue;
    const auto* later = EventAt(alert, PlacesOf(*alert.rule, link.later).first);
    const auto* tie = later == nullptr ? nullptr : correlate::HeldBy(link, candidate, *later);
    if (tie == nullptr || std::find(ties.begin(), ties.end(), tie->text) != ties.end()) continue;
    ties.push_back(tie->text);
  }
  return ties;
}

}  // namespace sequitur::alert
