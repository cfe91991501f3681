#include "eql/conflict.h"

#include <algorithm>
#include <map>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "base/arena.h"
#include "eql/node_pool.h"
#include "eql/program_pool.h"

namespace sequitur::eql {
namespace {

using event::FieldId;
using event::Value;

constexpr int kMaxDepth = 4;

Value ValueOf(const Literal& literal) {
  if (const auto* b = std::get_if<bool>(&literal)) return Value::Bool(*b);
  if (const auto* i = std::get_if<int64_t>(&literal)) return Value::Int(*i);
  if (const auto* d = std::get_if<double>(&literal)) return Value::Double(*d);
  if (const auto* s = std::get_if<std::string>(&literal)) return Value::String(*s);
  return Value();
}

// Equality and no patterns, however it was written: `:` is one without wildcards.
bool IsExact(const MatchSet& set) {
  return set.kind() == MatchSet::Kind::kExact || set.Texts().has_value();
}

// What the parts about one field are made of, and the values they speak of.
class Shape {
 public:
  Shape(const NodePool& pool, Arena& arena) : pool_(pool), arena_(arena) {}

  void Add(NodeId id) {
    const Node& node = pool_.node(id);
    if (!seen_.insert(id).second) return;
    const bool folds = !node.args.empty() && pool_.node(node.args[0]).op == Op::kFold;
    folded_ |= node.op == Op::kFold;
    if (node.op == Op::kIn) {
      AddLiterals(pool_.set(node.operand));
      patterns_ |= !IsExact(pool_.set(node.operand)) && !folds;
    }
    if (node.op == Op::kConstant) AddConstant(pool_.constant(node.operand));
    patterns_ |= (node.op == Op::kRegex && !node.fold) || node.op == Op::kCall;
    orders_ &= node.op == Op::kNot || node.op == Op::kAnd || node.op == Op::kOr ||
               node.op == Op::kIsNull || node.op == Op::kField || node.op == Op::kConstant ||
               (node.op == Op::kCompare && node.as == CompareAs::kScalar) ||
               (node.op == Op::kIn && IsExact(pool_.set(node.operand)));
    for (NodeId arg : node.args) Add(arg);
  }

  // Only finitely many values can meet it, all of which are among values().
  bool IsClosed(NodeId id) const {
    const Node& node = pool_.node(id);
    const auto closed = [this](NodeId arg) { return IsClosed(arg); };
    switch (node.op) {
      case Op::kAnd:
        return std::any_of(node.args.begin(), node.args.end(), closed);
      case Op::kOr:
        return std::all_of(node.args.begin(), node.args.end(), closed);
      case Op::kIsNull:
      case Op::kTest:
        return pool_.node(node.args[0]).op == Op::kField;
      case Op::kIn:
        return IsExact(pool_.set(node.operand)) && IsFieldWithOrWithoutCase(node.args[0]);
      default:
        return false;
    }
  }

  // Whether trying values() decides: some part is closed, and no pattern tells
  // spellings apart that it does not.
  bool DecidedByValues(const std::vector<NodeId>& parts) const {
    const bool closed =
        std::any_of(parts.begin(), parts.end(), [this](NodeId part) { return IsClosed(part); });
    return closed && !(folded_ && patterns_);
  }
  // Whether nothing is said but order and equality of numbers.
  bool DecidedByNumbers() const { return orders_ && numbers_only_ && !numbers_.empty(); }

  // Each value spoken of, in the spellings that a comparison without case takes
  // for it.
  std::vector<Value> Values() const {
    std::vector<Value> values = {Value(), Value::Bool(true), Value::Bool(false)};
    for (const Value& value : values_) {
      values.push_back(value);
      if (!value.is_string()) continue;
      std::string text(value.string_value());
      values.push_back(Copy(absl::AsciiStrToUpper(text)));
      values.push_back(Copy(absl::AsciiStrToLower(text)));
      if (text.empty()) continue;
      text[0] = absl::ascii_toupper(text[0]);
      values.push_back(Copy(text));
    }
    return values;
  }

  // Each number spoken of, and one between and beyond any two.
  std::vector<Value> Numbers() const {
    std::vector<double> sorted = numbers_;
    std::sort(sorted.begin(), sorted.end());
    std::vector<Value> values = {Value(), Value::Double(sorted.front() - 1),
                                 Value::Double(sorted.back() + 1)};
    for (size_t i = 0; i < sorted.size(); ++i) {
      values.push_back(Value::Double(sorted[i]));
      if (i > 0) values.push_back(Value::Double(sorted[i - 1] / 2 + sorted[i] / 2));
    }
    return values;
  }

 private:
  bool IsFieldWithOrWithoutCase(NodeId id) const {
    const Node& node = pool_.node(id);
    return node.op == Op::kField ||
           (node.op == Op::kFold && pool_.node(node.args[0]).op == Op::kField);
  }

  void AddLiterals(const MatchSet& set) {
    for (const Literal& literal : set.entries()) AddConstant(ValueOf(literal));
  }

  void AddConstant(const Value& value) {
    values_.push_back(value);
    if (value.kind() == Value::Kind::kInt) {
      numbers_.push_back(static_cast<double>(value.int_value()));
    } else if (value.kind() == Value::Kind::kDouble) {
      numbers_.push_back(value.double_value());
    } else {
      numbers_only_ = false;
    }
  }

