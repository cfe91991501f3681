#include "eql/program.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "eql/case_fold.h"
#include "eql/checker.h"
#include "eql/compiler.h"
#include "eql/lexer.h"
#include "eql/parser.h"
#include "eql/program_pool.h"
#include "eql/utf8.h"

namespace sequitur::eql {
namespace {

using Required = RequiredLiterals;
using Alternatives = std::vector<Required>;

// Shorter parts of a pattern are found in too many texts.
size_t MinPart(Place place) {
  switch (place) {
    case Place::kWhole:
      return 0;
    case Place::kStart:
    case Place::kEnd:
      return 2;
    case Place::kAnywhere:
      return 3;
  }
  return 0;
}

// Fields of few values say little about an event.
bool IsCommon(event::FieldId field, const event::FieldTable& fields) {
  const absl::string_view path = fields.path(field);
  return absl::StartsWith(path, "event.") || absl::StartsWith(path, "host.os.") ||
         absl::StartsWith(path, "network.") || path == "http.request.method" ||
         path == "http.response.status_code" || path == "process.args";
}

void Add(Required more, Alternatives& all) {
  const auto same = std::find_if(all.begin(), all.end(), [&](const Required& each) {
    return each.field == more.field && each.place == more.place;
  });
  if (same == all.end()) {
    all.push_back(std::move(more));
    return;
  }
  same->numbers = same->numbers || more.numbers;
  std::vector<std::string>& literals = same->literals;
  literals.insert(literals.end(), more.literals.begin(), more.literals.end());
  std::sort(literals.begin(), literals.end());
  literals.erase(std::unique(literals.begin(), literals.end()), literals.end());
}

// What must be so for a condition to be true, found from the top down.
class RequiredFinder {
 public:
  RequiredFinder(const NodePool& pool, const event::FieldTable& fields, Program::Literals which)
      : pool_(pool), fields_(fields), longest_(which == Program::Literals::kLongest) {}
  // Looks at one field only.
  RequiredFinder(const NodePool& pool, const event::FieldTable& fields, event::FieldId only)
      : pool_(pool), fields_(fields), longest_(false), only_(only) {}

  Alternatives Find(NodeId id) const {
    const Node& node = pool_.node(id);
    if (node.op == Op::kIn) return OfSet(node);
    if (node.op == Op::kAnd) return OfAnd(node);
    if (node.op == Op::kOr) return OfOr(node);
    return {};
  }

 private:
  Alternatives OfSet(const Node& node) const {
    const Node* value = &pool_.node(node.args[0]);
    const bool folded = value->op == Op::kFold;
    if (folded) value = &pool_.node(value->args[0]);
    if (value->op != Op::kField) return {};
    const auto field = static_cast<event::FieldId>(value->operand);
    if (field != only_.value_or(field)) return {};
    const MatchSet& set = pool_.set(node.operand);
    auto entries = set.Texts();
    if (!entries) return longest_ ? OfPatterns(field, set, folded) : Alternatives();
    Required required = {field, Place::kWhole, entries->numbers, std::move(entries->texts)};
    if (!folded && !Fold(required.literals)) return {};
    return {std::move(required)};
  }

  Alternatives OfPatterns(event::FieldId field, const MatchSet& set, bool folded) const {
    Alternatives all;
    for (MatchSet::Part& part : set.Parts()) {
      if (part.text.size() < MinPart(part.place)) return {};
      Add({field, part.place, false, {std::move(part.text)}}, all);
    }
    for (Required& each : all) {
      if (!folded && !Fold(each.literals)) return {};
    }
    return all;
  }

  // False when one is not UTF-8: within a text it might fold to something else.
  static bool Fold(std::vector<std::string>& literals) {
    for (std::string& literal : literals) {
      if (!IsValidUtf8(literal)) return false;
      literal = FoldCase(literal);
    }
    return true;
  }

  Alternatives OfAnd(const Node& node) const {
    Alternatives best;
    for (NodeId arg : node.args) {
      Alternatives found = Find(arg);
      if (!found.empty() && (best.empty() || Rank(found) < Rank(best))) best = std::move(found);
    }
    return best;
  }

  Alternatives OfOr(const Node& node) const {
    Alternatives all;
    for (NodeId arg : node.args) {
      Alternatives found = Find(arg);
      if (found.empty()) return {};
      for (Required& each : found) Add(std::move(each), all);
    }
    return all;
  }

  static size_t ShortestOf(const Required& required) {
    size_t shortest = std::numeric_limits<size_t>::max();
    for (const std::string& literal : required.literals) {
      shortest = std::min(shortest, literal.size());
    }
    return shortest;
  }

  // The smaller, the fewer events hold one of the alternatives.
  std::tuple<bool, size_t, size_t> Rank(const Alternatives& alternatives) const {
    constexpr size_t kLong = 8;  // beyond, length says nothing more
    bool common = false;
    size_t shortest = kLong, count = 0;
    for (const Required& each : alternatives) {
      common = common || (each.place == Place::kWhole && IsCommon(each.field, fields_));
      shortest = std::min(shortest, ShortestOf(each));
      count += each.literals.size();
    }
    return {common, longest_ ? kLong - shortest : 0, count};
  }

  const NodePool& pool_;
  const event::FieldTable& fields_;
  const bool longest_;
  const std::optional<event::FieldId> only_;
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

std::vector<RequiredLiterals> Program::Required(ConditionId condition, Literals which) const {
  return RequiredFinder(pool_->nodes, *pool_->fields, which).Find(condition);
}

std::optional<RequiredLiterals> Program::RequiredOf(ConditionId condition,
                                                    event::FieldId field) const {
  Alternatives found = RequiredFinder(pool_->nodes, *pool_->fields, field).Find(condition);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
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
