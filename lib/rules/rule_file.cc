#include "rules/rule_file.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "yaml/scalar.h"

namespace sequitur::rules {
namespace {

using yaml::Mapping;
using yaml::Node;

constexpr size_t kMaxIdLength = 200;

// Shipped ids are lower-case words joined by dashes; imported rules bring UUIDs
// and names of their own. What is refused could not stand in a metric or a path.
bool IsRuleId(absl::string_view id) {
  if (id.empty() || id.size() > kMaxIdLength || !absl::ascii_isalnum(id.front())) return false;
  return std::all_of(id.begin(), id.end(),
                     [](char c) { return absl::ascii_isalnum(c) || absl::StrContains("-_.:", c); });
}

// T1190 or T1059.004.
bool IsTechnique(absl::string_view id) {
  const auto digits = [](absl::string_view text, size_t count) {
    return text.size() == count && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  };
  if (id.empty() || id[0] != 'T') return false;
  if (id.size() == 5) return digits(id.substr(1), 4);
  return id.size() == 9 && id[5] == '.' && digits(id.substr(1, 4), 4) && digits(id.substr(6), 3);
}

// Elastic's score for each severity.
int DefaultRiskScore(Severity severity) {
  constexpr int kScores[] = {21, 47, 73, 99};
  return kScores[static_cast<size_t>(severity)];
}

std::vector<std::string> ReadTechniques(const Node& node) {
  std::vector<std::string> techniques;
  for (const Node& element : node.Elements()) {
    if (IsTechnique(element.text())) {
      techniques.emplace_back(element.text());
    } else {
      element.AddError(
          absl::StrCat("expected an ATT&CK technique such as T1190 or T1059.004, found ",
                       yaml::Quoted(element.text())));
    }
  }
  return techniques;
}

void ReadId(Mapping& mapping, RuleDraft& draft) {
  draft.id = mapping.Require("id");
  if (!draft.id) return;
  draft.rule.id = std::string(draft.id->text());
  if (IsRuleId(draft.rule.id)) return;
  draft.id->AddError(
      absl::StrCat("expected an id of letters, digits, '-', '_', '.' and ':', such as "
                   "web-exploit-chain, found ",
                   yaml::Quoted(draft.rule.id)));
}

void ReadTexts(Mapping& mapping, Rule& rule) {
  rule.name = mapping.GetString("name").value_or(rule.id);
  rule.description = mapping.GetString("description").value_or("");
  rule.note = mapping.GetString("note").value_or("");
  if (const auto attack = mapping.Get("attack")) rule.attack = ReadTechniques(*attack);
  rule.references = mapping.GetStrings("references");
}

void ReadSettings(Mapping& mapping, RuleDraft& draft) {
  Rule& rule = draft.rule;
  if (const auto severity = mapping.Get("severity")) {
    rule.severity = ReadSeverity(*severity).value_or(rule.severity);
  }
  rule.risk_score = static_cast<int>(
      mapping.GetInt("risk_score", 0, 100).value_or(DefaultRiskScore(rule.severity)));
  if (const auto mode = mapping.Get("mode")) rule.mode = ReadMode(*mode).value_or(rule.mode);
  draft.enabled = mapping.GetBool("enabled").value_or(true);
  if (const auto slack = mapping.Get("order_slack")) {
    rule.order_slack = absl::ToInt64Nanoseconds(slack->AsDuration().value_or(absl::ZeroDuration()));
    draft.order_slack_here = slack->Here();
  }
  if (const auto suppress = mapping.Get("suppress")) {
    draft.suppress = ReadSuppress(*suppress).value_or(SuppressSpec());
    draft.suppress_by = suppress;
  }
}

RuleDraft ReadRule(const Node& node) {
  RuleDraft draft(node);
  draft.rule.file = std::string(node.file());
  draft.rule.line = node.line();
  Mapping mapping(node, "a rule");
  ReadId(mapping, draft);
  ReadTexts(mapping, draft.rule);
  ReadSettings(mapping, draft);
  draft.query = mapping.Require("query");
  if (draft.query) {
    draft.rule.query = draft.query->AsString().value_or("");
    draft.maxspan_here = draft.query->Here();
  }
  if (const auto links = mapping.Get("links")) draft.links = ReadLinks(*links);
  draft.tests = mapping.Get("tests");
  mapping.Finish();
  return draft;
}

}  // namespace

std::vector<RuleDraft> ReadRules(yaml::Document& document) {
  std::vector<RuleDraft> drafts;
  for (const Node& node : document.root().Elements()) drafts.push_back(ReadRule(node));
  return drafts;
}

}  // namespace sequitur::rules
