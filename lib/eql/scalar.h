#pragma once

// What EQL makes of single values: their text, their number, their order, and
// arithmetic on them. Compile-time folding and the Evaluator share these.
//
// An index stores a keyword "0" and a long 0 by its mapping; a stream has none,
// so a number and a string are compared as numbers when both are, else as text.
//
// Threads:  free functions.

#include <compare>
#include <optional>

#include "absl/strings/string_view.h"
#include "base/arena.h"
#include "eql/ast.h"
#include "event/value.h"

namespace sequitur::eql {

// The text of a scalar: numbers in their shortest form that reads back the
// same, booleans as true and false. Null and lists: empty.
absl::string_view ScalarText(const event::Value& value, Arena& arena);

// A number as it is, a string that spells one as that number, else null. A
// whole double within int64 becomes an int, so that equal numbers are one.
event::Value ScalarNumber(const event::Value& value);

// Order of two scalars; unordered when they cannot be compared (a boolean and a
// number, anything and null). Strings compare byte by byte, which is the order
// of their code points.
std::partial_ordering CompareScalars(const event::Value& a, const event::Value& b, Arena& arena);

// Whether `op` holds for that order. Unordered values are only unequal.
bool Holds(CompareOp op, std::partial_ordering order);

// Two ints stay ints: division and modulo truncate. What overflows continues as
// a double; dividing by zero, and anything that is not a number, gives null.
event::Value Arithmetic(ArithmeticOp op, const event::Value& a, const event::Value& b);
event::Value Negate(const event::Value& value);

// An instant: ISO 8601 text (UTC unless it says otherwise) or epoch milliseconds.
std::optional<event::TimeNs> ScalarTime(const event::Value& value);

event::Value LiteralValue(const Literal& literal);

}  // namespace sequitur::eql
