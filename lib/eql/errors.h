#pragma once

// ErrorList collects what is wrong with one query by byte offset and turns it
// into lines and columns at the end.
//
// Bounds:   kMax errors; a text that is wrong everywhere says so once.

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "eql/query.h"

namespace sequitur::eql {

class ErrorList {
 public:
  static constexpr size_t kMax = 20;

  void Add(size_t offset, absl::string_view message);
  bool empty() const { return problems_.empty(); }

  // In order of place, with positions in `text`.
  std::vector<QueryError> Resolve(absl::string_view text) const;

 private:
  struct Problem {
    size_t offset;
    std::string message;
  };
  std::vector<Problem> problems_;
};

// How an error message shows something the writer wrote: cut when it is long.
std::string Quoted(absl::string_view text);

}  // namespace sequitur::eql
