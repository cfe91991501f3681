#pragma once

// What an EQL query is once compiled: stages with conditions, join keys and
// windows. Conditions themselves live in a Program (program.h); a Query only
// names them. Language and semantics: Elastic EQL, see lib/eql/README.md.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "event/field_table.h"
#include "event/time.h"

namespace sequitur::eql {

// Index of a compiled condition within its Program.
using ConditionId = uint32_t;

// One component of a join key. A mandatory field that is null keeps the event
// out of the stage; for an optional one null is a value like any other.
struct KeyField {
  event::FieldId field = 0;
  bool optional = false;

  friend bool operator==(const KeyField&, const KeyField&) = default;
};

// One `[category where condition] by keys with runs=N`, or one `![...]`.
struct Term {
  std::string category;  // empty: `any`
  ConditionId condition = 0;
  std::vector<KeyField> keys;  // `sequence by` first, then the term's own `by`
  bool missing = false;        // `![...]`
  int runs = 1;
  std::string text;   // the event filter as written, blanks folded; for people
  size_t offset = 0;  // of the term in the query's text
};

struct Pipe {
  enum class Kind { kHead, kTail };
  Kind kind = Kind::kHead;
  int64_t count = 0;
};

struct Query {
  bool is_sequence = false;
  std::vector<Term> terms;  // an event query has one, without keys
  std::optional<Term> until;
  std::optional<event::TimeNs> maxspan;  // nanoseconds, inclusive
  std::vector<Pipe> pipes;
};

// Where a query is wrong: 1-based line and column (in characters) within its
// text, and what was expected.
struct QueryError {
  int line = 1;
  int column = 1;
  std::string message;
};

}  // namespace sequitur::eql
