#include "eql/may_match.h"

#include <algorithm>

#include "eql/node_pool.h"
#include "eql/program_pool.h"

namespace sequitur::eql {

MayMatch::MayMatch(const Program& program, const event::Projection& open) : program_(program) {
  const NodePool& nodes = program.pool().nodes;
  // What a node reads comes before it.
  for (NodeId id = 0; id < nodes.size(); ++id) {
    const Node& node = nodes.node(id);
    const bool reads = node.op == Op::kField
                           ? open.Has(static_cast<event::FieldId>(node.operand))
                           : std::any_of(node.args.begin(), node.args.end(),
                                         [this](NodeId arg) { return open_[arg] != 0; });
    open_.push_back(reads ? 1 : 0);
  }
}

bool MayMatch::operator()(ConditionId condition, Evaluator& evaluator) const {
  return CanBeTrue(condition, evaluator);
}

bool MayMatch::CanBeTrue(uint32_t id, Evaluator& evaluator) const {
  if (open_[id] == 0) return evaluator.Matches(id);
  const Node& node = program_.pool().nodes.node(id);
  const auto can = [&](NodeId arg) { return CanBeTrue(arg, evaluator); };
  switch (node.op) {
    case Op::kAnd:
      return std::all_of(node.args.begin(), node.args.end(), can);
    case Op::kOr:
      return std::any_of(node.args.begin(), node.args.end(), can);
    case Op::kNot:
      return CanBeFalse(node.args[0], evaluator);
    default:
      return true;
  }
}

// Null counts as false here: NOT of it may say yes in vain.
bool MayMatch::CanBeFalse(uint32_t id, Evaluator& evaluator) const {
  if (open_[id] == 0) return !evaluator.Matches(id);
  const Node& node = program_.pool().nodes.node(id);
  const auto can = [&](NodeId arg) { return CanBeFalse(arg, evaluator); };
  switch (node.op) {
    case Op::kAnd:
      return std::any_of(node.args.begin(), node.args.end(), can);
    case Op::kOr:
      return std::all_of(node.args.begin(), node.args.end(), can);
    case Op::kNot:
      return CanBeTrue(node.args[0], evaluator);
    default:
      return true;
  }
}

}  // namespace sequitur::eql
