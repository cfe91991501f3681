#include "correlate/reference_matcher.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "event/event.h"

namespace sequitur::correlate {
namespace {

using event::TimeNs;
using event::Value;

// A join key: one text per component, which also tells its type.
using Key = std::vector<std::string>;

// A pending or complete sequence: events of its positive stages.
using Chain = std::vector<int>;

std::string TypedText(const Value& scalar) {
  const char* type = scalar.is_number() ? "number" : scalar.is_string() ? "string" : "other";
  return absl::StrCat(type, ":", scalar.ToString());
}

// Something an event does: enter the state, or satisfy `until`.
struct Step {
  static constexpr int kUntil = -1;

  TimeNs order = 0;  // event time, and the slack of its term
  int event = 0;
  int state = kUntil;
};

class Matcher {
 public:
  Matcher(const eql::Query& query, const eql::Program& program, const event::Projection& projection,
          absl::Span<const event::SnapshotRef> events)
      : query_(query), evaluator_(program), projection_(projection), events_(events) {
    for (const eql::Term& term : query.terms) {
      for (int run = 0; run < term.runs; ++run) {
        if (term.missing) continue;
        states_.push_back(&term);
      }
    }
  }

  std::vector<std::vector<int>> Run(TimeNs order_slack) {
    for (const Step& step : StepsInOrder(order_slack)) Take(step);
    NoteMissing();
    std::vector<std::vector<int>> accepted;
    for (const auto& [key, chain] : candidates_) {
      if (MissingStagesAllow(key, chain)) accepted.push_back(WithMissingStages(chain));
    }
    return accepted;
  }

 private:
  TimeNs TimeOf(int event) const { return events_[event]->time(); }

  bool Hits(const event::Event& event, const eql::Term& term) {
    const auto categories = event.Get(event::field::kEventCategory).elements();
    const bool in_category =
        term.category.empty() || absl::c_any_of(categories, [&](const Value& category) {
          return category.is_string() && category.string_value() == term.category;
        });
    evaluator_.Begin(event);
    return in_category && evaluator_.Matches(term.condition);
  }

  // Every key the event has for the term: the cartesian product of its values.
  std::set<Key> KeysOf(int index, const eql::Term& term) const {
    std::set<Key> keys = {Key()};
    for (const eql::KeyField& field : term.keys) {
      std::set<std::string> values;
      for (const Value& element : events_[index]->Get(field.field).elements()) {
        values.insert(TypedText(element));
      }
      if (values.empty() && field.optional) values.insert("null");
      std::set<Key> longer;
      for (const Key& key : keys) {
        for (const std::string& value : values) {
          Key next = key;
          next.push_back(value);
          longer.insert(std::move(next));
        }
      }
      keys = std::move(longer);
    }
    return keys;
  }

  // In order of time; of one event the last state first, `until` at the end.
  std::vector<Step> StepsInOrder(TimeNs order_slack) {
    std::vector<Step> steps;
    for (int i = 0; i < static_cast<int>(events_.size()); ++i) {
      event::Event event(projection_);
      events_[i]->Restore(event);
      TimeNs order = TimeOf(i);
      for (int state = 0; state < static_cast<int>(states_.size()); ++state) {
        if (state > 0 && states_[state] != states_[state - 1]) order += order_slack;
        if (Hits(event, *states_[state])) steps.push_back({order, i, state});
      }
      if (query_.until && Hits(event, *query_.until)) steps.push_back({TimeOf(i), i, Step::kUntil});
    }
    absl::c_stable_sort(steps, [](const Step& a, const Step& b) {
      return std::tuple(a.order, a.event, -a.state) < std::tuple(b.order, b.event, -b.state);
    });
    return steps;
  }

  void Take(const Step& step) {
    const eql::Term& term = step.state == Step::kUntil ? *query_.until : *states_[step.state];
    for (const Key& key : KeysOf(step.event, term)) {
      auto& pending = pending_[key];
      pending.resize(states_.size());
      if (step.state == Step::kUntil) {
        for (auto& chains : pending) chains.clear();
      } else {
        Advance(step, key, pending);
      }
    }
  }

