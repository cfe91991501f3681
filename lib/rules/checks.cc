#include "rules/checks.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/diagnostic.h"
#include "eql/conflict.h"
#include "eql/errors.h"
#include "yaml/scalar.h"

namespace sequitur::rules {
namespace {

// Fields of which one value belongs to one host.
bool NamesHost(absl::string_view path) {
  for (absl::string_view prefix : {"host.", "agent.", "elastic.agent.", "container."}) {
    if (absl::StartsWith(path, prefix)) return true;
  }
  return absl::EndsWith(path, ".entity_id");
}

// Fields that no source gives more than one value. Others may be lists, of which
// one element meets one condition and another the next.
bool IsSingleValued(absl::string_view path) {
  for (absl::string_view several : {"args", "ip", "stdio_types", "Ext.ancestry", "env_vars"}) {
    if (absl::EndsWith(path, absl::StrCat(".", several)) && !absl::StartsWith(path, "source.") &&
        !absl::StartsWith(path, "destination.")) {
      return false;
    }
  }
  for (absl::string_view prefix : {"process.", "file.", "http.", "url.", "source.", "destination.",
                                   "network.", "user.", "user_agent.", "sequitur.lineage.",
                                   "sequitur.service.", "sequitur.file.", "dll.", "registry."}) {
    if (absl::StartsWith(path, prefix)) return true;
  }
  for (absl::string_view whole : {"event.category", "event.module", "event.dataset", "event.code",
                                  "host.id", "host.name", "host.os.type", "service.name"}) {
    if (path == whole) return true;
  }
  return false;
}

// Finds the stages of one rule that no event can fill, or that no two events can
// fill together.
class MatchCheck {
 public:
  MatchCheck(const RuleDraft& draft, const CheckInput& input)
      : draft_(draft),
        input_(input),
        world_(WorldOf()),
        finder_(input.program, input.fields, world_) {}

  void Run() {
    const Rule& rule = draft_.rule;
    bool possible = true;
    for (size_t i = 0; i < rule.stages.size(); ++i) {
      possible &= CheckTerm(rule.stages[i].term, "stage", absl::StrCat("step ", i + 1, ", "));
    }
    if (rule.until) CheckTerm(rule.until->term, "until", "");
    if (possible) CheckKeys();
  }

 private:
  eql::World WorldOf() {
    eql::World world;
    world.single_valued = [this](event::FieldId id) {
      return IsSingleValued(input_.fields.path(id));
    };
    world.values = [this](event::FieldId id) { return KnownValues(id); };
    return world;
  }

  std::optional<std::vector<std::string>> KnownValues(event::FieldId id) const {
    using Values = std::vector<std::string>;
    if (id == event::field::kEventCategory && !category_.empty()) return Values{category_};
    if (id == event::field::kSequiturNovel && input_.telemetry.baselines) {
      return *input_.telemetry.baselines;
    }
    return IsSet(id) ? std::nullopt : std::optional<Values>(Values());
  }

  bool IsSet(event::FieldId id) const {
    const auto& sets_field = input_.telemetry.sets_field;
    return !sets_field || sets_field(input_.fields.path(id));
  }

  void Warn(const eql::Term& term, const std::string& message) const {
    const auto [line, column] = PlaceOf(term);
    draft_.query->AddWarningWithin(line, column, message);
  }

  std::pair<int, int> PlaceOf(const eql::Term& term) const {
    eql::ErrorList place;
    place.Add(term.offset, "");
    const auto resolved = place.Resolve(draft_.rule.query);
    return {resolved[0].line, resolved[0].column};
  }

  // False, and said why, when the term can never match.
  bool CheckTerm(const eql::Term& term, absl::string_view what, absl::string_view which) {
    const std::string why = WhyNever(term);
    if (why == kPossible) return true;
    Warn(term, absl::StrCat("this ", what, " can never match: ", which, yaml::Quoted(term.text),
                            why.empty() ? "" : "; ", why));
    return false;
  }

  static constexpr absl::string_view kPossible = "-";

  std::string WhyNever(const eql::Term& term) {
    if (input_.program.IsNever(term.condition)) {
      if (input_.empty_lists.empty()) return "";
      return absl::StrCat("there is nothing in $", absl::StrJoin(input_.empty_lists, ", $"));
    }
    const auto& makes = input_.telemetry.makes_category;
    if (!term.category.empty() && makes && !makes(term.category)) {
      return absl::StrCat("no configured source makes ", term.category, " events");
    }
    category_ = term.category;
    std::vector<event::FieldId> keys;
    for (const eql::KeyField& key : term.keys) {
      if (key.optional) continue;
      if (!IsSet(key.field)) return WhyNoValue(key.field);
      keys.push_back(key.field);
    }
    const auto field = finder_.Find({term.condition}, keys);
    return field ? WhyNoValue(*field) : std::string(kPossible);
  }

