#include "rules/elastic_import.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "eql/program.h"
#include "rules/elastic_toml.h"
#include "rules/loader.h"
#include "rules/rule_yaml.h"

namespace sequitur::rules {
namespace {

constexpr size_t kMaxSlug = 120;

// Keys that decide what Elastic's rule matches or tells. Leaving them out is
// more than a matter of scheduling.
constexpr struct {
  absl::string_view key;
  absl::string_view loss;
} kLosses[] = {
    {"filters", "its conditions are not in the query: the rule here matches more"},
    {"exceptions_list", "its exceptions are not carried over: write them as an allowlist"},
    {"event_category_override", "the category is always event.category here"},
    {"timestamp_field", "sequences are ordered by @timestamp here"},
    {"tiebreaker_field", "events of one time are ordered by event.sequence here"},
    {"building_block_type", "a building block is a rule like any other here: it alerts"},
};

absl::string_view LossOf(absl::string_view key) {
  for (const auto& loss : kLosses) {
    if (loss.key == key) return loss.loss;
  }
  return {};
}

std::string ReasonToSkip(const ElasticRule& rule) {
  if (rule.type == "eql" && (rule.language.empty() || rule.language == "eql")) return {};
  if (!rule.language.empty() && rule.type != rule.language) {
    return absl::StrCat("a rule of type ", rule.type.empty() ? "none" : rule.type, " in ",
                        rule.language, ", not EQL");
  }
  return absl::StrCat("a rule of type ", rule.type.empty() ? "none" : rule.type, ", not EQL");
}

class Import {
 public:
  Import(absl::string_view file, const ImportOptions& options, event::FieldTable& fields)
      : file_(file), options_(options), fields_(fields) {}

  ImportedRule Run(absl::string_view toml) {
    auto parsed = ParseElasticRule(toml, file_, out_.diagnostics);
    if (!parsed) return std::move(out_);
    source_ = *std::move(parsed);
    toml_ = toml;
    out_.rule_id = source_.rule_id;
    out_.line = source_.query_line;
    out_.id = SlugOf(source_.name.empty() ? source_.rule_id : source_.name);
    out_.skipped = ReasonToSkip(source_);
    if (!out_.skipped.empty()) return std::move(out_);
    NoteLosses();
    if (!CompileQuery()) return std::move(out_);
    std::string yaml = ToYaml(Translated(), Suppression());
    if (!HasErrors(out_.diagnostics) && ReadsBack(yaml)) out_.yaml = std::move(yaml);
    return std::move(out_);
  }

 private:
  void Report(Diagnostic::Severity severity, int line, std::string message) {
    Diagnostic problem;
    problem.severity = severity;
    problem.file = std::string(file_);
    problem.line = line;
    problem.message = std::move(message);
    out_.diagnostics.push_back(std::move(problem));
  }

  void NoteLosses() {
    std::vector<absl::string_view> plain;
    for (const ElasticRule::Unused& unused : source_.unused) {
      const absl::string_view loss = LossOf(unused.key);
      if (loss.empty()) {
        plain.push_back(unused.key);
      } else {
        Report(Diagnostic::Severity::kWarning, unused.line, absl::StrCat(unused.key, ": ", loss));
      }
    }
    if (!plain.empty()) {
      out_.notes.push_back(absl::StrCat("not used here: ", absl::StrJoin(plain, ", ")));
    }
    if (source_.maturity == "deprecated") out_.notes.emplace_back("its maturity is deprecated");
  }

  bool CompileQuery() {
    if (source_.query.empty()) {
      Report(Diagnostic::Severity::kError, source_.line, "the rule has no query");
      return false;
    }
    eql::Program program(fields_);
    const auto no_lists = [](absl::string_view) -> const std::vector<std::string>* {
      return nullptr;
    };
    const auto compiled = program.Compile(source_.query, no_lists);
    for (const eql::QueryError& error : compiled.errors) ReportQuery(error);
    if (!compiled.query || !compiled.errors.empty()) return false;
    CollectFields(program, *compiled.query);
    return true;
  }

