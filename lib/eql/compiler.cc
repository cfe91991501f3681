#include "eql/compiler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eql/case_fold.h"
#include "eql/field_types.h"
#include "eql/functions.h"
#include "eql/lucene_regex.h"
#include "eql/scalar.h"
#include "event/ip_address.h"

namespace sequitur::eql {
namespace {

using event::CidrBlock;
using event::IpAddress;

// Expressions that give true, false or null; a bare field may give anything.
bool GivesTruth(const Expr& e) {
  switch (e.kind) {
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
    case ExprKind::kCompare:
    case ExprKind::kIn:
    case ExprKind::kLike:
    case ExprKind::kRegex:
      return true;
    case ExprKind::kCall:
      return FindFunction(e.name)->result == Type::kBoolean;
    default:
      return false;
  }
}

CompareOp Mirror(CompareOp op) {
  switch (op) {
    case CompareOp::kLess:
      return CompareOp::kGreater;
    case CompareOp::kLessEqual:
      return CompareOp::kGreaterEqual;
    case CompareOp::kGreater:
      return CompareOp::kLess;
    case CompareOp::kGreaterEqual:
      return CompareOp::kLessEqual;
    default:
      return op;
  }
}

bool IsEquality(CompareOp op) { return op == CompareOp::kEqual || op == CompareOp::kNotEqual; }

Literal ToLiteral(const event::Value& value) {
  using Kind = event::Value::Kind;
  switch (value.kind()) {
    case Kind::kBool:
      return value.bool_value();
    case Kind::kInt:
      return value.int_value();
    case Kind::kDouble:
      return value.double_value();
    case Kind::kString:
      return std::string(value.string_value());
    default:
      return std::monostate();
  }
}

Function FunctionOf(const Expr& e) {
  if (e.kind == ExprKind::kNegate) return Function::kNegate;
  if (e.kind == ExprKind::kCall) return FindFunction(e.name)->function;
  return static_cast<Function>(e.arithmetic);
}
static_assert(static_cast<int>(Function::kModulo) == static_cast<int>(ArithmeticOp::kModulo));

}  // namespace

Query Compiler::CompileQuery() {
  Query query;
  query.is_sequence = ast_.is_sequence;
  query.maxspan = ast_.maxspan;
  query.pipes = ast_.pipes;
  for (const TermAst& term : ast_.terms) query.terms.push_back(CompileTerm(term));
  if (ast_.until) query.until = CompileTerm(*ast_.until);
  return query;
}

Term Compiler::CompileTerm(const TermAst& term) {
  Term out;
  out.category = term.filter.category;
  out.condition = Condition(term.filter.condition);
  out.keys = Keys(term);
  out.missing = term.missing;
  out.runs = term.runs;
  out.text = term.filter.text;
  out.offset = term.offset;
  return out;
}

std::vector<KeyField> Compiler::Keys(const TermAst& term) {
  std::vector<KeyField> keys;
  for (const std::vector<KeyAst>* part : {&ast_.keys, &term.keys}) {
    for (const KeyAst& key : *part) keys.push_back({FieldOf(key.path, key.offset), key.optional});
  }
  return keys;
}

event::FieldId Compiler::FieldOf(absl::string_view path, size_t offset) {
  const auto field = fields_.Intern(path);
  if (!field) {
    errors_.Add(offset, absl::StrCat("too many different fields: the rules may name ",
                                     event::FieldTable::kMaxFields));
  }
  return field.value_or(0);
}

NodeId Compiler::Condition(ExprId id) {
  if (!conditions_[id]) conditions_[id] = CompileCondition(id);
  return *conditions_[id];
}

NodeId Compiler::Value(ExprId id) {
  if (!values_[id]) values_[id] = CompileValue(id);
  return *values_[id];
}

NodeId Compiler::CompileCondition(ExprId id) {
  const Expr& e = expr(id);
  switch (e.kind) {
    case ExprKind::kLiteral:
      return build_.Test(Value(id), true);
    case ExprKind::kField:
      return build_.In(Value(id), MatchSet(MatchSet::Kind::kExact, {true}), false, true);
    case ExprKind::kAnd:
    case ExprKind::kOr:
      return Chain(e);
    case ExprKind::kNot:
      return build_.Not(Condition(e.args[0]));
    case ExprKind::kCompare:
      return CompareExpr(e);
    case ExprKind::kIn:
      return InExpr(e);
    case ExprKind::kLike:
      return LikeExpr(e);
    case ExprKind::kRegex:
      return RegexExpr(e);
    case ExprKind::kCall:
      return CallCondition(e);
    default:
      return NodePool::kNull;
  }
}

NodeId Compiler::Chain(const Expr& e) {
  std::vector<NodeId> operands;
  for (ExprId arg : e.args) operands.push_back(Condition(arg));
  const Op op = e.kind == ExprKind::kAnd ? Op::kAnd : Op::kOr;
  if (e.constant) return build_.FoldConstants(op, operands);
  return op == Op::kAnd ? build_.And(std::move(operands)) : build_.Or(std::move(operands));
}

NodeId Compiler::CompileValue(ExprId id) {
  const Expr& e = expr(id);
  if (GivesTruth(e)) return build_.TruthOf(Condition(id));
  switch (e.kind) {
    case ExprKind::kLiteral:
      return build_.Constant(LiteralValue(e.literal));
    case ExprKind::kField:
      return build_.Field(FieldOf(e.name, e.offset));
    case ExprKind::kArithmetic:
    case ExprKind::kNegate:
    case ExprKind::kCall: {
      std::vector<NodeId> args;
      for (ExprId arg : e.args) args.push_back(Value(arg));
      return build_.Call(FunctionOf(e), e.fold, std::move(args));
    }
    default:
      return build_.Constant(event::Value());
  }
}

NodeId Compiler::CompareExpr(const Expr& e) {
  if (const auto truth = CompareTruth(e)) return *truth;
  const ExprId left = e.args[0];
  const ExprId right = e.args[1];
  const NodeId left_value = Value(left);
  const NodeId right_value = Value(right);
  const auto is_null = [this](NodeId v) {
    return build_.IsConstant(v) && build_.ConstantOf(v).is_null();
  };
  if (is_null(right_value)) return CompareToNull(e.compare, left_value);
  if (is_null(left_value)) return CompareToNull(e.compare, right_value);
  const bool left_constant = build_.IsConstant(left_value);
  const bool right_constant = build_.IsConstant(right_value);
  if (left_constant && !right_constant) return CompareToConstant(Mirror(e.compare), right, left);
  if (right_constant && !left_constant) return CompareToConstant(e.compare, left, right);
  return CompareComputed(e.compare, left, right);
}

NodeId Compiler::CompareToNull(CompareOp op, NodeId value) {
  if (!IsEquality(op)) return NodePool::kNull;
  const NodeId is_null = build_.IsNull(value);
  return op == CompareOp::kEqual ? is_null : build_.Not(is_null);
}

// `condition == true` and its like are the condition or its negation.
std::optional<NodeId> Compiler::CompareTruth(const Expr& e) {
  if (!IsEquality(e.compare)) return std::nullopt;
  for (int side = 0; side < 2; ++side) {
    const bool* truth = std::get_if<bool>(&expr(e.args[1 - side]).literal);
    const bool is_literal = expr(e.args[1 - side]).kind == ExprKind::kLiteral;
    if (!is_literal || truth == nullptr || !GivesTruth(expr(e.args[side]))) continue;
    const NodeId condition = Condition(e.args[side]);
    const bool same = (e.compare == CompareOp::kEqual) == *truth;
    return same ? condition : build_.Not(condition);
  }
  return std::nullopt;
}

NodeId Compiler::CompareToConstant(CompareOp op, ExprId left, ExprId right) {
  const NodeId value = Value(left);
  const NodeId constant = Value(right);
  const bool direct = IsField(left);
  if (direct && IsDateField(expr(left).name)) {
    return CompareTimes(op, left, constant, expr(right).offset);
  }
  const bool is_address = direct && IsAddressField(expr(left).name);
  if (!IsEquality(op)) {
    const auto as = is_address ? CompareAs::kAddress : CompareAs::kScalar;
    return build_.Compare(op, as, value, constant, direct);
  }
  std::vector<Literal> entries = {ToLiteral(build_.ConstantOf(constant))};
  const NodeId equal =
      is_address
          ? AddressIn(value, MatchSet::Kind::kExact, std::move(entries), false)
          : build_.In(value, MatchSet(MatchSet::Kind::kExact, std::move(entries)), false, direct);
  return op == CompareOp::kEqual ? equal : build_.Not(equal);
}

NodeId Compiler::CompareTimes(CompareOp op, ExprId field, NodeId constant, size_t offset) {
  const auto time = ScalarTime(build_.ConstantOf(constant));
  if (!time) {
    errors_.Add(offset, absl::StrCat("expected a date for ", expr(field).name,
                                     ", like \"2026-11-24T03:49:10Z\", or epoch milliseconds"));
    return NodePool::kNull;
  }
  const std::string text = event::FormatIso8601(*time);
  return build_.Compare(op, CompareAs::kTime, Value(field),
                        build_.Constant(event::Value::String(text)), true);
}

// Neither side is a constant: null when a side is.
NodeId Compiler::CompareComputed(CompareOp op, ExprId left, ExprId right) {
  const auto both = [&](bool (*is)(absl::string_view)) {
    return IsField(left) && IsField(right) && is(expr(left).name) && is(expr(right).name);
  };
  const auto as = both(IsDateField)      ? CompareAs::kTime
                  : both(IsAddressField) ? CompareAs::kAddress
                                         : CompareAs::kScalar;
  return build_.Compare(op, as, Value(left), Value(right), false);
}

const std::vector<std::string>* Compiler::List(const Expr& e) {
  const std::vector<std::string>* list = lists_(e.name);
  if (list == nullptr) errors_.Add(e.offset, absl::StrCat("there is no list named $", e.name));
  return list;
}

std::vector<Literal> Compiler::ConstantEntries(const Expr& e) {
  std::vector<Literal> entries;
  for (size_t i = 1; i < e.args.size(); ++i) {
    const Expr& entry = expr(e.args[i]);
    if (entry.kind == ExprKind::kListName) {
      const std::vector<std::string>* list = List(entry);
      if (list != nullptr) entries.insert(entries.end(), list->begin(), list->end());
      continue;
    }
    if (!entry.constant) continue;
    Literal literal = entry.kind == ExprKind::kLiteral
                          ? entry.literal
                          : ToLiteral(build_.ConstantOf(Value(e.args[i])));
    // Null is never among them: `x in (null)` is false.
    if (literal.index() != 0) entries.push_back(std::move(literal));
  }
  if (!e.fold) return entries;
  for (Literal& entry : entries) {
    if (std::string* text = std::get_if<std::string>(&entry)) *text = FoldCase(*text);
  }
  return entries;
}

NodeId Compiler::InExpr(const Expr& e) {
  const ExprId left = e.args[0];
  const NodeId value = Value(left);
  const bool direct = IsField(left);
  std::vector<NodeId> alternatives;
  if (direct && IsDateField(expr(left).name)) {
    for (const Literal& entry : ConstantEntries(e)) {
      alternatives.push_back(
          CompareTimes(CompareOp::kEqual, left, build_.Constant(LiteralValue(entry)), e.offset));
    }
  } else if (direct && IsAddressField(expr(left).name)) {
    alternatives.push_back(AddressIn(value, MatchSet::Kind::kExact, ConstantEntries(e), e.fold));
  } else {
    alternatives.push_back(
        build_.In(value, MatchSet(MatchSet::Kind::kExact, ConstantEntries(e)), e.fold, direct));
  }
  for (size_t i = 1; i < e.args.size(); ++i) {
    if (expr(e.args[i]).constant) continue;
    alternatives.push_back(CompareComputed(CompareOp::kEqual, left, e.args[i]));
  }
  return alternatives.size() == 1 ? alternatives[0] : build_.Or(std::move(alternatives));
}

NodeId Compiler::LikeExpr(const Expr& e) {
  const bool direct = IsField(e.args[0]);
  const NodeId value = Value(e.args[0]);
  std::vector<Literal> entries = ConstantEntries(e);
  if (direct && IsAddressField(expr(e.args[0]).name)) {
    return AddressIn(value, MatchSet::Kind::kWildcard, std::move(entries), e.fold);
  }
  return build_.In(value, MatchSet(MatchSet::Kind::kWildcard, std::move(entries)), e.fold, direct);
}

// For a field of addresses: entries that are addresses in the one spelling the
// value will have, networks as in an index ("10.0.0.0/8" equals what is in it).
NodeId Compiler::AddressIn(NodeId value, MatchSet::Kind kind, std::vector<Literal> entries,
                           bool fold) {
  std::vector<CidrBlock> networks;
  std::vector<Literal> others;
  for (Literal& entry : entries) {
    std::string* text = std::get_if<std::string>(&entry);
    if (text == nullptr) {
      others.push_back(std::move(entry));
    } else if (const auto address = IpAddress::Parse(*text)) {
      others.push_back(address->ToString());
    } else if (const auto block = CidrBlock::Parse(*text)) {
      networks.push_back(*block);
    } else {
      others.push_back(std::move(entry));
    }
  }
  const NodeId in = build_.In(build_.Address(value), MatchSet(kind, std::move(others)), fold, true);
  if (networks.empty()) return in;
  return build_.Or({in, build_.Cidr(value, std::move(networks), true)});
}

NodeId Compiler::RegexExpr(const Expr& e) {
  std::string pattern;
  for (size_t i = 1; i < e.args.size(); ++i) {
    const Expr& part = expr(e.args[i]);
    const auto translated = TranslateLuceneRegex(std::get<std::string>(part.literal));
    if (!translated.ok()) {
      errors_.Add(part.offset, translated.status().message());
      return NodePool::kNull;
    }
    absl::StrAppend(&pattern, i > 1 ? "|" : "", "(?:", *translated, ")");
  }
  const auto regex = build_.Regex(Value(e.args[0]), pattern, e.fold, IsField(e.args[0]));
  if (!regex.ok()) errors_.Add(e.offset, regex.status().message());
  return regex.ok() ? *regex : NodePool::kNull;
}

NodeId Compiler::CallCondition(const Expr& e) {
  const Function function = FindFunction(e.name)->function;
  if (function == Function::kCidrMatch) return CidrMatch(e);
  std::vector<NodeId> args;
  bool has_null = false;
  for (ExprId arg : e.args) {
    args.push_back(Value(arg));
    has_null =
        has_null || (build_.IsConstant(args.back()) && build_.ConstantOf(args.back()).is_null());
  }
  if (has_null) return NodePool::kNull;
  const bool direct =
      IsField(e.args[0]) && std::all_of(args.begin() + 1, args.end(),
                                        [this](NodeId arg) { return build_.IsConstant(arg); });
  return build_.Test(build_.Call(function, e.fold, std::move(args)), direct);
}

NodeId Compiler::CidrMatch(const Expr& e) {
  std::vector<CidrBlock> blocks;
  const auto add = [&](absl::string_view text, size_t offset) {
    const auto block = CidrBlock::Parse(text);
    if (block) return blocks.push_back(*block);
    errors_.Add(offset, absl::StrCat("expected an address or a network like \"10.0.0.0/8\", found ",
                                     Quoted(text)));
  };
  for (size_t i = 1; i < e.args.size(); ++i) {
    const Expr& network = expr(e.args[i]);
    if (network.kind != ExprKind::kListName) {
      add(std::get<std::string>(network.literal), network.offset);
      continue;
    }
    const std::vector<std::string>* list = List(network);
    if (list == nullptr) continue;
    for (const std::string& entry : *list) add(entry, network.offset);
  }
  return build_.Cidr(Value(e.args[0]), std::move(blocks), IsField(e.args[0]));
}

}  // namespace sequitur::eql
