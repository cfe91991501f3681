#include "pipeline/alert_diff.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "alert/attribution.h"
#include "correlate/links.h"
#include "eql/program.h"

namespace sequitur::pipeline {
namespace {

using Fate = BacktestMatch::Fate;
using Reason = AlertChange::Reason;

std::string Duration(event::TimeNs ns) { return absl::FormatDuration(absl::Nanoseconds(ns)); }

const rules::Rule* FindRule(const Site& site, const std::string& id) {
  const int index = site.rules()->Find(id);
  return index < 0 ? nullptr : &site.rules()->rules()[static_cast<size_t>(index)];
}

const rules::Tuning* FindTuning(const Site& site, const std::string& id) {
  const auto found = site.config().tuning.find(id);
  return found == site.config().tuning.end() ? nullptr : &found->second;
}

// The stage of each shown step.
std::vector<size_t> StagesOf(const rules::Rule& rule) {
  std::vector<size_t> stages;
  for (size_t i = 0; i < rule.stages.size(); ++i) {
    const eql::Term& term = rule.stages[i].term;
    stages.insert(stages.end(), term.missing ? 1 : static_cast<size_t>(term.runs), i);
  }
  return stages;
}

// One configuration and what it found.
struct Side {
  const Site& site;
  Backtest backtest;
  absl::flat_hash_map<std::string, const BacktestMatch*> by_id;
  EventsByPosition events;  // those of the alerts that differ
};

// Puts captured events to the conditions of a site.
class Questions {
 public:
  explicit Questions(const Side& side)
      : side_(side), evaluator_(side.site.rules()->program()), event_(side.site.projection()) {}

  const event::Snapshot* EventAt(const Position& position) const {
    const auto found = side_.events.find(position);
    return found == side_.events.end() ? nullptr : found->second.get();
  }

  bool Holds(const event::Snapshot& snapshot, eql::ConditionId condition) {
    snapshot.Restore(event_);
    evaluator_.Begin(event_);
    return evaluator_.Matches(condition);
  }

  bool Fills(const event::Snapshot& snapshot, const eql::Term& term) {
    if (!Holds(snapshot, term.condition)) return false;
    if (term.category.empty()) return true;
    const auto& categories = event_.Get(event::field::kEventCategory).elements();
    return std::any_of(categories.begin(), categories.end(), [&](const event::Value& category) {
      return category.text() == term.category;
    });
  }

 private:
  const Side& side_;
  eql::Evaluator evaluator_;
  event::Event event_;
};

// Why the alert that `has` has is not there on the side that `lacks` it.
class Explanation {
 public:
  Explanation(const Side& has, const Side& lacks)
      : has_(has), lacks_(lacks), asks_has_(has), asks_lacks_(lacks) {}

  std::vector<Reason> Of(const BacktestMatch& match) {
    reasons_.clear();
    rule_ = FindRule(lacks_.site, match.rule);
    const rules::Rule* theirs = FindRule(has_.site, match.rule);
    if (rule_ == nullptr) {
      ExplainNoRule(match.rule);
    } else if (!ExplainFate(match)) {
      ExplainSteps(match, *theirs);
      ExplainWindows(match, *theirs);
      if (reasons_.empty()) ExplainLinks(match);
      if (reasons_.empty()) ExplainRest(match, *theirs);
    }
    return std::move(reasons_);
  }

 private:
  void Add(absl::string_view what, std::string text, std::string file, int line) {
    reasons_.push_back({std::string(what), std::move(text), std::move(file), line});
  }
  void AddAtRule(absl::string_view what, std::string text) {
    Add(what, std::move(text), rule_->file, rule_->line);
  }
  // In the tuning, if that is where the setting is made.
  void AddAtSetting(absl::string_view what, std::string text, bool tuned) {
    const rules::Tuning* tuning = FindTuning(lacks_.site, rule_->id);
    if (tuning != nullptr && tuned)
      return Add(what, std::move(text), tuning->here.file, tuning->here.line);
    AddAtRule(what, std::move(text));
  }

  void ExplainNoRule(const std::string& id) {
    const rules::Tuning* tuning = FindTuning(lacks_.site, id);
    if (tuning != nullptr && tuning->enabled == false) {
      return Add("rule", "the rule is switched off", tuning->here.file, tuning->here.line);
    }
    Add("rule", "there is no such rule, or it is switched off", "", 0);
  }

  // It was found, and went elsewhere.
  bool ExplainFate(const BacktestMatch& match) {
    const auto found = lacks_.by_id.find(match.id);
    if (found == lacks_.by_id.end()) return false;
    const rules::Tuning* tuning = FindTuning(lacks_.site, rule_->id);
    if (found->second->fate == Fate::kSuppressed) {
      AddAtSetting("suppress",
                   absl::StrCat("suppressed: one alert per ", Duration(rule_->suppress.window),
                                rule_->suppress.group.empty() ? "" : " in the group ",
                                rule_->suppress.group),
                   tuning != nullptr && tuning->suppress.has_value());
    } else {
      AddAtSetting("mode", "the rule is in shadow mode",
                   tuning != nullptr && tuning->mode.has_value());
    }
    return true;
  }

