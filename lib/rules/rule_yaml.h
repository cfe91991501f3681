#pragma once

// A rule as text: what rule_file.h reads, for rules that come from elsewhere.

#include <string>

#include "absl/strings/string_view.h"
#include "rules/rule.h"
#include "rules/tuning.h"

namespace sequitur::rules {

// The rule as one element of a rule file's list. The query reads back byte for
// byte: as a block where YAML can carry it in one, else in quotes. Other texts
// have their blanks folded. Stages, version and place of the rule are not used.
std::string ToYaml(const Rule& rule, const SuppressSpec& suppress);

// The value of a key at `indent`, from behind the colon to the line's end.
std::string BlockOrQuoted(absl::string_view text, int indent);
// In double quotes, control characters escaped.
std::string InQuotes(absl::string_view text);
// A short text on one line: plain where that reads back as this string.
std::string PlainOrQuoted(absl::string_view text);

}  // namespace sequitur::rules
