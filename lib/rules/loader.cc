#include "rules/loader.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eql/program.h"
#include "rules/allowlists.h"
#include "rules/checks.h"
#include "rules/lists.h"
#include "rules/rule_file.h"
#include "rules/rule_ids.h"
#include "rules/version.h"
#include "yaml/files.h"
#include "yaml/scalar.h"

namespace sequitur::rules {
namespace {

using UsedLists = absl::btree_set<std::string>;

// One load: the steps in order, what they share as members.
class Load {
 public:
  Load(RuleDocuments documents, const LoadOptions& options, event::FieldTable& fields)
      : documents_(std::move(documents)), options_(options), fields_(fields), program_(fields) {}

  Loaded Run() {
    ReadDrafts();
    CheckTunedIds();
    for (RuleDraft& draft : drafts_) FinishRule(draft);
    CheckTogether();
    ReadAllowlists();
    NumberVersions();
    ReadTests();
    CollectDiagnostics();
    BuildRuleSet();
    return std::move(loaded_);
  }

 private:
  // A rule of the set under way, beside rules_.
  struct Compiled {
    const RuleDraft* draft;
    UsedLists used_lists;
  };

  void ReadDrafts() {
    for (yaml::Document& document : documents_.lists) lists_.Add(document);
    for (yaml::Document& document : documents_.rules) {
      for (RuleDraft& draft : ReadRules(document)) drafts_.push_back(std::move(draft));
    }
    absl::flat_hash_map<absl::string_view, const Rule*> first;
    for (const RuleDraft& draft : drafts_) {
      if (!draft.id || draft.rule.id.empty()) continue;
      const auto [it, inserted] = first.emplace(draft.rule.id, &draft.rule);
      if (inserted) {
        ids_.push_back(draft.rule.id);
      } else {
        draft.id->AddError(absl::StrCat("rule ", yaml::Quoted(draft.rule.id), " is already in ",
                                        it->second->file, ":", it->second->line));
      }
    }
  }

  void Report(Diagnostic here, std::string message) {
    here.message = std::move(message);
    loaded_.diagnostics.push_back(std::move(here));
  }

  void Append(Diagnostics diagnostics) {
    std::move(diagnostics.begin(), diagnostics.end(), std::back_inserter(loaded_.diagnostics));
  }

  void CheckTunedIds() {
    if (options_.rules_are_partial) return;
    for (const auto& [id, tuning] : options_.tuning) {
      if (!IsKnown(id)) Report(tuning.here, UnknownRuleId(id, ids_));
    }
  }

  bool IsKnown(absl::string_view id) const {
    return std::find(ids_.begin(), ids_.end(), id) != ids_.end();
  }

  // Names the lists that are asked for.
  auto Lookup(UsedLists& used) const {
    return [this, &used](absl::string_view name) -> const std::vector<std::string>* {
      used.emplace(name);
      const NamedList* list = lists_.Find(name);
      return list == nullptr ? nullptr : &list->entries;
    };
  }

  std::vector<std::string> EmptyLists(const UsedLists& used) const {
    std::vector<std::string> empty;
    for (const std::string& name : used) {
      const NamedList* list = lists_.Find(name);
      if (list != nullptr && list->entries.empty()) empty.push_back(name);
    }
    return empty;
  }

  // A disabled rule is checked like any other, but in a program of its own.
  void FinishRule(RuleDraft& draft) {
    const auto tuned = options_.tuning.find(draft.rule.id);
    const Tuning tuning = tuned == options_.tuning.end() ? Tuning() : tuned->second;
    const bool enabled = tuning.enabled.value_or(draft.enabled);
    if (!draft.query || !draft.query->is_scalar()) return;
    std::optional<eql::Program> aside;
    if (!enabled) aside.emplace(fields_);
    UsedLists used;
    if (!CompileRule(draft, aside ? *aside : program_, used)) return;
    Tune(draft, tuning);
    SetSuppress(draft, tuning);
    SetLinks(draft);
    const std::vector<std::string> empty = EmptyLists(used);
    CheckRule(draft, {aside ? *aside : program_, fields_, options_.telemetry, empty});
    Append(CheckWindows(draft, options_.telemetry));
    if (!enabled) return;
    rules_.push_back(draft.rule);
    rules_.back().stages_version = StagesVersion(draft.rule, used, lists_, fields_);
    compiled_.push_back({&draft, std::move(used)});
  }

