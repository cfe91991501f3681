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
          absl::Span<const event::SnapshotRef> events, const ReferenceOptions& options)
      : query_(query),
        evaluator_(program),
        projection_(projection),
        events_(events),
        options_(options) {
    for (size_t i = 0; i < query.terms.size(); ++i) {
      for (int run = 0; run < query.terms[i].runs; ++run) {
        if (query.terms[i].missing) continue;
        states_.push_back(&query.terms[i]);
        stage_of_.push_back(static_cast<int>(i));
      }
    }
  }

  std::vector<std::vector<int>> Run() {
    for (const Step& step : StepsInOrder(options_.order_slack)) Take(step);
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
    if (!options_.links.empty()) return AdvanceLinked(step, key, pending);
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

  void AdvanceLinked(const Step& step, const Key& key, std::vector<std::vector<Chain>>& pending) {
    std::set<std::pair<int, int>>& used = used_[key];
    std::vector<std::pair<std::vector<int>, Chain>> grown;  // likeliest first
    if (step.state == 0) grown.emplace_back(std::vector<int>(), Chain{step.event});
    if (step.state > 0) {
      // Of each kind of chain, when the newer ones began, one for each last event.
      std::map<std::vector<std::string>, std::map<int, TimeNs>> newer;
      const auto& before = pending[step.state - 1];
      for (size_t i = before.size(); i > 0; --i) {
        Chain held = before[i - 1];
        auto& began = newer[Asked(held)];
        const TimeNs start = TimeOf(held.front());
        const auto covering =
            absl::c_count_if(began, [&](const auto& b) { return b.second >= start; });
        TimeNs& latest = began.emplace(held.back(), start).first->second;
        latest = std::max(latest, start);
        if (covering >= (options_.order_slack > 0 ? 3 : 1)) continue;
        if (absl::c_linear_search(held, step.event) || IsUsed(held, used)) continue;
        const TimeNs span = TimeOf(step.event) - TimeOf(held.front());
        if (query_.maxspan && span > *query_.maxspan) continue;
        const auto rank = RankOf(held, step);
        held.push_back(step.event);
        if (rank) grown.emplace_back(*rank, std::move(held));
      }
      absl::c_stable_sort(grown, [](const auto& a, const auto& b) { return a.first < b.first; });
    }
    if (grown.empty()) return;
    if (step.state == static_cast<int>(states_.size()) - 1) {
      const Chain& chain = grown.front().second;
      for (size_t i = 0; i < chain.size(); ++i) used.insert({static_cast<int>(i), chain[i]});
      candidates_.emplace_back(key, chain);
      return;
    }
    // None where a likelier one is alike and began no earlier; the likeliest of all
    // stands as newest.
    std::vector<Chain> distinct;
    for (auto& [rank, chain] : grown) {
      const bool covered = absl::c_any_of(distinct, [&](const Chain& other) {
        return Asked(other) == Asked(chain) && TimeOf(other.front()) >= TimeOf(chain.front());
      });
      if (!covered) distinct.push_back(std::move(chain));
    }
    for (auto chain = distinct.rbegin(); chain != distinct.rend(); ++chain) {
      pending[step.state].push_back(*chain);
    }
  }

  static bool IsUsed(const Chain& chain, const std::set<std::pair<int, int>>& used) {
    for (size_t i = 0; i < chain.size(); ++i) {
      if (used.contains({static_cast<int>(i), chain[i]})) return true;
    }
    return false;
  }

  std::set<std::string> Values(int event, event::FieldId field) const {
    std::set<std::string> values;
    for (const Value& v : events_[event]->Get(field).elements()) values.insert(v.ToString());
    return values;
  }

  // What the chain has in the fields that links to its later steps ask.
  std::vector<std::string> Asked(const Chain& chain) const {
    std::vector<std::string> asked;
    for (const rules::Link& link : options_.links) {
      const int earlier = LastStateOf(link.earlier);
      const bool open = LastStateOf(link.later) >= static_cast<int>(chain.size());
      if (earlier >= static_cast<int>(chain.size()) || !open) continue;
      rules::ForEachPair(link, [&](const rules::FieldPair& pair) {
        asked.push_back(events_[chain[earlier]]->Get(pair.earlier).ToString());
      });
    }
    return asked;
  }

  int LastStateOf(int stage) const {
    int last = -1;
    for (size_t state = 0; state < stage_of_.size(); ++state) {
      if (stage_of_[state] == stage) last = static_cast<int>(state);
    }
    return last;
  }

  // Places of the ties that hold, nullopt when a link forbids it.
  std::optional<std::vector<int>> RankOf(const Chain& chain, const Step& step) const {
    std::vector<int> rank;
    for (const rules::Link& link : options_.links) {
      if (stage_of_[step.state] != link.later) continue;
      const int earlier = chain[LastStateOf(link.earlier)];
      const auto compare = [&](const rules::FieldPair& pair) -> std::optional<bool> {
        const auto a = Values(earlier, pair.earlier), b = Values(step.event, pair.later);
        if (a.empty() || b.empty()) return std::nullopt;
        return absl::c_any_of(a, [&](const std::string& x) { return b.contains(x); });
      };
      const auto tied = [&](const rules::Tie& tie) -> std::optional<bool> {
        if (tie.within && !compare(*tie.within).value_or(false)) return std::nullopt;
        return compare(tie.same);
      };
      size_t by = 0;
      while (by < link.by.size() && !tied(link.by[by])) ++by;
      if (by < link.by.size() && !*tied(link.by[by])) return std::nullopt;
      size_t prefer = 0;
      while (prefer < link.prefer.size() && !tied(link.prefer[prefer]).value_or(false)) ++prefer;
      rank.push_back(static_cast<int>(by));
      rank.push_back(static_cast<int>(prefer));
    }
    return rank;
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
  const ReferenceOptions& options_;
  std::vector<const eql::Term*> states_;                    // the term of each positive stage
  std::vector<int> stage_of_;                               // beside states_
  std::map<Key, std::set<std::pair<int, int>>> used_;       // (state, event) in sequences
  std::map<Key, std::vector<std::vector<Chain>>> pending_;  // by key, by state, oldest first
  std::vector<std::pair<Key, Chain>> candidates_;
  std::map<std::pair<const eql::Term*, Key>, std::vector<TimeNs>> seen_;
};

}  // namespace

std::vector<std::vector<int>> ReferenceMatch(const eql::Query& query, const eql::Program& program,
                                             const event::Projection& projection,
                                             absl::Span<const event::SnapshotRef> ordered,
                                             const ReferenceOptions& options) {
  return Matcher(query, program, projection, ordered, options).Run();
}

}  // namespace sequitur::correlate
