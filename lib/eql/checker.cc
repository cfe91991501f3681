#include "eql/checker.h"

#include "absl/strings/str_cat.h"
#include "eql/functions.h"

namespace sequitur::eql {
namespace {

constexpr int kMaxStages = 256;

absl::string_view TypeName(Type type) {
  constexpr absl::string_view kNames[] = {"a field", "null", "a condition", "a number", "a string"};
  return kNames[static_cast<int>(type)];
}

class ExpressionChecker {
 public:
  ExpressionChecker(const QueryAst& ast, ErrorList& errors) : ast_(ast), errors_(errors) {}

  void Condition(ExprId id) {
    const Type type = TypeOf(id);
    if (type == Type::kBoolean || type == Type::kAny || type == Type::kNull) return;
    errors_.Add(ast_.exprs[id].offset,
                absl::StrCat("expected a condition, found ", TypeName(type)));
  }

 private:
  Type TypeOf(ExprId id);
  void Number(ExprId id);
  void Compare(const Expr& expr);
  void In(const Expr& expr);
  void Patterns(const Expr& expr);
  Type Call(const Expr& expr);
  void Arguments(const Expr& expr, const FunctionSpec& spec);
  void Argument(ExprId id, char kind, absl::string_view function);

  const Expr& expr(ExprId id) const { return ast_.exprs[id]; }

