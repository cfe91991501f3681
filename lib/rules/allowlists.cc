#include "rules/allowlists.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "yaml/scalar.h"

namespace sequitur::rules {
namespace {

using yaml::Mapping;
using yaml::Node;

std::optional<absl::CivilDay> ParseDay(absl::string_view text) {
  absl::CivilDay day;
  // Formatting it again tells 2026-1-7 and other liberties from YYYY-MM-DD.
  if (!absl::ParseCivilTime(text, &day) || absl::FormatCivilTime(day) != text) return std::nullopt;
  return day;
}

void ReadExpiry(Mapping& mapping, absl::CivilDay today, AllowlistDraft& draft) {
  const auto node = mapping.Get("expires");
  if (!node) {
    mapping.node().AddWarning(
        "this entry never expires; give it a date to be looked at again, "
        "such as `expires: 2027-03-31`");
    return;
  }
  const auto day = ParseDay(node->text());
  if (!day) {
    node->AddError(
        absl::StrCat("expected a date such as 2027-03-31, found ", yaml::Quoted(node->text())));
    return;
  }
  draft.entry.expires = std::string(node->text());
  draft.expired = *day < today;
  if (draft.expired) {
    node->AddWarning(absl::StrCat("this entry expired on ", draft.entry.expires,
                                  " and no longer holds anything back; remove or renew it"));
  }
}

AllowlistDraft ReadEntry(const Node& node, absl::CivilDay today) {
  Mapping mapping(node, "an allowlist entry");
  const auto rule = mapping.Require("rule");
  AllowlistDraft draft(rule.value_or(node));
  AllowlistEntry& entry = draft.entry;
  if (rule) entry.rule = rule->AsString().value_or("");
  draft.step = mapping.Get("step");
  if (draft.step) {
    if (const auto step = draft.step->AsInt(1, 256)) entry.step = static_cast<int>(*step);
  }
  draft.where = mapping.Require("where");
  if (draft.where) entry.where_text = draft.where->AsString().value_or("");
  entry.owner = mapping.RequireString("owner").value_or("");
  entry.reason = mapping.RequireString("reason").value_or("");
  entry.file = std::string(node.file());
  entry.line = node.line();
  ReadExpiry(mapping, today, draft);
  mapping.Finish();
  return draft;
}

}  // namespace

std::vector<AllowlistDraft> ReadAllowlist(yaml::Document& document, absl::CivilDay today) {
  std::vector<AllowlistDraft> drafts;
  for (const Node& node : document.root().Elements()) drafts.push_back(ReadEntry(node, today));
  return drafts;
}

bool Covers(const AllowlistEntry& entry, absl::string_view rule_id) {
  if (entry.rule == rule_id) return true;
  return !entry.step && absl::StartsWith(rule_id, entry.rule) && rule_id[entry.rule.size()] == '-';
}

}  // namespace sequitur::rules