  bool CompileRule(RuleDraft& draft, eql::Program& program, UsedLists& used) {
    eql::Program::CompiledQuery compiled = program.Compile(draft.rule.query, Lookup(used));
    for (const eql::QueryError& error : compiled.errors) {
      draft.query->AddErrorWithin(error.line, error.column, error.message);
    }
    if (!compiled.query || !compiled.errors.empty()) return false;
    Rule& rule = draft.rule;
    rule.is_sequence = compiled.query->is_sequence;
    for (eql::Term& term : compiled.query->terms) rule.stages.push_back({std::move(term), {}});
    if (compiled.query->until) rule.until = Stage{std::move(*compiled.query->until), {}};
    rule.maxspan = compiled.query->maxspan;
    rule.pipes = std::move(compiled.query->pipes);
    return true;
  }

  void Tune(RuleDraft& draft, const Tuning& tuning) {
    Rule& rule = draft.rule;
    if (tuning.mode) rule.mode = *tuning.mode;
    if (tuning.severity) rule.severity = *tuning.severity;
    if (tuning.order_slack) {
      rule.order_slack = absl::ToInt64Nanoseconds(*tuning.order_slack);
      draft.order_slack_here = tuning.here;
    }
    if (!tuning.maxspan) return;
    draft.maxspan_here = tuning.here;
    rule.maxspan = absl::ToInt64Nanoseconds(*tuning.maxspan);
    if (rule.is_sequence) return;
    Report(tuning.here, absl::StrCat("rule ", yaml::Quoted(rule.id),
                                     " is about single events: there is no maxspan to tune"));
  }

  void SetSuppress(RuleDraft& draft, const Tuning& tuning) {
    if (tuning.suppress) draft.suppress = *tuning.suppress;
    const SuppressSpec& spec = draft.suppress;
    draft.rule.suppress.group = spec.group;
    draft.rule.suppress.window = absl::ToInt64Nanoseconds(spec.window);
    for (const std::string& path : spec.by) {
      if (const auto field = Intern(path)) draft.rule.suppress.by.push_back(*field);
    }
  }

  void SetLinks(RuleDraft& draft) {
    for (const LinkSpec& spec : draft.links) {
      Link link;
      const auto stages = static_cast<int>(draft.rule.stages.size());
      if (spec.later > stages) {
        spec.node.AddError(
            absl::StrCat("rule ", yaml::Quoted(draft.rule.id), " has ", stages, " steps"));
        continue;
      }
      link.earlier = static_cast<uint16_t>(spec.earlier - 1);
      link.later = static_cast<uint16_t>(spec.later - 1);
      const auto missing = [&](uint16_t stage) { return draft.rule.stages[stage].term.missing; };
      if (missing(link.earlier) || missing(link.later)) {
        spec.node.AddError(absl::StrCat("step ", missing(link.earlier) ? spec.earlier : spec.later,
                                        " is a missing event (`![`): there is nothing to compare"));
        continue;
      }
      link.by = Ties(spec.by);
      link.prefer = Ties(spec.prefer);
      draft.rule.links.push_back(std::move(link));
    }
  }

  std::vector<Tie> Ties(const std::vector<LinkSpec::TieSpec>& specs) {
    std::vector<Tie> ties;
    for (const LinkSpec::TieSpec& spec : specs) {
      Tie tie;
      tie.same = Pair(spec.same);
      if (spec.within) tie.within = Pair(*spec.within);
      tie.text = spec.text;
      ties.push_back(std::move(tie));
    }
    return ties;
  }

  FieldPair Pair(const LinkSpec::PairSpec& spec) {
    return {Intern(spec.earlier).value_or(0), Intern(spec.later).value_or(0)};
  }

  void CheckTogether() {
    CheckSuppressGroups();
    std::vector<const RuleDraft*> enabled;
    for (const Compiled& compiled : compiled_) enabled.push_back(compiled.draft);
    Append(CheckLateness(enabled, options_.telemetry));
  }

