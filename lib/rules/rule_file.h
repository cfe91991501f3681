#pragma once

// Rules as their files say, before the query is compiled: one rule or a list of
// them per file. What each key means stands in rule.h.

#include <optional>
#include <string>
#include <vector>

#include "rules/links.h"
#include "rules/rule.h"
#include "rules/tuning.h"
#include "yaml/document.h"

namespace sequitur::rules {

// A rule of a file; `rule` has its metadata, the query is still text. The nodes
// point into the document it was read from.
struct RuleDraft {
  explicit RuleDraft(yaml::Node node) : node(node) {}

  Rule rule;
  yaml::Node node;                  // the whole rule
  std::optional<yaml::Node> id;     // unset when missing
  std::optional<yaml::Node> query;  // unset when missing
  std::optional<yaml::Node> tests;
  std::optional<yaml::Node> suppress_by;
  std::vector<LinkSpec> links;
  SuppressSpec suppress;
  // Where the window is set; in the site's tuning, when it is there.
  Diagnostic maxspan_here, order_slack_here;
  bool enabled = true;
};

// Problems are added to the document.
std::vector<RuleDraft> ReadRules(yaml::Document& document);

}  // namespace sequitur::rules
