#include "correlate/adoption.h"

namespace sequitur::correlate {

Adoption::Fate FateOf(const rules::Rule* before, const rules::Rule& now) {
  if (before == nullptr) return Adoption::Fate::kNew;
  if (before->stages_version != now.stages_version) return Adoption::Fate::kReplaced;
  const bool same_window = before->maxspan == now.maxspan && before->order_slack == now.order_slack;
  return same_window ? Adoption::Fate::kKept : Adoption::Fate::kRewindowed;
}

}  // namespace sequitur::correlate