  // Rules of a group are told apart by the same values, or they could not hold
  // each other back.
  void CheckSuppressGroups() {
    absl::btree_map<absl::string_view, std::vector<const RuleDraft*>> groups;
    for (const RuleDraft& draft : drafts_) {
      if (!draft.suppress.group.empty()) groups[draft.suppress.group].push_back(&draft);
    }
    std::vector<absl::string_view> names;
    for (const auto& [name, members] : groups) names.push_back(name);
    for (const auto& [name, members] : groups) {
      if (members.size() == 1) WarnOfLoneMember(*members[0], names);
      for (const RuleDraft* member : members) CheckSameBy(*members[0], *member);
    }
  }

  void CheckSameBy(const RuleDraft& first, const RuleDraft& other) {
    if (first.suppress.by == other.suppress.by) return;
    Report(other.suppress.group_here,
           absl::StrCat("rules of a suppression group need the same `by`: rule ",
                        yaml::Quoted(first.rule.id), " (", first.suppress.group_here.file, ":",
                        first.suppress.group_here.line, ") has [",
                        absl::StrJoin(first.suppress.by, ", "), "], this one [",
                        absl::StrJoin(other.suppress.by, ", "), "]"));
  }

  void WarnOfLoneMember(const RuleDraft& draft, std::vector<absl::string_view> names) {
    if (options_.rules_are_partial) return;
    const absl::string_view name = draft.suppress.group;
    names.erase(std::find(names.begin(), names.end(), name));
    const absl::string_view meant = DidYouMean(name, names);
    Diagnostic here = draft.suppress.group_here;
    here.severity = Diagnostic::Severity::kWarning;
    Report(std::move(here),
           absl::StrCat(
               "no other rule is in the suppression group ", yaml::Quoted(name),
               meant.empty() ? "" : absl::StrCat("; did you mean ", yaml::Quoted(meant), "?")));
  }

  std::optional<event::FieldId> Intern(const std::string& path) {
    const auto field = fields_.Intern(path);
    if (!field) {
      Report({}, absl::StrCat("too many different fields in all rules: no number left for ",
                              yaml::Quoted(path)));
    }
    return field;
  }

  void ReadAllowlists() {
    for (yaml::Document& document : documents_.allowlists) {
      for (AllowlistDraft& draft : ReadAllowlist(document, options_.today)) FinishEntry(draft);
    }
  }

  void FinishEntry(AllowlistDraft& draft) {
    AllowlistEntry& entry = draft.entry;
    const bool known = IsKnown(entry.rule);
    if (!known && !entry.rule.empty() && !options_.rules_are_partial) {
      draft.rule.AddError(UnknownRuleId(entry.rule, ids_));
    }
    if (!draft.where || !draft.where->is_scalar()) return;
    UsedLists used;
    // An expired entry is checked too, since renewing it must not break a load.
    const auto compiled = program_.CompileCondition(entry.where_text, Lookup(used));
    for (const eql::QueryError& error : compiled.errors) {
      draft.where->AddErrorWithin(error.line, error.column, error.message);
    }
    if (!known || !compiled.condition || !compiled.errors.empty()) return;
    entry.where = *compiled.condition;
    CheckWhere(draft);
    if (draft.expired) {
      expired_.push_back(entry);
    } else {
      Attach(draft, used);
    }
  }

  void CheckWhere(const AllowlistDraft& draft) {
    if (program_.IsNever(draft.entry.where)) {
      draft.where->AddError("this condition can never match");
    } else if (program_.IsAlways(draft.entry.where)) {
      draft.where->AddError(
          "this matches every event; to switch a rule off, set `enabled: false` "
          "under `tuning:`");
    }
  }

  void Attach(const AllowlistDraft& draft, const UsedLists& used) {
    const auto number = static_cast<uint32_t>(allowlist_.size());
    allowlist_.push_back(draft.entry);
    for (size_t i = 0; i < rules_.size(); ++i) {
      if (!Covers(draft.entry, rules_[i].id)) continue;
      compiled_[i].used_lists.insert(used.begin(), used.end());
      if (draft.entry.step) {
        AttachToStep(draft, rules_[i], number);
        continue;
      }
      for (Stage& stage : rules_[i].stages) {
        if (!stage.term.missing) stage.allowlist.push_back(number);
      }
    }
  }