  // Where the error stands in the file, if the query stands there as it is.
  void ReportQuery(const eql::QueryError& error) {
    Diagnostic problem;
    problem.file = std::string(file_);
    problem.message = error.message;
    if (source_.text_line == 0) {
      problem.line = source_.query_line;
      absl::StrAppend(&problem.message, " (line ", error.line, ", column ", error.column,
                      " of the query)");
    } else {
      problem.line = source_.text_line + error.line - 1;
      problem.column = error.line == 1 ? source_.text_column + error.column - 1 : error.column;
      const std::vector<absl::string_view> lines = absl::StrSplit(toml_, '\n');
      problem.source_line = std::string(lines[problem.line - 1]);
    }
    out_.diagnostics.push_back(std::move(problem));
  }

  void CollectFields(const eql::Program& program, const eql::Query& query) {
    event::Projection read(fields_);
    const auto add = [&](const eql::Term& term) {
      program.CollectFields(term.condition, read);
      for (const eql::KeyField& key : term.keys) read.Add(key.field);
    };
    for (const eql::Term& term : query.terms) add(term);
    if (query.until) add(*query.until);
    for (event::FieldId id = 0; id < read.size(); ++id) {
      if (read.Has(id)) out_.fields.push_back(id);
    }
  }

  Rule Translated() {
    Rule rule;
    rule.id = out_.id;
    rule.name = source_.name.empty() ? out_.id : source_.name;
    rule.description = source_.description;
    if (!source_.false_positives.empty()) {
      absl::StrAppend(&rule.description,
                      "\nFalse positives: ", absl::StrJoin(source_.false_positives, " "));
    }
    const auto severity = ParseSeverity(source_.severity);
    if (!severity) {
      Report(Diagnostic::Severity::kWarning, source_.line,
             "no severity of low, medium, high or critical; medium is taken");
    }
    rule.severity = severity.value_or(Severity::kMedium);
    constexpr int kScores[] = {21, 47, 73, 99};
    rule.risk_score = static_cast<int>(std::clamp<int64_t>(
        source_.risk_score.value_or(kScores[static_cast<size_t>(rule.severity)]), 0, 100));
    rule.mode = options_.shadow ? Mode::kShadow : Mode::kLive;
    rule.attack = source_.techniques;
    if (!source_.rule_id.empty()) {
      rule.references.push_back(absl::StrCat("elastic:", source_.rule_id));
    }
    rule.references.insert(rule.references.end(), source_.references.begin(),
                           source_.references.end());
    rule.query = source_.query;
    return rule;
  }

  SuppressSpec Suppression() const {
    SuppressSpec suppress;
    suppress.by = source_.suppress_by;
    suppress.window = source_.suppress_for;
    return suppress;
  }

  // What was written is a rule file, and its query the one that came.
  bool ReadsBack(const std::string& yaml) {
    RuleDocuments documents;
    documents.rules.push_back(yaml::Document::Parse(yaml, "imported.yaml"));
    event::FieldTable fields;
    const Loaded loaded = LoadRuleSet(std::move(documents), LoadOptions(), fields);
    for (const Diagnostic& problem : loaded.diagnostics) {
      if (problem.severity == Diagnostic::Severity::kError || problem.message.empty() ||
          !Said(problem.message)) {
        Report(problem.severity, source_.query_line, problem.message);
      }
    }
    return loaded.rules != nullptr && loaded.rules->rules().size() == 1 &&
           loaded.rules->rules()[0].query == source_.query;
  }

  bool Said(const std::string& message) const {
    return std::any_of(out_.diagnostics.begin(), out_.diagnostics.end(),
                       [&](const Diagnostic& problem) { return problem.message == message; });
  }

  const absl::string_view file_;
  const ImportOptions options_;
  event::FieldTable& fields_;
  absl::string_view toml_;
  ElasticRule source_;
  ImportedRule out_;
};

}  // namespace

std::string SlugOf(absl::string_view name) {
  std::string slug;
  for (char c : name) {
    if (absl::ascii_isalnum(c)) {
      slug += absl::ascii_tolower(c);
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
    if (slug.size() == kMaxSlug) break;
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "imported" : slug;
}

ImportedRule ImportElasticRule(absl::string_view toml, absl::string_view file,
                               const ImportOptions& options, event::FieldTable& fields) {
  return Import(file, options, fields).Run(toml);
}

}  // namespace sequitur::rules
