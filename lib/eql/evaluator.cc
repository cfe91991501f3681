// Each node is evaluated at most once per event: results carry the number of
// the event they belong to, so that nothing is cleared in between.

#include <algorithm>
#include <limits>

#include "absl/container/inlined_vector.h"
#include "eql/case_fold.h"
#include "eql/program_pool.h"
#include "eql/scalar.h"
#include "eql/utf8.h"
#include "event/ip_address.h"

namespace sequitur::eql {
namespace {

using event::Value;

// Combinations of list elements that a function of several lists looks at.
constexpr size_t kMaxCombinations = 1 << 16;

bool IsTrue(const Value& v) { return v.kind() == Value::Kind::kBool && v.bool_value(); }

}  // namespace

struct Evaluator::State {
  explicit State(const Program::Pool& pool) : pool(pool.nodes) {}

  void Begin(const event::Event& next);
  Truth Condition(NodeId id);
  Value Get(NodeId id);

  Truth Decide(const Node& node);
  Truth Chain(const Node& node, Truth decisive);
  Truth Any(const Node& node, absl::FunctionRef<bool(const Value&)> holds);
  Truth Compare(const Node& node);
  bool ComparePair(const Node& node, const Value& a, const Value& b);
  bool InNetworks(const Node& node, const Value& scalar);
  bool MatchesRegex(const Node& node, const Value& scalar);

  Value Compute(const Node& node);
  Value Timestamp();
  Value MapElements(const Value& value, absl::FunctionRef<Value(const Value&)> map);
  Value Address(const Value& scalar);
  Value Call(const Node& node);
  Value CallOverLists(const Node& node, absl::Span<const Value> args);
  std::optional<event::TimeNs> TimeOf(NodeId id, const Value& scalar);

  struct Memo {
    uint32_t epoch = 0;
    Truth truth = Truth::kNull;
    Value value;
  };

