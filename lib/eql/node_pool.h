#pragma once

// NodePool: the compiled conditions, as numbered nodes of one graph. Equal nodes
// are one node, so a condition that a hundred rules share is evaluated once per
// event. Nodes only refer to smaller numbers.
//
// A condition is true, false or null. EQL has two regimes: a predicate directly
// on a field against constants, and `and` and `or`, are `two_valued` (null is
// false), while a computed one is null when its value is, and then so is its
// negation.
//
// Bounds:   depth follows the query's nesting (kMaxHeight).
// Threads:  build first, then share const.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/arena.h"
#include "eql/ast.h"
#include "eql/functions.h"
#include "eql/match_set.h"
#include "event/field_table.h"
#include "event/ip_address.h"
#include "event/value.h"
#include "re2/re2.h"

namespace sequitur::eql {

using NodeId = uint32_t;

enum class Truth : uint8_t { kFalse, kNull, kTrue };

enum class Op : uint8_t {
  // Conditions.
  kFalse,
  kNull,
  kTrue,
  kAnd,
  kOr,
  kNot,
  kIsNull,   // of a value; never null itself
  kTest,     // some element of a value is true
  kIn,       // some element of a value is in a MatchSet
  kRegex,    // some element of a value matches
  kCidr,     // some element of a value is an address in one of the blocks
  kCompare,  // some pair of elements of two values compares so
  // Values.
  kConstant,
  kField,
  kTimestamp,  // @timestamp, or else the event's time
  kFold,       // a value without case
  kAddress,    // a value with addresses spelt one way
  kTruth,      // a condition as a boolean
  kCall,
};
inline constexpr bool IsCondition(Op op) { return op <= Op::kCompare; }
inline constexpr bool IsConstantCondition(Op op) { return op <= Op::kTrue; }

// What kCompare compares its values as.
enum class CompareAs : uint8_t { kScalar, kAddress, kTime };

struct Node {
  Op op = Op::kNull;
  bool two_valued = false;
  bool fold = false;  // kCall, kRegex
  CompareOp compare = CompareOp::kEqual;
  CompareAs as = CompareAs::kScalar;
  Function function = Function::kAdd;
  uint8_t cost = 0;
  uint32_t operand = 0;  // a field, or an index into constants, sets, regexes or networks
  std::vector<NodeId> args;
};

class NodePool {
 public:
  static constexpr NodeId kFalse = 0, kNull = 1, kTrue = 2;

  NodePool();

  // The node, or the equal one there already.
  NodeId Add(Node node);
  uint32_t AddConstant(const event::Value& scalar);
  uint32_t AddSet(MatchSet set);
  // A pattern in RE2's syntax; its index, or an error when RE2 refuses it.
  absl::StatusOr<uint32_t> AddRegex(const std::string& pattern, bool fold);
  uint32_t AddNetworks(std::vector<event::CidrBlock> blocks);

  const Node& node(NodeId id) const { return nodes_[id]; }
  size_t size() const { return nodes_.size(); }
  const event::Value& constant(uint32_t i) const { return constants_[i]; }
  const MatchSet& set(uint32_t i) const { return sets_[i]; }
  const RE2& regex(uint32_t i) const { return *regexes_[i]; }
  const std::vector<event::CidrBlock>& networks(uint32_t i) const { return networks_[i]; }

  // One line, in prefix form.
  std::string DebugString(NodeId id, const event::FieldTable& fields) const;

 private:
  // Index of equal content, or `next` when it is new.
  uint32_t Intern(std::string key, size_t next);
  uint8_t CostOf(const Node& node) const;
  std::string ValueText(const Node& node, const event::FieldTable& fields) const;
  std::string SetText(const Node& node, const event::FieldTable& fields) const;
  std::string ListText(absl::string_view name, const Node& node,
                       const event::FieldTable& fields) const;

  std::vector<Node> nodes_;
  std::vector<event::Value> constants_;
  std::vector<MatchSet> sets_;
  std::vector<std::unique_ptr<RE2>> regexes_;
  std::vector<std::vector<event::CidrBlock>> networks_;
  absl::flat_hash_map<std::string, uint32_t> interned_;
  Arena texts_;  // of constants
};

}  // namespace sequitur::eql
