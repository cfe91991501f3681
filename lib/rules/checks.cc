#include "rules/checks.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/diagnostic.h"
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

void CheckCanMatch(const RuleDraft& draft, const eql::Program& program) {
  const Rule& rule = draft.rule;
  for (size_t i = 0; i < rule.stages.size(); ++i) {
    if (!program.IsNever(rule.stages[i].term.condition)) continue;
    draft.query->AddWarning(absl::StrCat("this stage can never match: step ", i + 1, ", ",
                                         yaml::Quoted(rule.stages[i].term.text)));
  }
  if (rule.until && program.IsNever(rule.until->term.condition)) {
    draft.query->AddWarning(
        absl::StrCat("this until can never match: ", yaml::Quoted(rule.until->term.text)));
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
  for (event::FieldId id = event::field::kKnownFields; id < read.size(); ++id) {
    if (!read.Has(id)) continue;
    const absl::string_view meant = LikelyMeant(fields.path(id), fields);
    if (meant.empty()) continue;
    draft.query->AddWarning(absl::StrCat("no source sets the field ", yaml::Quoted(fields.path(id)),
                                         "; did you mean ", yaml::Quoted(meant), "?"));
  }
}

}  // namespace

void CheckRule(const RuleDraft& draft, const eql::Program& program,
               const event::FieldTable& fields) {
  CheckCanMatch(draft, program);
  CheckFieldNames(draft, program, fields);
  const Rule& rule = draft.rule;
  if (!rule.is_sequence) return;
  CheckKeysNameTheHost(draft, fields);
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