  std::string WhyNoValue(event::FieldId field) const {
    const absl::string_view path = input_.fields.path(field);
    if (field == event::field::kSequiturNovel && input_.telemetry.baselines) {
      const auto& names = *input_.telemetry.baselines;
      return names.empty()
                 ? "no baselines are configured"
                 : absl::StrCat("the configured baselines are ", absl::StrJoin(names, ", "));
    }
    if (!IsSet(field)) return absl::StrCat("no configured source sets ", path);
    return absl::StrCat("what it asks of ", path, " contradicts itself");
  }

  // A field that joins the stages is the same in all of them.
  void CheckKeys() {
    const std::vector<Stage>& stages = draft_.rule.stages;
    if (stages.size() < 2) return;
    category_.clear();
    for (size_t key = 0; key < stages[0].term.keys.size(); ++key) {
      const event::FieldId field = stages[0].term.keys[key].field;
      std::vector<eql::ConditionId> conditions;
      for (const Stage& stage : stages) {
        if (stage.term.missing) continue;
        if (stage.term.keys.size() <= key || stage.term.keys[key].field != field) return;
        conditions.push_back(stage.term.condition);
      }
      if (!finder_.Find(conditions, {}, field)) continue;
      Warn(stages.back().term,
           absl::StrCat("these stages can never be joined: they are to have one ",
                        input_.fields.path(field), ", and ask different things of it"));
      return;
    }
  }

  const RuleDraft& draft_;
  const CheckInput& input_;
  std::string category_;  // of the term that is looked at
  const eql::World world_;
  eql::ConflictFinder finder_;
};

// Each repetition waits for the others.
void CheckRuns(const RuleDraft& draft, const Telemetry& telemetry) {
  for (const Stage& stage : draft.rule.stages) {
    if (stage.term.runs <= telemetry.hits_per_key) continue;
    draft.query->AddWarning(absl::StrCat("`with runs=", stage.term.runs,
                                         "` can never be reached: limits.hits_per_key is ",
                                         telemetry.hits_per_key));
  }
}

void CheckKeysNameTheHost(const RuleDraft& draft, const event::FieldTable& fields) {
  const auto names_host = [&](const Stage& stage) {
    return std::any_of(stage.term.keys.begin(), stage.term.keys.end(),
                       [&](const auto& key) { return NamesHost(fields.path(key.field)); });
  };
  const std::vector<Stage>& stages = draft.rule.stages;
  if (std::all_of(stages.begin(), stages.end(), names_host)) return;
  draft.query->AddWarning(
      "correlation never crosses hosts: the keys of this sequence do not name the host, and yet "
      "only events of one host are joined; add host.id to `by` to say so");
}

// The known path that differs from `path` by a slip in one of its parts.
absl::string_view LikelyMeant(absl::string_view path, const event::FieldTable& fields) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '.');
  for (event::FieldId id = 0; id < event::field::kKnownFields; ++id) {
    const std::vector<absl::string_view> known = absl::StrSplit(fields.path(id), '.');
    if (known.size() != parts.size()) continue;
    const auto [ours, theirs] = std::mismatch(parts.begin(), parts.end(), known.begin());
    if (!std::equal(std::next(ours), parts.end(), std::next(theirs))) continue;
    if (!DidYouMean(*ours, {*theirs}).empty()) return fields.path(id);
  }
  return {};
}

// Documents may carry any field, so that nobody sets one is no error.
void CheckFieldNames(const RuleDraft& draft, const eql::Program& program,
                     const event::FieldTable& fields) {
  event::Projection read(fields);
  for (const Stage& stage : draft.rule.stages) {
    program.CollectFields(stage.term.condition, read);
    for (const auto& key : stage.term.keys) read.Add(key.field);
  }
  ForEachPair(draft.rule.links, [&](const FieldPair& pair) {
    read.Add(pair.earlier);
    read.Add(pair.later);
  });
  for (event::FieldId id = event::field::kKnownFields; id < read.size(); ++id) {
    if (!read.Has(id)) continue;
    const absl::string_view meant = LikelyMeant(fields.path(id), fields);
    if (meant.empty()) continue;
    draft.query->AddWarning(absl::StrCat("no source sets the field ", yaml::Quoted(fields.path(id)),
                                         "; did you mean ", yaml::Quoted(meant), "?"));
  }
}

std::string Text(event::TimeNs duration) {
  return absl::FormatDuration(absl::Nanoseconds(duration));
}