  const QueryAst& ast_;
  ErrorList& errors_;
};

Type LiteralType(const Literal& literal) {
  constexpr Type kTypes[] = {Type::kNull, Type::kBoolean, Type::kNumber, Type::kNumber,
                             Type::kString};
  return kTypes[literal.index()];
}

Type ExpressionChecker::TypeOf(ExprId id) {
  const Expr& e = expr(id);
  switch (e.kind) {
    case ExprKind::kLiteral:
      return LiteralType(e.literal);
    case ExprKind::kField:
      return Type::kAny;
    case ExprKind::kListName:
      errors_.Add(e.offset, absl::StrCat("the list $", e.name,
                                         " may stand behind in, like, ':' and in cidrMatch"));
      return Type::kAny;
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
      for (ExprId arg : e.args) Condition(arg);
      return Type::kBoolean;
    case ExprKind::kCompare:
      Compare(e);
      return Type::kBoolean;
    case ExprKind::kIn:
      In(e);
      return Type::kBoolean;
    case ExprKind::kLike:
    case ExprKind::kRegex:
      Patterns(e);
      return Type::kBoolean;
    case ExprKind::kArithmetic:
    case ExprKind::kNegate:
      for (ExprId arg : e.args) Number(arg);
      return Type::kNumber;
    case ExprKind::kCall:
      return Call(e);
  }
  return Type::kAny;
}

void ExpressionChecker::Number(ExprId id) {
  const Type type = TypeOf(id);
  if (type == Type::kNumber || type == Type::kAny || type == Type::kNull) return;
  errors_.Add(expr(id).offset, absl::StrCat("expected a number, found ", TypeName(type)));
}

void ExpressionChecker::Compare(const Expr& e) {
  for (ExprId arg : e.args) {
    if (expr(arg).kind == ExprKind::kListName) {
      errors_.Add(expr(arg).offset, absl::StrCat("write 'in $", expr(arg).name, "' or 'in~ $",
                                                 expr(arg).name, "' for a list"));
      continue;
    }
    const Type type = TypeOf(arg);
    const bool orders = e.compare != CompareOp::kEqual && e.compare != CompareOp::kNotEqual;
    if (orders && type == Type::kBoolean) {
      errors_.Add(expr(arg).offset, "true and false have no order: use '==' or '!='");
    }
  }
}

void ExpressionChecker::In(const Expr& e) {
  TypeOf(e.args[0]);
  for (size_t i = 1; i < e.args.size(); ++i) {
    const Expr& entry = expr(e.args[i]);
    if (entry.kind == ExprKind::kListName) continue;
    TypeOf(e.args[i]);
    if (e.fold && !entry.constant) {
      errors_.Add(entry.offset, "the entries of 'in~' must be constants");
    }
  }
}

void ExpressionChecker::Patterns(const Expr& e) {
  TypeOf(e.args[0]);
  for (size_t i = 1; i < e.args.size(); ++i) {
    const Expr& pattern = expr(e.args[i]);
    if (pattern.kind == ExprKind::kListName) {
      if (e.kind == ExprKind::kRegex) {
        errors_.Add(pattern.offset, "a list holds wildcard patterns: use 'like' or 'like~'");
      }
      continue;
    }
    const Type type = TypeOf(e.args[i]);
    if (pattern.kind == ExprKind::kLiteral && type == Type::kString) continue;
    errors_.Add(pattern.offset,
                absl::StrCat("expected a string, found ", TypeName(type),
                             e.kind == ExprKind::kLike ? ": use '==' or 'in'" : ""));
  }
}

Type ExpressionChecker::Call(const Expr& e) {
  const FunctionSpec* spec = FindFunction(e.name);
  if (spec == nullptr) {
    errors_.Add(e.offset, UnknownFunctionMessage(e.name));
    return Type::kAny;
  }
  if (e.fold && !spec->has_fold) {
    errors_.Add(e.offset, absl::StrCat(spec->name, " has no form with '~'"));
  }
  Arguments(e, *spec);
  return spec->result;
}

void ExpressionChecker::Arguments(const Expr& e, const FunctionSpec& spec) {
  if (e.args.size() < spec.min_args || e.args.size() > spec.max_args) {
    const std::string range = spec.max_args == spec.min_args ? absl::StrCat(spec.min_args)
                              : spec.max_args > 1000
                                  ? absl::StrCat("at least ", spec.min_args)
                                  : absl::StrCat(spec.min_args, " or ", spec.max_args);
    errors_.Add(e.offset, absl::StrCat(spec.name, " takes ", range, " argument",
                                       spec.max_args == 1 ? "" : "s", ", found ", e.args.size()));
    return;
  }
  for (size_t i = 0; i < e.args.size(); ++i) {
    Argument(e.args[i], spec.args[std::min(i, spec.args.size() - 1)], spec.name);
  }
}

void ExpressionChecker::Argument(ExprId id, char kind, absl::string_view function) {
  const Expr& arg = expr(id);
  if (kind == 'n') return Number(id);
  if (kind == 'c') {
    const bool is_text =
        arg.kind == ExprKind::kLiteral && LiteralType(arg.literal) == Type::kString;
    if (is_text || arg.kind == ExprKind::kListName) return;
    return errors_.Add(arg.offset, absl::StrCat(function,
                                                " takes networks as strings, like "
                                                "\"10.0.0.0/8\", or a $list"));
  }
  const Type type = TypeOf(id);
  if (type == Type::kAny || type == Type::kNull || kind == 'v') return;
  const Type wanted = kind == 'b' ? Type::kBoolean : Type::kString;
  if (type == wanted) return;
  errors_.Add(arg.offset,
              absl::StrCat(function, " expects ", kind == 'b' ? "true or false" : TypeName(wanted),
                           " here, found ", TypeName(type)));
}

void CheckKeyCounts(const QueryAst& ast, ErrorList& errors) {
  const size_t expected = ast.terms.front().keys.size();
  const auto check = [&](const TermAst& term) {
    if (term.keys.size() == expected) return;
    errors.Add(term.offset, absl::StrCat("inconsistent number of join keys: this one has ",
                                         ast.keys.size() + term.keys.size(), ", the first has ",
                                         ast.keys.size() + expected));
  };
  for (const TermAst& term : ast.terms) check(term);
  if (ast.until) check(*ast.until);
}

void CheckStages(const QueryAst& ast, ErrorList& errors) {
  int stages = 0;
  bool has_positive = false;
  for (const TermAst& term : ast.terms) {
    stages += term.runs;
    has_positive = has_positive || !term.missing;
    if (term.missing && !ast.maxspan) {
      errors.Add(term.offset, "a missing event '![' needs 'with maxspan': how long to wait for it");
    }
  }
  const size_t at = ast.terms.front().offset;
  if (stages < 2) errors.Add(at, "a sequence needs at least two stages");
  if (stages > kMaxStages) {
    errors.Add(at, absl::StrCat("the sequence has ", stages, " stages, counting runs; at most ",
                                kMaxStages, " are possible"));
  }
  if (!has_positive) errors.Add(at, "a sequence needs a stage that is not missing");
}

}  // namespace

void CheckCondition(const QueryAst& ast, ErrorList& errors) {
  ExpressionChecker(ast, errors).Condition(ast.terms.front().filter.condition);
}

void CheckQuery(const QueryAst& ast, ErrorList& errors) {
  ExpressionChecker checker(ast, errors);
  for (const TermAst& term : ast.terms) checker.Condition(term.filter.condition);
  if (ast.until) checker.Condition(ast.until->filter.condition);
  if (!ast.is_sequence) return;
  CheckKeyCounts(ast, errors);
  CheckStages(ast, errors);
}

}  // namespace sequitur::eql