  const NodePool& pool;
  const event::Event* event = nullptr;
  uint32_t epoch = 0;
  std::vector<Memo> memos;
  Arena scratch;
};

void Evaluator::State::Begin(const event::Event& next) {
  event = &next;
  scratch.Reset();
  if (memos.size() < pool.size()) memos.resize(pool.size());
  if (++epoch != 0) return;
  for (Memo& memo : memos) memo.epoch = 0;
  epoch = 1;
}

Truth Evaluator::State::Condition(NodeId id) {
  Memo& memo = memos[id];
  if (memo.epoch == epoch) return memo.truth;
  const Truth truth = Decide(pool.node(id));
  memo.truth = truth;
  memo.epoch = epoch;
  return truth;
}

Value Evaluator::State::Get(NodeId id) {
  const Node& node = pool.node(id);
  if (node.op == Op::kField) return event->Get(static_cast<event::FieldId>(node.operand));
  if (node.op == Op::kConstant) return pool.constant(node.operand);
  Memo& memo = memos[id];
  if (memo.epoch == epoch) return memo.value;
  const Value value = Compute(node);
  memo.value = value;
  memo.epoch = epoch;
  return value;
}

Truth Evaluator::State::Decide(const Node& node) {
  switch (node.op) {
    case Op::kFalse:
      return Truth::kFalse;
    case Op::kNull:
      return Truth::kNull;
    case Op::kTrue:
      return Truth::kTrue;
    case Op::kAnd:
      return Chain(node, Truth::kFalse);
    case Op::kOr:
      return Chain(node, Truth::kTrue);
    case Op::kNot: {
      const Truth truth = Condition(node.args[0]);
      if (truth == Truth::kNull) return Truth::kNull;
      return truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
    }
    case Op::kIsNull:
      return Get(node.args[0]).is_null() ? Truth::kTrue : Truth::kFalse;
    case Op::kTest:
      return Any(node, IsTrue);
    case Op::kIn: {
      const MatchSet& set = pool.set(node.operand);
      return Any(node, [&](const Value& v) { return set.Contains(v, scratch); });
    }
    case Op::kRegex:
      return Any(node, [&](const Value& v) { return MatchesRegex(node, v); });
    case Op::kCidr:
      return Any(node, [&](const Value& v) { return InNetworks(node, v); });
    default:
      return Compare(node);
  }
}

Truth Evaluator::State::Chain(const Node& node, Truth decisive) {
  const bool stop_at_true = decisive == Truth::kTrue;
  for (NodeId arg : node.args) {
    if ((Condition(arg) == Truth::kTrue) == stop_at_true) return decisive;
  }
  return stop_at_true ? Truth::kFalse : Truth::kTrue;
}

Truth Evaluator::State::Any(const Node& node, absl::FunctionRef<bool(const Value&)> holds) {
  const Value value = Get(node.args[0]);
  if (value.is_null()) return node.two_valued ? Truth::kFalse : Truth::kNull;
  const auto elements = value.elements();
  return std::any_of(elements.begin(), elements.end(), holds) ? Truth::kTrue : Truth::kFalse;
}

Truth Evaluator::State::Compare(const Node& node) {
  const Value left = Get(node.args[0]);
  const Value right = Get(node.args[1]);
  if (left.is_null() || right.is_null()) return node.two_valued ? Truth::kFalse : Truth::kNull;
  size_t pairs = 0;
  for (const Value& a : left.elements()) {
    for (const Value& b : right.elements()) {
      if (ComparePair(node, a, b)) return Truth::kTrue;
      if (++pairs == kMaxCombinations) return Truth::kFalse;
    }
  }
  return Truth::kFalse;
}

bool Evaluator::State::ComparePair(const Node& node, const Value& a, const Value& b) {
  if (node.as == CompareAs::kTime) {
    const auto left = TimeOf(node.args[0], a);
    const auto right = TimeOf(node.args[1], b);
    return left && right && Holds(node.compare, *left <=> *right);
  }
  if (node.as == CompareAs::kAddress) {
    const auto left = event::IpAddress::Parse(ScalarText(a, scratch));
    const auto right = event::IpAddress::Parse(ScalarText(b, scratch));
    if (left && right) {
      // IPv4 comes before IPv6.
      const int family = static_cast<int>(right->is_v4()) - static_cast<int>(left->is_v4());
      if (family != 0) return Holds(node.compare, family <=> 0);
      return Holds(node.compare, left->bits() < right->bits()    ? std::partial_ordering::less
                                 : left->bits() == right->bits() ? std::partial_ordering::equivalent
                                                                 : std::partial_ordering::greater);
    }
  }
  return Holds(node.compare, CompareScalars(a, b, scratch));
}

std::optional<event::TimeNs> Evaluator::State::TimeOf(NodeId id, const Value& scalar) {
  const bool is_event_time =
      pool.node(id).op == Op::kTimestamp && event->Get(event::field::kTimestamp).is_null();
  if (is_event_time) return event->time;
  return ScalarTime(scalar);
}

bool Evaluator::State::InNetworks(const Node& node, const Value& scalar) {
  const auto address = event::IpAddress::Parse(ScalarText(scalar, scratch));
  if (!address) return false;
  const auto& networks = pool.networks(node.operand);
  return std::any_of(networks.begin(), networks.end(),
                     [&](const auto& network) { return network.Contains(*address); });
}

bool Evaluator::State::MatchesRegex(const Node& node, const Value& scalar) {
  const absl::string_view text = ReplaceInvalidUtf8(ScalarText(scalar, scratch), scratch);
  return RE2::FullMatch({text.data(), text.size()}, pool.regex(node.operand));
}

Value Evaluator::State::Compute(const Node& node) {
  switch (node.op) {
    case Op::kTimestamp:
      return Timestamp();
    case Op::kFold:
      return MapElements(Get(node.args[0]), [this](const Value& v) {
        return v.is_string() ? Value::String(FoldCase(v.string_value(), scratch)) : v;
      });
    case Op::kAddress:
      return MapElements(Get(node.args[0]), [this](const Value& v) { return Address(v); });
    case Op::kTruth: {
      const Truth truth = Condition(node.args[0]);
      return truth == Truth::kNull ? Value() : Value::Bool(truth == Truth::kTrue);
    }
    default:
      return Call(node);
  }
}

Value Evaluator::State::Timestamp() {
  const Value& slot = event->Get(event::field::kTimestamp);
  if (!slot.is_null() || event->time == event::kNoTime) return slot;
  return Value::String(scratch.Copy(event::FormatIso8601(event->time)));
}

Value Evaluator::State::MapElements(const Value& value,
                                    absl::FunctionRef<Value(const Value&)> map) {
  if (!value.is_list()) return map(value);
  const auto elements = value.list_value();
  Value* out = scratch.Allocate<Value>(elements.size());
  std::transform(elements.begin(), elements.end(), out, map);
  return Value::List({out, elements.size()});
}

Value Evaluator::State::Address(const Value& scalar) {
  if (!scalar.is_string()) return scalar;
  const auto address = event::IpAddress::Parse(scalar.string_value());
  if (!address) return scalar;
  event::IpAddress::TextBuffer buffer;
  return Value::String(scratch.Copy(address->Format(buffer)));
}

Value Evaluator::State::Call(const Node& node) {
  absl::InlinedVector<Value, 6> args;
  bool has_list = false;
  for (NodeId arg : node.args) {
    args.push_back(Get(arg));
    has_list = has_list || args.back().is_list();
  }
  if (has_list) return CallOverLists(node, args);
  return Apply(node.function, node.fold, args, scratch);
}

// The function of every combination of elements, without nulls; one true is
// enough for a condition.
Value Evaluator::State::CallOverLists(const Node& node, absl::Span<const Value> args) {
  size_t combinations = 1;
  for (const Value& arg : args) {
    const size_t choices = std::max<size_t>(arg.elements().size(), 1);
    combinations = std::min(combinations * choices, kMaxCombinations);
  }
  Value* out = scratch.Allocate<Value>(combinations);
  size_t count = 0;
  absl::InlinedVector<Value, 6> chosen(args.begin(), args.end());
  for (size_t i = 0; i < combinations; ++i) {
    size_t choice = i;
    for (size_t a = 0; a < args.size(); ++a) {
      if (!args[a].is_list()) continue;
      const auto elements = args[a].list_value();
      chosen[a] = elements[choice % elements.size()];
      choice /= elements.size();
    }
    const Value result = Apply(node.function, node.fold, chosen, scratch);
    if (IsTrue(result)) return result;
    if (!result.is_null()) out[count++] = result;
  }
  return Value::List({out, count});
}

Evaluator::Evaluator(const Program& program) : state_(std::make_unique<State>(*program.pool_)) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;

void Evaluator::Begin(const event::Event& event) { state_->Begin(event); }

bool Evaluator::Matches(ConditionId condition) {
  return state_->Condition(condition) == Truth::kTrue;
}

}  // namespace sequitur::eql