  void AttachToStep(const AllowlistDraft& draft, Rule& rule, uint32_t number) {
    const auto step = static_cast<size_t>(*draft.entry.step);
    if (step > rule.stages.size()) {
      draft.step->AddError(
          absl::StrCat("rule ", yaml::Quoted(rule.id), " has ", rule.stages.size(), " steps"));
    } else if (rule.stages[step - 1].term.missing) {
      draft.step->AddError(
          absl::StrCat("step ", step,
                       " is a missing event (`![`): to hold one back would make alerts, not "
                       "prevent them"));
    } else {
      rule.stages[step - 1].allowlist.push_back(number);
    }
  }

  void NumberVersions() {
    for (size_t i = 0; i < rules_.size(); ++i) {
      rules_[i].version =
          RuleVersion(rules_[i], allowlist_, compiled_[i].used_lists, lists_, fields_);
    }
  }

  void ReadTests() {
    const std::vector<absl::string_view> kinds(options_.source_kinds.begin(),
                                               options_.source_kinds.end());
    for (const Compiled& compiled : compiled_) {
      if (!compiled.draft->tests) continue;
      for (RuleTest& test : ReadRuleTests(*compiled.draft->tests, {kinds, ids_})) {
        test.rule = compiled.draft->rule.id;
        loaded_.tests.push_back(std::move(test));
      }
    }
  }

  void CollectDiagnostics() {
    for (auto* documents : {&documents_.lists, &documents_.rules, &documents_.allowlists}) {
      for (yaml::Document& document : *documents) {
        for (Diagnostic& diagnostic : document.TakeDiagnostics()) {
          loaded_.diagnostics.push_back(std::move(diagnostic));
        }
      }
    }
  }

  void BuildRuleSet() {
    std::vector<event::FieldId> evidence;
    for (const std::string& path : options_.evidence_fields) {
      if (const auto field = Intern(path)) evidence.push_back(*field);
    }
    if (HasErrors(loaded_.diagnostics)) return;
    loaded_.rules = std::make_shared<const RuleSet>(std::move(rules_), std::move(allowlist_),
                                                    std::move(program_), fields_, evidence,
                                                    std::move(expired_));
  }

  RuleDocuments documents_;
  const LoadOptions& options_;
  event::FieldTable& fields_;
  eql::Program program_;
  Lists lists_;
  std::vector<RuleDraft> drafts_;
  std::vector<absl::string_view> ids_;  // of drafts_, each once
  std::vector<Rule> rules_;
  std::vector<Compiled> compiled_;  // beside rules_
  std::vector<AllowlistEntry> allowlist_, expired_;
  Loaded loaded_;
};

// Reads the files behind the paths; those that cannot be found are reported.
std::vector<yaml::Document> ReadFiles(absl::Span<const std::string> paths,
                                      Diagnostics& diagnostics) {
  yaml::FileList files = yaml::FindFiles(paths);
  diagnostics.insert(diagnostics.end(), files.diagnostics.begin(), files.diagnostics.end());
  std::vector<yaml::Document> documents;
  for (const std::string& path : files.paths) documents.push_back(yaml::Document::Load(path));
  return documents;
}

}  // namespace

Loaded LoadRuleSet(RuleDocuments documents, const LoadOptions& options, event::FieldTable& fields) {
  return Load(std::move(documents), options, fields).Run();
}

Loaded LoadRuleSet(const LoadOptions& options, event::FieldTable& fields) {
  Diagnostics missing;
  RuleDocuments documents;
  documents.lists = ReadFiles(options.list_paths, missing);
  documents.rules = ReadFiles(options.rule_paths, missing);
  documents.allowlists = ReadFiles(options.allowlist_paths, missing);
  Loaded loaded = LoadRuleSet(std::move(documents), options, fields);
  if (!missing.empty()) loaded.rules = nullptr;
  loaded.diagnostics.insert(loaded.diagnostics.begin(), missing.begin(), missing.end());
  return loaded;
}

}  // namespace sequitur::rules
