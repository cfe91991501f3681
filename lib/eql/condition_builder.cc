#include "eql/condition_builder.h"

#include <algorithm>
#include <utility>

#include "absl/container/btree_map.h"
#include "base/status_macros.h"
#include "eql/case_fold.h"
#include "eql/scalar.h"
#include "eql/utf8.h"

namespace sequitur::eql {

using event::Value;

NodeId ConditionBuilder::Unary(Op op, NodeId arg) {
  Node node;
  node.op = op;
  node.args = {arg};
  return pool_.Add(std::move(node));
}

NodeId ConditionBuilder::Not(NodeId operand) {
  const Node& inner = pool_.node(operand);
  if (operand == NodePool::kTrue) return NodePool::kFalse;
  if (operand == NodePool::kFalse) return NodePool::kTrue;
  if (operand == NodePool::kNull) return NodePool::kNull;
  if (inner.op == Op::kNot) return inner.args[0];
  Node node;
  node.op = Op::kNot;
  node.two_valued = inner.two_valued;
  node.args = {operand};
  return pool_.Add(std::move(node));
}

NodeId ConditionBuilder::FoldConstants(Op op, const std::vector<NodeId>& operands) const {
  // False < null < true: `and` is the least of them, `or` the greatest.
  static_assert(NodePool::kFalse < NodePool::kNull && NodePool::kNull < NodePool::kTrue);
  return op == Op::kAnd ? *std::min_element(operands.begin(), operands.end())
                        : *std::max_element(operands.begin(), operands.end());
}

std::vector<NodeId> ConditionBuilder::Flatten(Op op, const std::vector<NodeId>& operands) const {
  std::vector<NodeId> flat;
  for (NodeId id : operands) {
    const Node& node = pool_.node(id);
    if (node.op == op) {
      flat.insert(flat.end(), node.args.begin(), node.args.end());
    } else {
      flat.push_back(id == NodePool::kNull ? NodePool::kFalse : id);
    }
  }
  return flat;
}

// Replaces exact or wildcard sets over one value by their union; what has gone
// into one becomes false, which an `or` drops.
void ConditionBuilder::MergeSets(std::vector<NodeId>* operands) {
  absl::btree_map<std::pair<NodeId, MatchSet::Kind>, std::vector<size_t>> groups;
  for (size_t i = 0; i < operands->size(); ++i) {
    const Node& node = pool_.node((*operands)[i]);
    if (node.op != Op::kIn || !node.two_valued) continue;
    groups[{node.args[0], pool_.set(node.operand).kind()}].push_back(i);
  }
  for (const auto& [key, members] : groups) {
    if (members.size() < 2) continue;
    Node node = pool_.node((*operands)[members.front()]);
    std::vector<Literal> entries;
    for (size_t i : members) {
      const auto& more = pool_.set(pool_.node((*operands)[i]).operand).entries();
      entries.insert(entries.end(), more.begin(), more.end());
      (*operands)[i] = NodePool::kFalse;
    }
    node.operand = pool_.AddSet(MatchSet(key.second, std::move(entries)));
    operands->push_back(pool_.Add(std::move(node)));
  }
}

NodeId ConditionBuilder::Chain(Op op, std::vector<NodeId> operands) {
  const NodeId neutral = TruthNode(op == Op::kAnd);
  const NodeId decisive = TruthNode(op == Op::kOr);
  operands = Flatten(op, operands);
  std::sort(operands.begin(), operands.end());
  operands.erase(std::unique(operands.begin(), operands.end()), operands.end());
  if (op == Op::kOr) MergeSets(&operands);
  if (std::find(operands.begin(), operands.end(), decisive) != operands.end()) return decisive;
  operands.erase(std::remove(operands.begin(), operands.end(), neutral), operands.end());
  if (operands.empty()) return neutral;
  // A single operand stays inside, unless it has two values: `and` makes null false.
  if (operands.size() == 1 && pool_.node(operands[0]).two_valued) return operands[0];
  std::sort(operands.begin(), operands.end(), [this](NodeId a, NodeId b) {
    return std::pair(pool_.node(a).cost, a) < std::pair(pool_.node(b).cost, b);
  });
  Node node;
  node.op = op;
  node.two_valued = true;
  node.args.assign(operands.begin(), operands.end());
  return pool_.Add(std::move(node));
}

NodeId ConditionBuilder::IsNull(NodeId value) {
  if (IsConstant(value)) return TruthNode(ConstantOf(value).is_null());
  Node node;
  node.op = Op::kIsNull;
  node.two_valued = true;
  node.args = {value};
  return pool_.Add(std::move(node));
}

NodeId ConditionBuilder::Test(NodeId value, bool two_valued) {
  if (IsConstant(value)) {
    const Value constant = ConstantOf(value);
    if (constant.is_null()) return NodePool::kNull;
    return TruthNode(constant.kind() == Value::Kind::kBool && constant.bool_value());
  }
  Node node;
  node.op = Op::kTest;
  node.two_valued = two_valued;
  node.args = {value};
  return pool_.Add(std::move(node));
}

NodeId ConditionBuilder::In(NodeId value, MatchSet set, bool folded, bool two_valued) {
  if (IsConstant(value)) {
    Value constant = ConstantOf(value);
    if (constant.is_null()) return NodePool::kNull;
    if (folded && constant.is_string()) {
      constant = Value::String(FoldCase(constant.string_value(), scratch_));
    }
    return TruthNode(set.Contains(constant, scratch_));
  }
  if (set.entries().empty() && two_valued) return NodePool::kFalse;
  Node node;
  node.op = Op::kIn;
  node.two_valued = two_valued;
  node.operand = pool_.AddSet(std::move(set));
  node.args = {folded ? Unary(Op::kFold, value) : value};
  return pool_.Add(std::move(node));
}

NodeId ConditionBuilder::Cidr(NodeId value, std::vector<event::CidrBlock> blocks, bool two_valued) {
  if (IsConstant(value)) {
    const Value constant = ConstantOf(value);
    if (constant.is_null()) return NodePool::kNull;
    const auto address = event::IpAddress::Parse(ScalarText(constant, scratch_));
    return TruthNode(address && std::any_of(blocks.begin(), blocks.end(), [&](const auto& block) {
                       return block.Contains(*address);
                     }));
  }
  Node node;
  node.op = Op::kCidr;
  node.two_valued = two_valued;
  node.operand = pool_.AddNetworks(std::move(blocks));
  node.args = {value};
  return pool_.Add(std::move(node));
}

NodeId ConditionBuilder::Compare(CompareOp op, CompareAs as, NodeId left, NodeId right,
                                 bool two_valued) {
  // One spelling for a != b, and for a comparison and its mirror image.
  if (op == CompareOp::kNotEqual) {
    return Not(Compare(CompareOp::kEqual, as, left, right, two_valued));
  }
  if (op == CompareOp::kGreater || op == CompareOp::kGreaterEqual) {
    std::swap(left, right);
    op = op == CompareOp::kGreater ? CompareOp::kLess : CompareOp::kLessEqual;
  }
  if (IsConstant(left) && IsConstant(right) && as == CompareAs::kScalar) {
    const Value a = ConstantOf(left);
    const Value b = ConstantOf(right);
    if (a.is_null() || b.is_null()) return NodePool::kNull;
    return TruthNode(Holds(op, CompareScalars(a, b, scratch_)));
  }
  Node node;
  node.op = Op::kCompare;
  node.compare = op;
  node.as = as;
  node.two_valued = two_valued;
  node.args = {left, right};
  return pool_.Add(std::move(node));
}

absl::StatusOr<NodeId> ConditionBuilder::Regex(NodeId value, const std::string& pattern, bool fold,
                                               bool two_valued) {
  Node node;
  node.op = Op::kRegex;
  node.fold = fold;
  node.two_valued = two_valued;
  ASSIGN_OR_RETURN(node.operand, pool_.AddRegex(pattern, fold));
  if (IsConstant(value)) {
    const Value constant = ConstantOf(value);
    if (constant.is_null()) return NodePool::kNull;
    const absl::string_view text = ReplaceInvalidUtf8(ScalarText(constant, scratch_), scratch_);
    return TruthNode(RE2::FullMatch({text.data(), text.size()}, pool_.regex(node.operand)));
  }
  node.args = {value};
  return pool_.Add(std::move(node));
}

NodeId ConditionBuilder::Constant(const Value& scalar) {
  Node node;
  node.op = Op::kConstant;
  node.operand = pool_.AddConstant(scalar);
  return pool_.Add(std::move(node));
}

NodeId ConditionBuilder::Field(event::FieldId field) {
  Node node;
  node.op = field == event::field::kTimestamp ? Op::kTimestamp : Op::kField;
  node.operand = field;
  return pool_.Add(std::move(node));
}

NodeId ConditionBuilder::TruthOf(NodeId condition) {
  if (condition == NodePool::kNull) return Constant(Value());
  if (IsConstantCondition(pool_.node(condition).op)) {
    return Constant(Value::Bool(condition == NodePool::kTrue));
  }
  return Unary(Op::kTruth, condition);
}

NodeId ConditionBuilder::Call(Function function, bool fold, std::vector<NodeId> args) {
  if (std::all_of(args.begin(), args.end(), [this](NodeId arg) { return IsConstant(arg); })) {
    std::vector<Value> values;
    for (NodeId arg : args) values.push_back(ConstantOf(arg));
    return Constant(Apply(function, fold, values, scratch_));
  }
  Node node;
  node.op = Op::kCall;
  node.function = function;
  node.fold = fold;
  node.args.assign(args.begin(), args.end());
  return pool_.Add(std::move(node));
}

}  // namespace sequitur::eql
