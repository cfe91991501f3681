#include "eql/errors.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eql/utf8.h"

namespace sequitur::eql {

void ErrorList::Add(size_t offset, absl::string_view message) {
  if (problems_.size() < kMax) problems_.push_back({offset, std::string(message)});
}

std::vector<QueryError> ErrorList::Resolve(absl::string_view text) const {
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Problem& a, const Problem& b) { return a.offset < b.offset; });
  std::vector<QueryError> errors;
  int line = 1;
  int column = 1;
  size_t at = 0;
  for (const Problem& problem : sorted) {
    while (at < std::min(problem.offset, text.size())) {
      const bool end_of_line = text[at] == '\n';
      line += end_of_line ? 1 : 0;
      column = end_of_line ? 1 : column + 1;
      at += CharacterSize(text, at);
    }
    errors.push_back({line, column, problem.message});
  }
  return errors;
}

std::string Quoted(absl::string_view text) {
  constexpr size_t kShown = 60;
  if (text.size() <= kShown) return absl::StrCat("'", text, "'");
  return absl::StrCat("'", text.substr(0, ByteOffset(text.substr(0, kShown), 50)), "...'");
}

}  // namespace sequitur::eql
