#pragma once

// The functions of EQL: names, arguments, and what each computes from scalars
// (the Evaluator maps them over lists). Semantics: Elastic's EQL function
// reference, and its sources where that is silent.
//
// String functions read the text of any scalar. Positions are in characters.
//
// Bounds:   linear in the length of the arguments.
// Threads:  free functions.

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/arena.h"
#include "event/value.h"

namespace sequitur::eql {

enum class Function : uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kNegate,  // the operator; has no name
  kBetween,
  kCidrMatch,  // compiled to a condition of its own
  kConcat,
  kEndsWith,
  kIndexOf,
  kLength,
  kNumber,
  kStartsWith,
  kString,
  kStringContains,
  kSubstring,
};

enum class Type : uint8_t { kAny, kNull, kBoolean, kNumber, kString };

struct FunctionSpec {
  absl::string_view name;
  Function function;
  bool has_fold;
  size_t min_args;
  size_t max_args;
  Type result;
  // One letter an argument, the last one for all further: s text, n number,
  // b boolean, v anything, c a network.
  absl::string_view args;
};

// Without regard to case, as Elastic's own rules spell them; nullptr when there
// is none.
const FunctionSpec* FindFunction(absl::string_view name);
absl::string_view FunctionName(Function function);
// What to say about a name that is no function.
std::string UnknownFunctionMessage(absl::string_view name);

// `args` are scalars; a null one makes the result null, except number()'s base.
// REQUIRES: as many arguments as the function takes; not kCidrMatch.
event::Value Apply(Function function, bool fold, absl::Span<const event::Value> args, Arena& arena);

}  // namespace sequitur::eql
