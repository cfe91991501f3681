#include "rules/rule_ids.h"

#include "absl/strings/str_cat.h"
#include "base/diagnostic.h"
#include "yaml/scalar.h"

namespace sequitur::rules {

std::string UnknownRuleId(absl::string_view id, absl::Span<const absl::string_view> known) {
  // Longer than any id is no misspelling, and its edit distances would cost.
  constexpr size_t kMaxSuggested = 100;
  absl::string_view meant;
  if (id.size() <= kMaxSuggested) meant = DidYouMean(id, known);
  return absl::StrCat("no rule has the id ", yaml::Quoted(id),
                      meant.empty() ? "" : absl::StrCat("; did you mean '", meant, "'?"));
}

}  // namespace sequitur::rules
