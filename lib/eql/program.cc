#include "eql/program.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "eql/case_fold.h"
#include "eql/checker.h"
#include "eql/compiler.h"
#include "eql/lexer.h"
#include "eql/parser.h"
#include "eql/program_pool.h"

namespace sequitur::eql {
namespace {

using Required = Program::RequiredLiterals;

// Fields of few values say little about an event; the smaller, the better.
std::pair<bool, size_t> Selectivity(const Required& required, const event::FieldTable& fields) {
  const absl::string_view path = fields.path(required.field);
  const bool common = absl::StartsWith(path, "event.") || absl::StartsWith(path, "host.os.") ||
                      absl::StartsWith(path, "network.");
  return {common, required.literals.size()};
}

void Unite(const Required& more, Required* all) {
  all->folded = all->folded || more.folded;
  all->literals.insert(all->literals.end(), more.literals.begin(), more.literals.end());
  if (all->folded) {
    for (std::string& literal : all->literals) literal = FoldCase(literal);
  }
  std::sort(all->literals.begin(), all->literals.end());
  all->literals.erase(std::unique(all->literals.begin(), all->literals.end()), all->literals.end());
}

// What must be so for a condition to be true, found from the top down.
class RequiredFinder {
 public:
  explicit RequiredFinder(const NodePool& pool, const event::FieldTable& fields)
      : pool_(pool), fields_(fields) {}

  std::optional<Required> Find(NodeId id) const {
    const Node& node = pool_.node(id);
    if (node.op == Op::kIn) return OfSet(node);
    if (node.op == Op::kAnd) return OfAnd(node);
    if (node.op == Op::kOr) return OfOr(node);
    return std::nullopt;
  }

 private:
  std::optional<Required> OfSet(const Node& node) const {
    const Node* value = &pool_.node(node.args[0]);
    const bool folded = value->op == Op::kFold;
    if (folded) value = &pool_.node(value->args[0]);
    auto texts = pool_.set(node.operand).Texts();
    if (value->op != Op::kField || !texts) return std::nullopt;
    Required required;
    required.field = static_cast<event::FieldId>(value->operand);
    required.literals = *std::move(texts);
    required.folded = folded;
    return required;
  }

  std::optional<Required> OfAnd(const Node& node) const {
    std::optional<Required> best;
    for (NodeId arg : node.args) {
      auto found = Find(arg);
      if (!found) continue;
      if (!best || Selectivity(*found, fields_) < Selectivity(*best, fields_)) {
        best = std::move(found);
      }
    }
    return best;
  }

  std::optional<Required> OfOr(const Node& node) const {
    std::optional<Required> all;
    for (NodeId arg : node.args) {
      const auto found = Find(arg);
      if (!found || (all && found->field != all->field)) return std::nullopt;
      if (!all) all.emplace(Required{found->field, {}, false});
      Unite(*found, &*all);
    }
    return all;
  }

  const NodePool& pool_;
  const event::FieldTable& fields_;
};

}  // namespace

Program::Program(event::FieldTable& fields) : pool_(std::make_unique<Pool>(fields)) {}
Program::~Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;

Program::CompiledQuery Program::Compile(absl::string_view text, ListLookup lists) {
  ErrorList errors;
  CompiledQuery out;
  const std::vector<Token> tokens = Tokenize(text, errors);
  QueryAst ast;
  if (errors.empty()) ast = ParseQuery(text, tokens, errors);
  if (errors.empty()) CheckQuery(ast, errors);
  if (errors.empty()) {
    out.query = Compiler(ast, pool_->nodes, {*pool_->fields, lists, errors}).CompileQuery();
  }
  if (!errors.empty()) out.query.reset();
  out.errors = errors.Resolve(text);
  return out;
}

Program::CompiledCondition Program::CompileCondition(absl::string_view text, ListLookup lists) {
  ErrorList errors;
  CompiledCondition out;
  const std::vector<Token> tokens = Tokenize(text, errors);
  QueryAst ast;
  if (errors.empty()) ast = ParseCondition(text, tokens, errors);
  if (errors.empty()) CheckCondition(ast, errors);
  if (errors.empty()) {
    Compiler compiler(ast, pool_->nodes, {*pool_->fields, lists, errors});
    out.condition = compiler.Condition(ast.terms.front().filter.condition);
  }
  if (!errors.empty()) out.condition.reset();
  out.errors = errors.Resolve(text);
  return out;
}

void Program::CollectFields(ConditionId condition, event::Projection& projection) const {
  absl::flat_hash_set<NodeId> seen = {condition};
  std::vector<NodeId> open = {condition};
  while (!open.empty()) {
    const Node& node = pool_->nodes.node(open.back());
    open.pop_back();
    if (node.op == Op::kField || node.op == Op::kTimestamp) {
      projection.Add(static_cast<event::FieldId>(node.operand));
    }
    for (NodeId arg : node.args) {
      if (seen.insert(arg).second) open.push_back(arg);
    }
  }
}

std::optional<Program::RequiredLiterals> Program::Required(ConditionId condition) const {
  return RequiredFinder(pool_->nodes, *pool_->fields).Find(condition);
}

bool Program::IsNever(ConditionId condition) const {
  return condition == NodePool::kFalse || condition == NodePool::kNull;
}

bool Program::IsAlways(ConditionId condition) const { return condition == NodePool::kTrue; }

std::string Program::DebugString(ConditionId condition) const {
  return pool_->nodes.DebugString(condition, *pool_->fields);
}

size_t Program::node_count() const { return pool_->nodes.size(); }

}  // namespace sequitur::eql
