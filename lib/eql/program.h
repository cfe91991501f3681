#pragma once

// Program holds every condition of a rule set in one pool of nodes, equal
// sub-conditions once, so that what a hundred rules ask about an event is
// answered once per event.
//
// Flow:     text -> lexer -> parser -> ast -> checker -> compiler -> Program;
//           Evaluator runs it.
// Threads:  compile first, then share const; an Evaluator belongs to one worker.
// Lifetime: the FieldTable must outlive the Program, the Program its Evaluators.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "eql/query.h"
#include "eql/required_literals.h"
#include "event/event.h"
#include "event/field_table.h"

namespace sequitur::eql {

// Entries of the list a rule calls `$name`, or nullptr when there is none.
// A returned pointer is read during Compile only.
using ListLookup = absl::FunctionRef<const std::vector<std::string>*(absl::string_view name)>;

class Program {
 public:
  explicit Program(event::FieldTable& fields);
  ~Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;

  struct CompiledQuery {
    std::optional<Query> query;  // unset when there are errors
    std::vector<QueryError> errors;
  };
  // A whole query: event filter or sequence, with pipes.
  CompiledQuery Compile(absl::string_view text, ListLookup lists);

  struct CompiledCondition {
    std::optional<ConditionId> condition;
    std::vector<QueryError> errors;
  };
  // A bare condition, as in an allowlist's `where:`.
  CompiledCondition CompileCondition(absl::string_view text, ListLookup lists);

  // Adds the fields the condition reads.
  void CollectFields(ConditionId condition, event::Projection& projection) const;

  // kEqual looks at `==`, `in` and `:` without wildcards alone; kLongest also at
  // the plain parts of patterns, and takes the longest literals it finds.
  enum class Literals : uint8_t { kEqual, kLongest };
  // What an event must hold for the condition to be true: alternatives, of which one
  // must hold, the most selective conjunct. Empty when the condition requires no
  // literal; the stage index looks only where one says.
  std::vector<RequiredLiterals> Required(ConditionId condition, Literals which) const;
  // The whole values of the field of which an event must hold one; unset when the
  // condition names none.
  std::optional<RequiredLiterals> RequiredOf(ConditionId condition, event::FieldId field) const;

  // True when the condition cannot match any event (constant false), and when
  // it matches every event.
  bool IsNever(ConditionId condition) const;
  bool IsAlways(ConditionId condition) const;

  // The compiled form, one line, for `explain` and tests.
  std::string DebugString(ConditionId condition) const;
  // Nodes in the pool, for tests of sharing.
  size_t node_count() const;

  // The compiled form itself (program_pool.h), for this module's own.
  struct Pool;
  const Pool& pool() const { return *pool_; }

 private:
  friend class Evaluator;
  std::unique_ptr<Pool> pool_;
};

class Evaluator {
 public:
  explicit Evaluator(const Program& program);
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;

  // The event that Matches() speaks of from now on; it must not change until
  // the next Begin().
  void Begin(const event::Event& event);
  bool Matches(ConditionId condition);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sequitur::eql