Diagnostic Warning(Diagnostic here, std::string message) {
  here.severity = Diagnostic::Severity::kWarning;
  here.message = std::move(message);
  return here;
}

bool WaitsForLateness(const Rule& rule) {
  return rule.until || std::any_of(rule.stages.begin(), rule.stages.end(),
                                   [](const Stage& stage) { return stage.term.missing; });
}

// one, two, three and 4 more.
std::string Listed(absl::Span<const RuleDraft* const> drafts) {
  constexpr size_t kShown = 3;
  const size_t shown = drafts.size() <= kShown + 1 ? drafts.size() : kShown;
  const std::string ids = absl::StrJoin(
      drafts.subspan(0, shown), ", ",
      [](std::string* out, const RuleDraft* draft) { absl::StrAppend(out, draft->rule.id); });
  return shown == drafts.size() ? ids : absl::StrCat(ids, " and ", drafts.size() - shown, " more");
}

}  // namespace

Diagnostics CheckWindows(const RuleDraft& draft, const Telemetry& telemetry) {
  const Rule& rule = draft.rule;
  if (!rule.is_sequence) {
    if (rule.order_slack == 0) return {};
    return {Warning(draft.order_slack_here,
                    "order_slack is between steps, and this rule is about single events: take it "
                    "out")};
  }
  Diagnostics said;
  if (rule.maxspan && rule.order_slack > *rule.maxspan) {
    said.push_back(Warning(
        draft.order_slack_here,
        absl::StrCat("order_slack (", Text(rule.order_slack), ") is longer than maxspan (",
                     Text(*rule.maxspan),
                     "), so that the order of steps means nothing: lower it, or raise maxspan")));
  }
  const event::TimeNs looked_back =
      event::AddSaturating(rule.maxspan.value_or(0), telemetry.lateness.value_or(0));
  if (looked_back > telemetry.kept_for) {
    said.push_back(Warning(
        draft.maxspan_here,
        absl::StrCat("after a restart this rule has to read ", Text(looked_back),
                     " again (maxspan and lateness), and a topic is kept for ",
                     Text(telemetry.kept_for),
                     " unless its retention.ms says otherwise: lower maxspan, or see to it")));
  }
  return said;
}

Diagnostics CheckLateness(absl::Span<const RuleDraft* const> drafts, const Telemetry& telemetry) {
  constexpr event::TimeNs kLongWait = 3600 * event::kSecond;
  if (!telemetry.lateness) return {};
  const event::TimeNs lateness = *telemetry.lateness;
  std::vector<const RuleDraft*> beyond, waiting;
  event::TimeNs slack = 0;
  for (const RuleDraft* draft : drafts) {
    if (!draft->rule.is_sequence) continue;
    if (draft->rule.order_slack > lateness) beyond.push_back(draft);
    if (lateness >= kLongWait && WaitsForLateness(draft->rule)) waiting.push_back(draft);
    slack = std::max(slack, draft->rule.order_slack);
  }
  const bool set = telemetry.lateness_here.line > 0;
  Diagnostics said;
  if (!beyond.empty()) {
    said.push_back(Warning(
        set ? telemetry.lateness_here : beyond[0]->order_slack_here,
        absl::StrCat("lateness (", Text(lateness), ") is shorter than order_slack (", Text(slack),
                     ") of ", Listed(beyond),
                     ": what is written down so late is not joined any more; raise lateness")));
  }
  if (!waiting.empty()) {
    said.push_back(Warning(
        set ? telemetry.lateness_here : waiting[0]->maxspan_here,
        absl::StrCat(Listed(waiting), waiting.size() == 1 ? " waits " : " wait ", Text(lateness),
                     " (the longest lateness) before alerting, since what must not happen may "
                     "still come: lower it, or do without `until` and `![`")));
  }
  return said;
}

void CheckRule(const RuleDraft& draft, const CheckInput& input) {
  MatchCheck(draft, input).Run();
  CheckFieldNames(draft, input.program, input.fields);
  const Rule& rule = draft.rule;
  if (!rule.is_sequence) return;
  CheckKeysNameTheHost(draft, input.fields);
  CheckRuns(draft, input.telemetry);
  if (!rule.maxspan) {
    draft.query->AddWarning(
        "without maxspan a sequence waits until memory runs short; it is then given up, and "
        "counted (write `with maxspan=`)");
  }
  const bool repeats = std::any_of(rule.stages.begin(), rule.stages.end(),
                                   [](const Stage& stage) { return stage.term.runs > 1; });
  if (repeats && rule.suppress.window == 0) {
    draft.query->AddWarning(
        "every event beyond `with runs` completes the sequence anew: add "
        "`suppress: {by: [...], for: ...}` to be told once");
  }
}

}  // namespace sequitur::rules
