#pragma once

// A checked syntax tree to nodes of a NodePool: the step that decides what each
// expression means (which of the two null regimes, addresses, dates, lists).
//
// Threads:  none; lives as long as one compilation.
// Lifetime: the tree, the pool and the field table outlive it.

#include <optional>
#include <vector>

#include "eql/ast.h"
#include "eql/condition_builder.h"
#include "eql/errors.h"
#include "eql/program.h"
#include "event/field_table.h"

namespace sequitur::eql {

class Compiler {
 public:
  struct Surroundings {
    event::FieldTable& fields;
    ListLookup lists;
    ErrorList& errors;
  };

  Compiler(const QueryAst& ast, NodePool& pool, const Surroundings& surroundings)
      : ast_(ast),
        fields_(surroundings.fields),
        lists_(surroundings.lists),
        errors_(surroundings.errors),
        build_(pool),
        conditions_(ast.exprs.size()),
        values_(ast.exprs.size()) {}

  Query CompileQuery();
  NodeId Condition(ExprId id);

 private:
  Term CompileTerm(const TermAst& term);
  std::vector<KeyField> Keys(const TermAst& term);
  event::FieldId FieldOf(absl::string_view path, size_t offset);

  NodeId CompileCondition(ExprId id);
  NodeId Value(ExprId id);
  NodeId CompileValue(ExprId id);
  NodeId Chain(const Expr& e);
  NodeId CompareExpr(const Expr& e);
  NodeId CompareToNull(CompareOp op, NodeId value);
  std::optional<NodeId> CompareTruth(const Expr& e);
  NodeId CompareToConstant(CompareOp op, ExprId left, ExprId right);
  NodeId CompareComputed(CompareOp op, ExprId left, ExprId right);
  NodeId CompareTimes(CompareOp op, ExprId field, NodeId constant, size_t offset);
  NodeId InExpr(const Expr& e);
  NodeId LikeExpr(const Expr& e);
  NodeId RegexExpr(const Expr& e);
  NodeId CallCondition(const Expr& e);
  NodeId CidrMatch(const Expr& e);
  NodeId AddressIn(NodeId value, MatchSet::Kind kind, std::vector<Literal> entries, bool fold);

  // The entries of args[1..] that are constants, with lists spelt out.
  std::vector<Literal> ConstantEntries(const Expr& e);
  const std::vector<std::string>* List(const Expr& e);

  const Expr& expr(ExprId id) const { return ast_.exprs[id]; }
  bool IsField(ExprId id) const { return expr(id).kind == ExprKind::kField; }

  const QueryAst& ast_;
  event::FieldTable& fields_;
  ListLookup lists_;
  ErrorList& errors_;
  ConditionBuilder build_;
  // Each expression is compiled once as what it is asked for.
  std::vector<std::optional<NodeId>> conditions_;
  std::vector<std::optional<NodeId>> values_;
};

}  // namespace sequitur::eql
