#pragma once

// ConditionBuilder makes nodes and simplifies while it does: constants fold,
// chains flatten, equal operands are one, an `or` of literals of one field is
// one set. The compiler decides what a query means, this only says it briefly.
//
// Constants fold with three values (`null or true` is true, `null or false` is
// null); once anything reads the event, `and` and `or` take null for false.
//
// Threads:  none; lives as long as one compilation.

#include <vector>

#include "base/arena.h"
#include "eql/node_pool.h"

namespace sequitur::eql {

class ConditionBuilder {
 public:
  explicit ConditionBuilder(NodePool& pool) : pool_(pool) {}

  // Conditions.
  NodeId And(std::vector<NodeId> operands) { return Chain(Op::kAnd, std::move(operands)); }
  NodeId Or(std::vector<NodeId> operands) { return Chain(Op::kOr, std::move(operands)); }
  NodeId Not(NodeId operand);
  // `and` or `or` of operands that read no event.
  NodeId FoldConstants(Op op, const std::vector<NodeId>& operands) const;
  NodeId IsNull(NodeId value);
  NodeId Test(NodeId value, bool two_valued);
  // `folded`: the entries are folded, and so must the value be.
  NodeId In(NodeId value, MatchSet set, bool folded, bool two_valued);
  NodeId Cidr(NodeId value, std::vector<event::CidrBlock> blocks, bool two_valued);
  NodeId Compare(CompareOp op, CompareAs as, NodeId left, NodeId right, bool two_valued);
  absl::StatusOr<NodeId> Regex(NodeId value, const std::string& pattern, bool fold,
                               bool two_valued);

  // Values.
  NodeId Constant(const event::Value& scalar);
  NodeId Field(event::FieldId field);
  NodeId Address(NodeId value) { return Unary(Op::kAddress, value); }
  NodeId TruthOf(NodeId condition);
  NodeId Call(Function function, bool fold, std::vector<NodeId> args);

  bool IsConstant(NodeId value) const { return pool_.node(value).op == Op::kConstant; }
  const event::Value& ConstantOf(NodeId value) const {
    return pool_.constant(pool_.node(value).operand);
  }

 private:
  NodeId Chain(Op op, std::vector<NodeId> operands);
  std::vector<NodeId> Flatten(Op op, const std::vector<NodeId>& operands) const;
  void MergeSets(std::vector<NodeId>* operands);
  NodeId Unary(Op op, NodeId arg);
  static NodeId TruthNode(bool truth) { return truth ? NodePool::kTrue : NodePool::kFalse; }

  NodePool& pool_;
  Arena scratch_;
};

}  // namespace sequitur::eql
