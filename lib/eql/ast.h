#pragma once

// The syntax tree of a query, as written: nothing is looked up or decided yet.
// Expressions are numbers into one vector, so that a tree of any shape is
// built and freed without recursion.
//
// Bounds:   Expr::height <= kMaxHeight; `and` and `or` chains are one node.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "eql/query.h"
#include "event/time.h"

namespace sequitur::eql {

using ExprId = uint32_t;
inline constexpr int kMaxHeight = 200;

enum class ExprKind : uint8_t {
  kLiteral,
  kField,
  kListName,  // $name
  kAnd,
  kOr,
  kNot,
  kCompare,     // args: left, right
  kIn,          // args: value, then the entries
  kLike,        // args: value, then the patterns
  kRegex,       // args: value, then the patterns
  kArithmetic,  // args: left, right
  kNegate,
  kCall,
};

enum class CompareOp : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };
enum class ArithmeticOp : uint8_t { kAdd, kSubtract, kMultiply, kDivide, kModulo };

// std::monostate is null.
using Literal = std::variant<std::monostate, bool, int64_t, double, std::string>;

struct Expr {
  ExprKind kind = ExprKind::kLiteral;
  CompareOp compare = CompareOp::kEqual;
  ArithmeticOp arithmetic = ArithmeticOp::kAdd;
  bool fold = false;     // the `~` form, or `:`
  bool constant = true;  // reads no field
  int height = 1;
  size_t offset = 0;  // where an error about it points
  Literal literal;
  std::string name;  // field path, list, or function as written
  std::vector<ExprId> args;
};

struct KeyAst {
  std::string path;
  bool optional = false;
  size_t offset = 0;
};

struct FilterAst {
  std::string category;  // empty: any
  ExprId condition = 0;
  std::string text;
};

struct TermAst {
  FilterAst filter;
  std::vector<KeyAst> keys;
  bool missing = false;
  int runs = 1;
  size_t offset = 0;
};

struct QueryAst {
  std::vector<Expr> exprs;
  bool is_sequence = false;
  std::vector<KeyAst> keys;
  std::optional<event::TimeNs> maxspan;
  std::vector<TermAst> terms;
  std::optional<TermAst> until;
  std::vector<Pipe> pipes;
};

}  // namespace sequitur::eql