  void ExplainSteps(const BacktestMatch& match, const rules::Rule& theirs) {
    const std::vector<size_t> stages = StagesOf(*rule_);
    const std::vector<size_t> their_stages = StagesOf(theirs);
    if (stages.size() != match.evidence.size() || rule_->stages.size() != theirs.stages.size()) {
      return AddAtRule("query", absl::StrCat("the query has ", rule_->stages.size(), " steps, not ",
                                             theirs.stages.size()));
    }
    for (size_t i = 0; i < stages.size(); ++i) {
      if (!match.evidence[i]) continue;
      ExplainStep(match, i, rule_->stages[stages[i]], theirs.stages[their_stages[i]]);
    }
  }

  void ExplainStep(const BacktestMatch& match, size_t shown, const rules::Stage& stage,
                   const rules::Stage& theirs) {
    const std::string step = absl::StrCat("step ", shown + 1, " (", match.phrases[shown], ")");
    const event::Snapshot* event = asks_lacks_.EventAt(*match.evidence[shown]);
    const event::Snapshot* their_event = asks_has_.EventAt(*match.evidence[shown]);
    if (event == nullptr) {
      return Add("sources", absl::StrCat(step, " was not read here"), lacks_.site.config().file, 0);
    }
    // What waited for its process is not known as it was when it matched.
    if (their_event == nullptr || !asks_has_.Fills(*their_event, theirs.term)) return;
    if (!asks_lacks_.Fills(*event, stage.term)) {
      return ExplainNoMatch(step, stage, theirs, *event, *their_event);
    }
    for (uint32_t number : stage.allowlist) {
      const rules::AllowlistEntry& entry = lacks_.site.rules()->allowlist()[number];
      if (!asks_lacks_.Holds(*event, entry.where)) continue;
      return Add("allowlist", absl::StrCat(step, " is allowed: ", entry.where_text), entry.file,
                 entry.line);
    }
  }

  void ExplainNoMatch(const std::string& step, const rules::Stage& stage,
                      const rules::Stage& theirs, const event::Snapshot& event,
                      const event::Snapshot& their_event) {
    if (stage.term.text != theirs.term.text) {
      return AddAtRule("query", absl::StrCat(step, " does not match ", stage.term.text));
    }
    const auto& program = lacks_.site.rules()->program();
    if (program.DebugString(stage.term.condition) !=
        has_.site.rules()->program().DebugString(theirs.term.condition)) {
      return AddAtRule("list",
                       absl::StrCat(step, " is not in a list of the rule: ", stage.term.text));
    }
    AddAtRule(
        "enrichment",
        absl::StrCat(step, " is seen differently: ", Differences(stage.term, event, their_event)));
  }

  // "sequitur.file.area is null, not web_root".
  std::string Differences(const eql::Term& term, const event::Snapshot& event,
                          const event::Snapshot& their_event) const {
    const event::FieldTable& fields = lacks_.site.fields();
    event::Projection read(fields);
    lacks_.site.rules()->program().CollectFields(term.condition, read);
    std::vector<std::string> found;
    for (event::FieldId id = 0; id < read.size(); ++id) {
      const auto their_id = has_.site.fields().Find(fields.path(id));
      if (!read.Has(id) || !their_id) continue;
      const std::string mine = event.Get(id).ToString();
      const std::string other = their_event.Get(*their_id).ToString();
      if (mine != other)
        found.push_back(absl::StrCat(fields.path(id), " is ", mine, ", not ", other));
    }
    return found.empty() ? "it is of another kind" : absl::StrJoin(found, "; ");
  }

  void ExplainWindows(const BacktestMatch& match, const rules::Rule& theirs) {
    const rules::Tuning* tuning = FindTuning(lacks_.site, rule_->id);
    const event::TimeNs span = match.end - match.start;
    if (rule_->maxspan && span > *rule_->maxspan) {
      AddAtSetting("maxspan",
                   absl::StrCat("the chain took ", Duration(span), ", maxspan is ",
                                Duration(*rule_->maxspan)),
                   tuning != nullptr && tuning->maxspan.has_value());
    }
    event::TimeNs back = 0, before = event::kNoTime;
    for (event::TimeNs time : match.times) {
      if (time == event::kNoTime) continue;
      if (before != event::kNoTime) back = std::max(back, before - time);
      before = time;
    }
    if (rule_->order_slack < theirs.order_slack && back > rule_->order_slack) {
      AddAtSetting(
          "order_slack",
          absl::StrCat("a step is ", Duration(back), " before the one it follows, order_slack is ",
                       Duration(rule_->order_slack)),
          tuning != nullptr && tuning->order_slack.has_value());
    }
  }