  Value Copy(absl::string_view text) const { return Value::String(arena_.Copy(text)); }

  const NodePool& pool_;
  Arena& arena_;
  absl::flat_hash_set<NodeId> seen_;
  std::vector<Value> values_;
  std::vector<double> numbers_;
  bool numbers_only_ = true;
  bool folded_ = false;
  bool patterns_ = false;  // that tell upper from lower case, or compute
  bool orders_ = true;
};

// The one field a condition reads; unset when it reads another number of them.
std::optional<FieldId> OnlyFieldOf(const NodePool& pool, NodeId id) {
  std::optional<FieldId> field;
  absl::flat_hash_set<NodeId> seen = {id};
  std::vector<NodeId> open = {id};
  while (!open.empty()) {
    const Node& node = pool.node(open.back());
    open.pop_back();
    if (node.op == Op::kTimestamp) return std::nullopt;
    if (node.op == Op::kField) {
      if (field && *field != node.operand) return std::nullopt;
      field = static_cast<FieldId>(node.operand);
    }
    for (NodeId arg : node.args) {
      if (seen.insert(arg).second) open.push_back(arg);
    }
  }
  return field;
}

event::Projection Everything(const event::FieldTable& fields) {
  event::Projection projection(fields);
  for (FieldId id = 0; id < fields.size(); ++id) projection.Add(id);
  return projection;
}

}  // namespace

ConflictFinder::ConflictFinder(const Program& program, const event::FieldTable& fields,
                               const World& world)
    : program_(program),
      world_(world),
      projection_(Everything(fields)),
      event_(projection_),
      evaluator_(program) {}

std::optional<FieldId> ConflictFinder::Find(absl::Span<const ConditionId> conditions,
                                            absl::Span<const FieldId> required,
                                            std::optional<FieldId> only) {
  required_ = required;
  only_ = only;
  trials_ = 0;
  return FindIn({conditions.begin(), conditions.end()}, 0);
}

std::optional<FieldId> ConflictFinder::FindIn(std::vector<ConditionId> parts, int depth) {
  const NodePool& pool = program_.pool().nodes;
  for (size_t i = 0; i < parts.size();) {
    const Node& node = pool.node(parts[i]);
    if (node.op != Op::kAnd) {
      ++i;
      continue;
    }
    parts.insert(parts.end(), node.args.begin(), node.args.end());
    parts.erase(parts.begin() + static_cast<ptrdiff_t>(i));
  }
  std::map<FieldId, std::vector<ConditionId>> by_field;
  for (ConditionId part : parts) {
    if (const auto field = OnlyFieldOf(pool, part)) by_field[*field].push_back(part);
  }
  for (const auto& [field, about] : by_field) {
    if (only_ && field != *only_) continue;
    if (!Possible(field, about)) return field;
  }
  if (depth == kMaxDepth) return std::nullopt;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (pool.node(parts[i]).op != Op::kOr || OnlyFieldOf(pool, parts[i])) continue;
    if (const auto field = FindInEveryBranch(parts, i, depth)) return field;
  }
  return std::nullopt;
}

// An `or` that leaves no way out: each of its branches conflicts with the rest.
std::optional<FieldId> ConflictFinder::FindInEveryBranch(const std::vector<ConditionId>& parts,
                                                         size_t choice, int depth) {
  std::optional<FieldId> found;
  for (NodeId branch : program_.pool().nodes.node(parts[choice]).args) {
    std::vector<ConditionId> with = parts;
    with[choice] = branch;
    found = FindIn(std::move(with), depth + 1);
    if (!found) return std::nullopt;
  }
  return found;
}

bool ConflictFinder::IsRequired(FieldId field) const {
  return std::find(required_.begin(), required_.end(), field) != required_.end();
}

bool ConflictFinder::Possible(FieldId field, const std::vector<ConditionId>& parts) {
  Arena arena;
  const bool single = world_.single_valued && world_.single_valued(field);
  if (const auto texts = world_.values ? world_.values(field) : std::nullopt) {
    std::vector<Value> known;
    for (const std::string& text : *texts) known.push_back(Value::String(text));
    std::vector<Value> values = known;
    values.emplace_back();
    if (!single && known.size() > 1) values.push_back(Value::List(known));
    return AnyMeets(field, values, parts);
  }
  if (!single) return true;
  Shape shape(program_.pool().nodes, arena);
  for (ConditionId part : parts) shape.Add(part);
  if (shape.DecidedByValues(parts)) return AnyMeets(field, shape.Values(), parts);
  if (shape.DecidedByNumbers()) return AnyMeets(field, shape.Numbers(), parts);
  return true;
}

bool ConflictFinder::AnyMeets(FieldId field, absl::Span<const Value> values,
                              const std::vector<ConditionId>& parts) {
  return std::any_of(values.begin(), values.end(), [&](const Value& value) {
    if (value.is_null() && IsRequired(field)) return false;
    return Meets(field, value, parts);
  });
}

bool ConflictFinder::Meets(FieldId field, const Value& value,
                           const std::vector<ConditionId>& parts) {
  if (++trials_ > kMaxTrials) return true;
  event_.Reset();
  event_.Set(field, value);
  evaluator_.Begin(event_);
  return std::all_of(parts.begin(), parts.end(),
                     [&](ConditionId part) { return evaluator_.Matches(part); });
}

}  // namespace sequitur::eql
