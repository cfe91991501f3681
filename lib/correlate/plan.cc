#include "correlate/plan.h"

namespace sequitur::correlate {
namespace {

constexpr uint16_t kAlternativesWithSlack = 3;

}  // namespace

Plan Plan::Of(const rules::Rule& rule) {
  Plan plan;
  plan.is_sequence = rule.is_sequence;
  if (rule.maxspan.has_value()) plan.maxspan = *rule.maxspan;
  plan.alternatives = rule.order_slack > 0 ? kAlternativesWithSlack : 1;
  event::TimeNs lag = 0;
  for (uint16_t stage = 0; stage < rule.stages.size(); ++stage) {
    const eql::Term& term = rule.stages[stage].term;
    if (term.missing) {
      plan.absents.push_back({stage,
                              plan.states == 0 ? Absent::Place::kLeading : Absent::Place::kTrailing,
                              plan.states});
      plan.stage_states.push_back(States());
      plan.lag.push_back(0);  // gaps are judged on true times
      plan.shown.insert(plan.shown.end(), term.runs, Shown{true, 0});
      continue;
    }
    // A missing stage seen before this positive one was not the trailing one.
    for (Absent& absent : plan.absents) {
      if (absent.place != Absent::Place::kTrailing) continue;
      absent.place = Absent::Place::kMiddle;
      absent.after_state = static_cast<uint16_t>(absent.after_state - 1);
    }
    const auto first = plan.states;
    plan.states = static_cast<uint16_t>(plan.states + term.runs);
    plan.stage_states.push_back({first, static_cast<uint16_t>(plan.states - 1)});
    plan.lag.push_back(lag);
    plan.total_lag = lag;
    lag = event::AddSaturating(lag, rule.order_slack);
    for (uint16_t state = first; state < plan.states; ++state) plan.shown.push_back({false, state});
  }
  plan.stages_from.assign(plan.states, 0);
  for (uint16_t stage = 0; stage < plan.stage_states.size(); ++stage) {
    const States filled = plan.stage_states[stage];
    for (uint16_t state = 0; filled.first <= filled.last && state <= filled.last; ++state) {
      plan.stages_from[state] |= BitOf(stage);
    }
  }
  for (const rules::Link& link : rule.links) {
    plan.links.push_back(
        {link, plan.stage_states[link.earlier].last, plan.stage_states[link.later]});
  }
  plan.waits = rule.until.has_value() || !plan.absents.empty();
  return plan;
}

}  // namespace sequitur::correlate