  void ExplainLinks(const BacktestMatch& match) {
    const auto event_at = [&](size_t place) -> const event::Snapshot* {
      const bool known = place < match.evidence.size() && match.evidence[place];
      return known ? asks_lacks_.EventAt(*match.evidence[place]) : nullptr;
    };
    for (const rules::Link& link : rule_->links) {
      const event::Snapshot* earlier = event_at(alert::PlacesOf(*rule_, link.earlier).last);
      const event::Snapshot* later = event_at(alert::PlacesOf(*rule_, link.later).first);
      if (earlier == nullptr || later == nullptr) continue;
      bool refuted = false;
      const rules::Tie* tie = correlate::Decides(link, *earlier, *later, &refuted);
      if (!refuted) continue;
      AddAtRule("links",
                absl::StrCat("steps ", link.earlier + 1, " and ", link.later + 1, " differ in ",
                             tie->text, ": ", earlier->Get(tie->same.earlier).ToString(), ", ",
                             later->Get(tie->same.later).ToString()));
    }
  }

  void ExplainRest(const BacktestMatch& match, const rules::Rule& theirs) {
    if (KeysOf(*rule_, lacks_.site) != KeysOf(theirs, has_.site)) {
      return AddAtRule("query", absl::StrCat("it is joined by ", KeysOf(*rule_, lacks_.site),
                                             ", not by ", KeysOf(theirs, has_.site)));
    }
    if (const BacktestMatch* other = SharingEvidence(match)) {
      return AddAtRule("evidence",
                       absl::StrCat("its events are part of another alert here: ", other->id));
    }
    AddAtRule("other", rule_->version == theirs.version
                           ? "the rule is the same: sources, hosts, lateness or limits differ"
                           : "the rule differs in what must not happen, or in `until`");
  }

  static std::string KeysOf(const rules::Rule& rule, const Site& site) {
    std::vector<std::string> keys;
    for (const rules::Stage& stage : rule.stages) {
      std::vector<absl::string_view> names;
      for (const eql::KeyField& key : stage.term.keys)
        names.push_back(site.fields().path(key.field));
      keys.push_back(absl::StrJoin(names, ", "));
    }
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return absl::StrJoin(keys, " / ");
  }

  const BacktestMatch* SharingEvidence(const BacktestMatch& match) const {
    for (const BacktestMatch& other : lacks_.backtest.matches) {
      if (other.rule != match.rule) continue;
      for (const auto& position : other.evidence) {
        if (position && std::find(match.evidence.begin(), match.evidence.end(), position) !=
                            match.evidence.end()) {
          return &other;
        }
      }
    }
    return nullptr;
  }

  const Side& has_;
  const Side& lacks_;
  Questions asks_has_, asks_lacks_;
  const rules::Rule* rule_ = nullptr;  // of the side that lacks it
  std::vector<Reason> reasons_;
};

void Index(Side& side) {
  for (const BacktestMatch& match : side.backtest.matches) side.by_id.emplace(match.id, &match);
}

// What this side tells and the other does not, or does not as loudly.
std::vector<const BacktestMatch*> Only(const Side& side, const Side& other) {
  std::vector<const BacktestMatch*> only;
  for (const BacktestMatch& match : side.backtest.matches) {
    if (!match.published()) continue;
    const auto found = other.by_id.find(match.id);
    if (found == other.by_id.end() || found->second->fate < match.fate) only.push_back(&match);
  }
  return only;
}

}  // namespace

AlertDiff DiffAlerts(const Site& before, const Site& after, absl::Span<const Input> inputs,
                     const std::string& host) {
  Side old_side{before, RunBacktest(before, inputs, host), {}, {}};
  Side new_side{after, RunBacktest(after, inputs, host), {}, {}};
  Index(old_side);
  Index(new_side);
  const auto lost = Only(old_side, new_side);
  const auto gained = Only(new_side, old_side);
  absl::flat_hash_set<Position> wanted;
  for (const auto* matches : {&lost, &gained}) {
    for (const BacktestMatch* match : *matches) {
      for (const auto& position : match->evidence) {
        if (position) wanted.insert(*position);
      }
    }
  }
  if (!wanted.empty()) {
    old_side.events = CaptureEvents(before, inputs, host, wanted);
    new_side.events = CaptureEvents(after, inputs, host, wanted);
  }
  AlertDiff diff;
  const auto add = [&](AlertChange::Kind kind, const std::vector<const BacktestMatch*>& matches,
                       Explanation why) {
    for (const BacktestMatch* match : matches) {
      diff.changes.push_back({kind, *match, why.Of(*match)});
      auto& count = diff.rules[match->rule];
      ++(kind == AlertChange::Kind::kGained ? count.gained : count.lost);
    }
  };
  add(AlertChange::Kind::kLost, lost, Explanation(old_side, new_side));
  add(AlertChange::Kind::kGained, gained, Explanation(new_side, old_side));
  std::stable_sort(diff.changes.begin(), diff.changes.end(),
                   [](const auto& a, const auto& b) { return a.match.end < b.match.end; });
  for (const BacktestMatch& match : old_side.backtest.matches) {
    if (match.published()) ++diff.rules[match.rule].before;
  }
  for (const BacktestMatch& match : new_side.backtest.matches) {
    if (match.published()) ++diff.rules[match.rule].after;
  }
  diff.before = std::move(old_side.backtest.summary);
  diff.after = std::move(new_side.backtest.summary);
  return diff;
}

}  // namespace sequitur::pipeline
