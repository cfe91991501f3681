#include "eql/node_pool.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eql/scalar.h"

namespace sequitur::eql {
namespace {

// Rough, relative: what an `and` should ask first.
uint8_t OwnCost(Op op) {
  switch (op) {
    case Op::kFalse:
    case Op::kNull:
    case Op::kTrue:
    case Op::kConstant:
    case Op::kField:
      return 0;
    case Op::kFold:
    case Op::kAddress:
      return 3;
    case Op::kCall:
      return 8;
    case Op::kCidr:
      return 5;
    case Op::kRegex:
      return 30;
    default:
      return 1;
  }
}

std::string ConstantText(const event::Value& value) {
  if (value.is_string()) return LiteralText(std::string(value.string_value()));
  if (value.is_null()) return "null";
  Arena arena;
  return std::string(ScalarText(value, arena));
}

constexpr absl::string_view kCompareText[] = {"==", "!=", "<", "<=", ">", ">="};
constexpr size_t kShownEntries = 12;

}  // namespace

NodePool::NodePool() {
  for (Op op : {Op::kFalse, Op::kNull, Op::kTrue}) {
    Node node;
    node.op = op;
    node.two_valued = op != Op::kNull;
    Add(std::move(node));
  }
}

uint32_t NodePool::Intern(std::string key, size_t next) {
  return interned_.emplace(std::move(key), static_cast<uint32_t>(next)).first->second;
}

uint8_t NodePool::CostOf(const Node& node) const {
  int cost = OwnCost(node.op);
  if (node.op == Op::kIn && sets_[node.operand].kind() == MatchSet::Kind::kWildcard) cost += 2;
  for (NodeId arg : node.args) cost += nodes_[arg].cost;
  return static_cast<uint8_t>(std::min(cost, 255));
}

NodeId NodePool::Add(Node node) {
  const int enums[] = {static_cast<int>(node.op), static_cast<int>(node.compare),
                       static_cast<int>(node.as), static_cast<int>(node.function)};
  const NodeId id =
      Intern(absl::StrCat("node ", absl::StrJoin(enums, " "), " ", node.two_valued, node.fold, " ",
                          node.operand, " ", absl::StrJoin(node.args, ",")),
             nodes_.size());
  if (id < nodes_.size()) return id;
  node.cost = CostOf(node);
  nodes_.push_back(std::move(node));
  return id;
}

uint32_t NodePool::AddConstant(const event::Value& scalar) {
  const uint32_t id =
      Intern(absl::StrCat("constant ", static_cast<int>(scalar.kind()), " ", ConstantText(scalar)),
             constants_.size());
  if (id < constants_.size()) return id;
  constants_.push_back(scalar.is_string() ? event::Value::String(texts_.Copy(scalar.string_value()))
                                          : scalar);
  return id;
}

uint32_t NodePool::AddSet(MatchSet set) {
  const uint32_t id = Intern(set.Key(), sets_.size());
  if (id == sets_.size()) sets_.push_back(std::move(set));
  return id;
}

absl::StatusOr<uint32_t> NodePool::AddRegex(const std::string& pattern, bool fold) {
  RE2::Options options;
  options.set_case_sensitive(!fold);
  options.set_dot_nl(true);
  options.set_log_errors(false);
  options.set_never_capture(true);
  auto regex = std::make_unique<RE2>(pattern, options);
  if (!regex->ok()) return absl::InvalidArgumentError(absl::StrCat("regex: ", regex->error()));
  const uint32_t id = Intern(absl::StrCat("regex ", fold, pattern), regexes_.size());
  if (id == regexes_.size()) regexes_.push_back(std::move(regex));
  return id;
}

uint32_t NodePool::AddNetworks(std::vector<event::CidrBlock> blocks) {
  std::string key = "networks";
  for (const event::CidrBlock& block : blocks) absl::StrAppend(&key, " ", block.ToString());
  const uint32_t id = Intern(std::move(key), networks_.size());
  if (id == networks_.size()) networks_.push_back(std::move(blocks));
  return id;
}

std::string NodePool::ListText(absl::string_view name, const Node& node,
                               const event::FieldTable& fields) const {
  std::string out = absl::StrCat("(", name);
  for (NodeId arg : node.args) absl::StrAppend(&out, " ", DebugString(arg, fields));
  return out + ")";
}

std::string NodePool::ValueText(const Node& node, const event::FieldTable& fields) const {
  switch (node.op) {
    case Op::kConstant:
      return ConstantText(constants_[node.operand]);
    case Op::kField:
      return std::string(fields.path(static_cast<event::FieldId>(node.operand)));
    case Op::kTimestamp:
      return "@timestamp";
    case Op::kFold:
      return ListText("fold", node, fields);
    case Op::kAddress:
      return ListText("ip", node, fields);
    case Op::kTruth:
      return DebugString(node.args[0], fields);
    default:
      return ListText(absl::StrCat(FunctionName(node.function), node.fold ? "~" : ""), node,
                      fields);
  }
}

std::string NodePool::SetText(const Node& node, const event::FieldTable& fields) const {
  const MatchSet& set = sets_[node.operand];
  const Node& value = nodes_[node.args[0]];
  const bool folded = value.op == Op::kFold;
  std::string out =
      absl::StrCat(set.kind() == MatchSet::Kind::kWildcard ? "(like" : "(in", folded ? "~ " : " ",
                   DebugString(folded ? value.args[0] : node.args[0], fields));
  const size_t shown = std::min(set.entries().size(), kShownEntries);
  for (size_t i = 0; i < shown; ++i) absl::StrAppend(&out, " ", LiteralText(set.entries()[i]));
  if (shown < set.entries().size()) {
    absl::StrAppend(&out, " ... ", set.entries().size() - shown, " more");
  }
  return out + ")";
}

std::string NodePool::DebugString(NodeId id, const event::FieldTable& fields) const {
  const Node& node = nodes_[id];
  switch (node.op) {
    case Op::kFalse:
      return "false";
    case Op::kNull:
      return "null";
    case Op::kTrue:
      return "true";
    case Op::kAnd:
      return ListText("and", node, fields);
    case Op::kOr:
      return ListText("or", node, fields);
    case Op::kNot:
      return ListText("not", node, fields);
    case Op::kIsNull:
      return ListText("null?", node, fields);
    case Op::kTest:
      return DebugString(node.args[0], fields);
    case Op::kIn:
      return SetText(node, fields);
    case Op::kRegex:
      return absl::StrCat("(regex", node.fold ? "~ " : " ", DebugString(node.args[0], fields), " /",
                          regexes_[node.operand]->pattern(), "/)");
    case Op::kCidr: {
      std::string out = absl::StrCat("(cidr ", DebugString(node.args[0], fields));
      for (const auto& block : networks_[node.operand]) {
        absl::StrAppend(&out, " ", block.ToString());
      }
      return out + ")";
    }
    case Op::kCompare: {
      constexpr absl::string_view kAs[] = {"", "ip", "time"};
      return ListText(absl::StrCat(kCompareText[static_cast<int>(node.compare)],
                                   kAs[static_cast<int>(node.as)]),
                      node, fields);
    }
    default:
      return ValueText(node, fields);
  }
}

}  // namespace sequitur::eql