  void Advance(const Step& step, const Key& key, std::vector<std::vector<Chain>>& pending) {
    Chain chain;
    if (step.state > 0) {
      std::optional<Chain> newest = TakeNewest(pending[step.state - 1], step.event);
      if (!newest) return;
      chain = *std::move(newest);
      const TimeNs span = TimeOf(step.event) - TimeOf(chain.front());
      if (query_.maxspan && span > *query_.maxspan) return;
    }
    chain.push_back(step.event);
    if (chain.size() == states_.size()) {
      candidates_.emplace_back(key, std::move(chain));
    } else {
      pending[step.state].push_back(std::move(chain));
    }
  }

  // The newest wins, and it and all older ones leave the state. (Without slack
  // it is always the last; with slack the newest may hold this very event.)
  static std::optional<Chain> TakeNewest(std::vector<Chain>& chains, int event) {
    for (size_t i = chains.size(); i > 0; --i) {
      if (absl::c_linear_search(chains[i - 1], event)) continue;
      Chain newest = chains[i - 1];
      chains.erase(chains.begin(), chains.begin() + i);
      return newest;
    }
    return std::nullopt;
  }

  void NoteMissing() {
    for (int i = 0; i < static_cast<int>(events_.size()); ++i) {
      event::Event event(projection_);
      events_[i]->Restore(event);
      for (const eql::Term& term : query_.terms) {
        if (!term.missing || !Hits(event, term)) continue;
        for (const Key& key : KeysOf(i, term)) seen_[{&term, key}].push_back(TimeOf(i));
      }
    }
  }

  bool MissingStagesAllow(const Key& key, const Chain& chain) {
    const TimeNs first = TimeOf(chain.front());
    const TimeNs last = TimeOf(chain.back());
    bool has_leading = false, has_trailing = false;
    std::optional<TimeNs> leading, trailing;
    size_t before = 0;  // positive stages before the term
    for (const eql::Term& term : query_.terms) {
      if (!term.missing) {
        before += term.runs;
        continue;
      }
      has_leading = has_leading || before == 0;
      has_trailing = has_trailing || before == chain.size();
      for (TimeNs t : seen_[{&term, key}]) {
        if (before == 0) {
          if (t < first && (!leading || t > *leading)) leading = t;
        } else if (before == chain.size()) {
          if (t > last && (!trailing || t < *trailing)) trailing = t;
        } else if (TimeOf(chain[before - 1]) < t && t < TimeOf(chain[before])) {
          return false;
        }
      }
    }
    if (has_leading && has_trailing) {
      return !leading || !trailing || *trailing - *leading > *query_.maxspan;
    }
    if (has_leading) return !leading || last - *leading > *query_.maxspan;
    if (has_trailing) return !trailing || *trailing - first > *query_.maxspan;
    return true;
  }

  std::vector<int> WithMissingStages(const Chain& chain) const {
    std::vector<int> out;
    size_t next = 0;
    for (const eql::Term& term : query_.terms) {
      for (int run = 0; run < term.runs; ++run) out.push_back(term.missing ? -1 : chain[next++]);
    }
    return out;
  }

  const eql::Query& query_;
  eql::Evaluator evaluator_;
  const event::Projection& projection_;
  absl::Span<const event::SnapshotRef> events_;
  std::vector<const eql::Term*> states_;                    // the term of each positive stage
  std::map<Key, std::vector<std::vector<Chain>>> pending_;  // by key, by state, oldest first
  std::vector<std::pair<Key, Chain>> candidates_;
  std::map<std::pair<const eql::Term*, Key>, std::vector<TimeNs>> seen_;
};

}  // namespace

std::vector<std::vector<int>> ReferenceMatch(const eql::Query& query, const eql::Program& program,
                                             const event::Projection& projection,
                                             absl::Span<const event::SnapshotRef> ordered,
                                             const ReferenceOptions& options) {
  return Matcher(query, program, projection, ordered).Run(options.order_slack);
}

}  // namespace sequitur::correlate
