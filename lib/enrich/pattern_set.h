#pragma once

// PatternSet: many small patterns, and which of them match, in one pass. Where
// eql::WildcardSet says whether, this says which. Compared without case.
//
// The dialects, all of the whole text:
//   kName       `*` any run, `?` one character; a version may follow: `python`
//               is also python3 and python3.12.
//   kPath       `*` any run within one component, `**` any run, leading `~` any
//               home directory; what lies below a match matches too.
//   kProgram    kPath without what lies below.
//   kArgument   one argument of a declared command line: `*` stands for one
//               word that is no option, `**` for several; neither for anything
//               a shell would act on. So an injection never matches.
//   kText       `*` any run, `?` one character.
//
// Bounds:   linear time in the text.
// Threads:  const after Compile().

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "re2/set.h"

namespace sequitur::enrich {

class PatternSet {
 public:
  enum class Dialect { kName, kPath, kProgram, kArgument, kText };

  explicit PatternSet(Dialect dialect);

  // Returns the pattern's number, from 0.
  int Add(absl::string_view pattern);
  // REQUIRES: called once, after the last Add.
  void Compile();

  bool empty() const { return count_ == 0; }
  // The numbers of the patterns that match, ascending, into `matches`.
  void Match(absl::string_view text, std::vector<int>& matches) const;
  bool Matches(absl::string_view text) const;

 private:
  Dialect dialect_;
  int count_ = 0;
  re2::RE2::Set set_;
};

// The pattern as a regular expression, for tests.
std::string PatternToRegex(absl::string_view pattern, PatternSet::Dialect dialect);

// One spelling of a path: /System/Volumes/Data/x is /x, /private/{etc,tmp,var}
// is /{etc,tmp,var}. A part of `path`; letter case is left to the patterns.
absl::string_view FoldPath(absl::string_view path);

}  // namespace sequitur::enrich
