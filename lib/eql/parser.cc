#include "eql/parser.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/diagnostic.h"

namespace sequitur::eql {
namespace {

constexpr absl::string_view kKeywords[] = {
    "and", "any", "by",    "false",  "in",       "join", "like",  "maxspan", "not", "null",
    "of",  "or",  "regex", "sample", "sequence", "true", "until", "where",   "with"};

bool IsKeyword(absl::string_view word) { return absl::c_linear_search(kKeywords, word); }

std::string Describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end";
    case TokenKind::kString:
      return absl::StrCat("the string ", Quoted(token.text));
    case TokenKind::kListName:
      return Quoted(absl::StrCat("$", token.text));
    default:
      return Quoted(absl::StrCat(token.text, token.tilde ? "~" : ""));
  }
}

// "; did you mean 'and'?" when the word is nearly one of the candidates.
std::string Suggest(const Token& token, absl::Span<const absl::string_view> candidates) {
  if (token.kind != TokenKind::kWord || token.text.size() > 40) return "";
  const absl::string_view near = DidYouMean(token.text, candidates);
  return near.empty() ? "" : absl::StrCat("; did you mean '", near, "'?");
}

class Parser {
 public:
  Parser(absl::string_view text, absl::Span<const Token> tokens, ErrorList& errors)
      : text_(text), tokens_(tokens), errors_(errors) {}

  QueryAst Query();
  QueryAst Condition();

 private:
  using Parsed = std::optional<ExprId>;

  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const Token& Take() {
    const Token& token = Peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool TakeSymbol(absl::string_view symbol) {
    const bool found = Peek().IsSymbol(symbol);
    if (found) Take();
    return found;
  }
  bool TakeWord(absl::string_view word) {
    const bool found = Peek().IsWord(word);
    if (found) Take();
    return found;
  }
  std::nullopt_t Fail(const Token& at, absl::string_view message) {
    errors_.Add(at.begin, message);
    return std::nullopt;
  }
  std::nullopt_t Expected(absl::string_view what, absl::string_view hint = "") {
    return Fail(Peek(), absl::StrCat("expected ", what, ", found ", Describe(Peek()), hint));
  }

  // Queries.
  bool Statement();
  bool Sequence();
  bool SequenceParameters();
  bool Maxspan();
  bool SequenceTerms();
  void SkipToNextTerm();
  std::optional<TermAst> Term();
  bool Until();
  bool Filter(FilterAst* filter);
  bool Category(FilterAst* filter);
  bool Keys(std::vector<KeyAst>* keys);
  bool Runs(int* runs);
  bool Pipes();
  bool OnePipe();
  std::string TextOf(size_t first, size_t last) const;

  // Expressions, from the loosest to the tightest.
  Parsed Expression() { return Chain(ExprKind::kOr, "or"); }
  Parsed Chain(ExprKind kind, absl::string_view word);
  Parsed Negation();
  Parsed Comparison();
  Parsed Sum();
  Parsed Product();
  Parsed Unary();
  Parsed Predicate();
  Parsed InPredicate(ExprId value, bool negated);
  Parsed PatternPredicate(ExprId value);
  bool Patterns(Expr* predicate);
  bool Pattern(Expr* predicate);
  Parsed Primary();
  Parsed Parenthesised();
  Parsed Word();
  Parsed Call();
  Parsed Field();
  bool Path(std::string* path);
  bool Arguments(absl::string_view what, std::vector<ExprId>* args);

  std::optional<CompareOp> TakeCompareOp();
  Parsed Add(Expr expr);
  ExprId AddLiteral(const Token& at, Literal literal);
  bool Enter();

  absl::string_view text_;
  absl::Span<const Token> tokens_;
  ErrorList& errors_;
  size_t at_ = 0;
  int depth_ = 0;
  QueryAst ast_;
};

QueryAst Parser::Query() {
  if (Statement() && Peek().kind != TokenKind::kEnd) {
    constexpr absl::string_view kJoiners[] = {"and", "or", "not", "in", "like", "regex", "until"};
    Expected(ast_.is_sequence ? "'[', 'until', '|' or the end" : "'and', 'or', '|' or the end",
             Suggest(Peek(), kJoiners));
  }
  return std::move(ast_);
}

QueryAst Parser::Condition() {
  const Parsed condition = Expression();
  if (condition && Peek().kind != TokenKind::kEnd) {
    constexpr absl::string_view kJoiners[] = {"and", "or", "not", "in", "like", "regex"};
    Expected("'and', 'or' or the end", Suggest(Peek(), kJoiners));
  }
  TermAst term;
  term.filter.condition = condition.value_or(0);
  ast_.terms.push_back(std::move(term));
  return std::move(ast_);
}

bool Parser::Statement() {
  const bool names_category = Peek(1).IsWord("where");
  if (!names_category && Peek().IsWord("sample")) {
    Fail(Peek(),
         "'sample' is not supported in a stream: write a sequence, which has an order and "
         "a window");
    return false;
  }
  if (!names_category && Peek().IsWord("join")) {
    Fail(Peek(), "'join' is not supported: write a sequence");
    return false;
  }
  if (!names_category && TakeWord("sequence")) {
    ast_.is_sequence = true;
    return Sequence() && Pipes();
  }
  TermAst term;
  term.offset = Peek().begin;
  if (!Filter(&term.filter)) return false;
  ast_.terms.push_back(std::move(term));
  return Pipes();
}

bool Parser::Sequence() { return SequenceParameters() && SequenceTerms() && Until(); }

bool Parser::SequenceParameters() {
  while (true) {
    const Token& start = Peek();
    if (TakeWord("by")) {
      if (ast_.maxspan) return Fail(start, "'by' comes before 'with maxspan'"), false;
      if (!ast_.keys.empty())
        return Fail(start, "'by' is given twice: join the keys by ','"), false;
      if (!Keys(&ast_.keys)) return false;
    } else if (TakeWord("with")) {
      if (ast_.maxspan) return Fail(start, "'with maxspan' is given twice"), false;
      if (!Maxspan()) return false;
    } else {
      return true;
    }
  }
}

bool Parser::Maxspan() {
  if (Peek().IsWord("runs")) {
    Expected("'maxspan'", ": 'with runs' stands behind one [...]");
    return false;
  }
  if (!TakeWord("maxspan")) {
    constexpr absl::string_view kParameters[] = {"maxspan"};
    Expected("'maxspan'", Suggest(Peek(), kParameters));
    return false;
  }
  if (!TakeSymbol("=")) return Expected("'=' behind maxspan"), false;
  const Token& number = Take();
  if (number.kind == TokenKind::kDouble) {
    return Fail(number, "maxspan takes no decimals: use a smaller unit, as in 1500ms"), false;
  }
  if (number.kind != TokenKind::kInt || number.int_value <= 0) {
    return Fail(number, "maxspan must be a whole number above 0 with a unit, as in 5m"), false;
  }
  constexpr std::pair<absl::string_view, event::TimeNs> kUnits[] = {{"ms", event::kMillisecond},
                                                                    {"s", event::kSecond},
                                                                    {"m", 60 * event::kSecond},
                                                                    {"h", 3600 * event::kSecond},
                                                                    {"d", 86'400 * event::kSecond}};
  const auto* unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                  [&](const auto& u) { return Peek().IsWord(u.first); });
  if (unit == std::end(kUnits)) {
    return Expected("a unit behind maxspan's number: ms, s, m, h or d"), false;
  }
  Take();
  if (number.int_value > std::numeric_limits<event::TimeNs>::max() / unit->second) {
    return Fail(number, "maxspan is too long"), false;
  }
  ast_.maxspan = number.int_value * unit->second;
  return true;
}

bool Parser::SequenceTerms() {
  bool all_read = true;
  if (!Peek().IsSymbol("[") && !Peek().IsSymbol("![")) {
    constexpr absl::string_view kParameters[] = {"by", "with"};
    return Expected("'by', 'with' or '['", Suggest(Peek(), kParameters)), false;
  }
  while (Peek().IsSymbol("[") || Peek().IsSymbol("![")) {
    std::optional<TermAst> term = Term();
    if (term) {
      ast_.terms.push_back(*std::move(term));
    } else {
      all_read = false;
      SkipToNextTerm();
    }
  }
  return all_read;
}

void Parser::SkipToNextTerm() {
  depth_ = 0;
  while (Peek().kind != TokenKind::kEnd && !TakeSymbol("]")) Take();
  while (Peek().kind != TokenKind::kEnd && !Peek().IsSymbol("[") && !Peek().IsSymbol("![")) Take();
}

std::optional<TermAst> Parser::Term() {
  TermAst term;
  const Token& open = Take();
  term.offset = open.begin;
  term.missing = open.IsSymbol("![");
  if (!Filter(&term.filter)) return std::nullopt;
  if (!TakeSymbol("]")) {
    constexpr absl::string_view kJoiners[] = {"and", "or", "not", "in", "like", "regex"};
    return Expected("'and', 'or' or ']'", Suggest(Peek(), kJoiners));
  }
  if (TakeWord("by") && !Keys(&term.keys)) return std::nullopt;
  if (TakeWord("with") && !Runs(&term.runs)) return std::nullopt;
  if (Peek().IsWord("by")) return Fail(Peek(), "'by' comes before 'with runs'");
  return term;
}

bool Parser::Until() {
  const Token& until = Peek();
  if (!TakeWord("until")) return true;
  if (Peek().IsSymbol("![")) {
    return Fail(Peek(), "'until' takes [...]: its event ends the sequence, so '![' means nothing"),
           false;
  }
  if (!Peek().IsSymbol("[")) return Expected("'[' behind 'until'"), false;
  std::optional<TermAst> term = Term();
  if (!term) return false;
  if (term->runs != 1) return Fail(until, "'until' takes no 'with runs'"), false;
  if (Peek().IsSymbol("[") || Peek().IsSymbol("![")) {
    return Fail(Peek(), "'until' is the last part of a sequence"), false;
  }
  ast_.until = *std::move(term);
  return true;
}

bool Parser::Filter(FilterAst* filter) {
  const size_t first = at_;
  if (!Category(filter)) return false;
  if (!TakeWord("where")) {
    constexpr absl::string_view kWhere[] = {"where"};
    return Expected("'where' behind the category", Suggest(Peek(), kWhere)), false;
  }
  const Parsed condition = Expression();
  if (!condition) return false;
  filter->condition = *condition;
  filter->text = TextOf(first, at_);
  return true;
}

bool Parser::Category(FilterAst* filter) {
  const Token& token = Peek();
  const bool is_word = token.kind == TokenKind::kWord && !token.tilde;
  if (!is_word && token.kind != TokenKind::kQuotedWord && token.kind != TokenKind::kString) {
    return Expected("an event category or 'any'"), false;
  }
  Take();
  if (token.text.empty()) return Fail(token, "the event category is empty"), false;
  if (Peek().IsSymbol("-")) {
    return Fail(token,
                "an event category with other characters than letters, digits and '_' is "
                "written in quotes"),
           false;
  }
  if (!token.IsWord("any")) filter->category = token.text;
  return true;
}

bool Parser::Keys(std::vector<KeyAst>* keys) {
  do {
    KeyAst key;
    key.offset = Peek().begin;
    key.optional = TakeSymbol("?");
    if (Peek().kind == TokenKind::kWord && (Peek(1).IsSymbol("(") || Peek().tilde)) {
      return Fail(Peek(), "a join key is a field: functions are not supported here"), false;
    }
    if (Peek().kind == TokenKind::kWord && IsKeyword(Peek().text) && !Peek(1).IsSymbol(".")) {
      return Expected("a field", ": a field named so is written in `backquotes`"), false;
    }
    if (!Path(&key.path)) return false;
    keys->push_back(std::move(key));
  } while (TakeSymbol(","));
  return true;
}

bool Parser::Runs(int* runs) {
  if (Peek().IsWord("maxspan")) {
    return Fail(Peek(), "'with maxspan' stands behind 'sequence', before the first '['"), false;
  }
  if (!TakeWord("runs")) {
    constexpr absl::string_view kParameters[] = {"runs"};
    return Expected("'runs'", Suggest(Peek(), kParameters)), false;
  }
  if (!TakeSymbol("=")) return Expected("'=' behind runs"), false;
  const Token& number = Take();
  if (number.kind != TokenKind::kInt || number.int_value < 1 || number.int_value > 100) {
    return Fail(number, "runs must be a whole number from 1 to 100"), false;
  }
  *runs = static_cast<int>(number.int_value);
  return true;
}

bool Parser::Pipes() {
  while (TakeSymbol("|")) {
    if (!OnePipe()) return false;
  }
  return true;
}

bool Parser::OnePipe() {
  const Token& name = Peek();
  if (!name.IsWord("head") && !name.IsWord("tail")) {
    constexpr absl::string_view kPipes[] = {"head", "tail"};
    return Fail(name, absl::StrCat("unknown pipe ", Describe(name), ": there are head and tail",
                                   Suggest(name, kPipes))),
           false;
  }
  Take();
  if (Peek().kind != TokenKind::kInt) {
    return Expected(absl::StrCat("a whole number behind ", name.text)), false;
  }
  ast_.pipes.push_back(
      {name.IsWord("head") ? Pipe::Kind::kHead : Pipe::Kind::kTail, Take().int_value});
  return true;
}

// The tokens first..last as written, with one blank wherever there was any.
std::string Parser::TextOf(size_t first, size_t last) const {
  std::string out;
  for (size_t i = first; i < last; ++i) {
    if (i > first && tokens_[i - 1].end < tokens_[i].begin) out.push_back(' ');
    absl::StrAppend(&out, text_.substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin));
  }
  return out;
}

Parser::Parsed Parser::Add(Expr expr) {
  expr.constant = expr.kind != ExprKind::kField;
  for (ExprId arg : expr.args) {
    expr.height = std::max(expr.height, ast_.exprs[arg].height + 1);
    expr.constant = expr.constant && ast_.exprs[arg].constant;
  }
  if (expr.height > kMaxHeight) {
    errors_.Add(expr.offset, absl::StrCat("nested more than ", kMaxHeight, " levels deep"));
    return std::nullopt;
  }
  ast_.exprs.push_back(std::move(expr));
  return static_cast<ExprId>(ast_.exprs.size() - 1);
}

ExprId Parser::AddLiteral(const Token& at, Literal literal) {
  Expr expr;
  expr.offset = at.begin;
  expr.literal = std::move(literal);
  return *Add(std::move(expr));
}

// Counts one more level of nesting; false when it is one too many.
bool Parser::Enter() {
  if (++depth_ <= kMaxHeight) return true;
  Fail(Peek(), absl::StrCat("nested more than ", kMaxHeight, " levels deep"));
  return false;
}

Parser::Parsed Parser::Chain(ExprKind kind, absl::string_view word) {
  const auto operand = [&] {
    return kind == ExprKind::kOr ? Chain(ExprKind::kAnd, "and") : Negation();
  };
  const Parsed first = operand();
  if (!first || !Peek().IsWord(word)) return first;
  Expr chain;
  chain.kind = kind;
  chain.offset = ast_.exprs[*first].offset;
  chain.args.push_back(*first);
  while (TakeWord(word)) {
    const Parsed next = operand();
    if (!next) return std::nullopt;
    chain.args.push_back(*next);
  }
  return Add(std::move(chain));
}

Parser::Parsed Parser::Negation() {
  if (!Peek().IsWord("not")) return Comparison();
  Expr negation;
  negation.kind = ExprKind::kNot;
  negation.offset = Take().begin;
  if (!Enter()) return std::nullopt;
  const Parsed inner = Negation();
  --depth_;
  if (!inner) return std::nullopt;
  negation.args = {*inner};
  return Add(std::move(negation));
}

std::optional<CompareOp> Parser::TakeCompareOp() {
  constexpr std::pair<absl::string_view, CompareOp> kOps[] = {
      {"==", CompareOp::kEqual},  {"!=", CompareOp::kNotEqual},
      {"<", CompareOp::kLess},    {"<=", CompareOp::kLessEqual},
      {">", CompareOp::kGreater}, {">=", CompareOp::kGreaterEqual}};
  for (const auto& [symbol, op] : kOps) {
    if (TakeSymbol(symbol)) return op;
  }
  return std::nullopt;
}

Parser::Parsed Parser::Comparison() {
  const Parsed left = Sum();
  if (!left) return std::nullopt;
  if (Peek().IsSymbol("=")) return Fail(Peek(), "expected '==' instead of '='");
  const size_t offset = Peek().begin;
  const std::optional<CompareOp> op = TakeCompareOp();
  if (!op) return left;
  const Parsed right = Sum();
  if (!right) return std::nullopt;
  const Token& behind = Peek();
  if (TakeCompareOp()) {
    return Fail(behind, "comparisons cannot be chained: join two of them by 'and'");
  }
  Expr comparison;
  comparison.kind = ExprKind::kCompare;
  comparison.compare = *op;
  comparison.offset = offset;
  comparison.args = {*left, *right};
  return Add(std::move(comparison));
}

Parser::Parsed Parser::Sum() {
  Parsed left = Product();
  while (left && (Peek().IsSymbol("+") || Peek().IsSymbol("-"))) {
    Expr sum;
    sum.kind = ExprKind::kArithmetic;
    sum.offset = Peek().begin;
    sum.arithmetic = Take().text == "+" ? ArithmeticOp::kAdd : ArithmeticOp::kSubtract;
    const Parsed right = Product();
    if (!right) return std::nullopt;
    sum.args = {*left, *right};
    left = Add(std::move(sum));
  }
  return left;
}

Parser::Parsed Parser::Product() {
  Parsed left = Unary();
  while (left && (Peek().IsSymbol("*") || Peek().IsSymbol("/") || Peek().IsSymbol("%"))) {
    Expr product;
    product.kind = ExprKind::kArithmetic;
    product.offset = Peek().begin;
    const char op = Take().text[0];
    product.arithmetic = op == '*'   ? ArithmeticOp::kMultiply
                         : op == '/' ? ArithmeticOp::kDivide
                                     : ArithmeticOp::kModulo;
    const Parsed right = Unary();
    if (!right) return std::nullopt;
    product.args = {*left, *right};
    left = Add(std::move(product));
  }
  return left;
}

Parser::Parsed Parser::Unary() {
  if (!Peek().IsSymbol("-") && !Peek().IsSymbol("+")) return Predicate();
  const Token& sign = Take();
  if (!Enter()) return std::nullopt;
  const Parsed inner = Unary();
  --depth_;
  if (!inner || sign.text == "+") return inner;
  Expr negate;
  negate.kind = ExprKind::kNegate;
  negate.offset = sign.begin;
  negate.args = {*inner};
  return Add(std::move(negate));
}

Parser::Parsed Parser::Predicate() {
  const Parsed value = Primary();
  if (!value) return std::nullopt;
  const bool negated = Peek().IsWord("not");
  const Token& op = Peek(negated ? 1 : 0);
  const bool is_word = op.kind == TokenKind::kWord;
  if (is_word && op.text == "in") {
    if (negated) Take();
    return InPredicate(*value, negated);
  }
  const bool is_pattern =
      op.IsSymbol(":") || (is_word && (op.text == "like" || op.text == "regex"));
  if (!is_pattern) return value;
  if (negated) {
    return Fail(Peek(), absl::StrCat("'not' may stand only before 'in': write not ... ", op.text,
                                     op.tilde ? "~" : "", " ..."));
  }
  return PatternPredicate(*value);
}

Parser::Parsed Parser::InPredicate(ExprId value, bool negated) {
  Expr in;
  in.kind = ExprKind::kIn;
  in.offset = Peek().begin;
  in.fold = Take().tilde;
  in.args = {value};
  if (Peek().kind == TokenKind::kListName) {
    const Parsed list = Primary();
    if (!list) return std::nullopt;
    in.args.push_back(*list);
  } else if (!TakeSymbol("(")) {
    return Expected("'(' or a $list behind 'in'");
  } else if (!Arguments("the list", &in.args)) {
    return std::nullopt;
  }
  if (in.args.size() == 1) {
    errors_.Add(in.offset, "the list behind 'in' is empty");
    return std::nullopt;
  }
  const size_t offset = in.offset;
  const Parsed parsed = Add(std::move(in));
  if (!parsed || !negated) return parsed;
  Expr negation;
  negation.kind = ExprKind::kNot;
  negation.offset = offset;
  negation.args = {*parsed};
  return Add(std::move(negation));
}

Parser::Parsed Parser::PatternPredicate(ExprId value) {
  Expr predicate;
  const Token& op = Take();
  predicate.kind = op.text == "regex" ? ExprKind::kRegex : ExprKind::kLike;
  predicate.fold = op.tilde || op.IsSymbol(":");
  predicate.offset = op.begin;
  predicate.args = {value};
  if (!Patterns(&predicate)) return std::nullopt;
  return Add(std::move(predicate));
}

// One constant, or several in parentheses.
bool Parser::Patterns(Expr* predicate) {
  if (!TakeSymbol("(")) return Pattern(predicate);
  do {
    if (!Pattern(predicate)) return false;
  } while (TakeSymbol(","));
  if (TakeSymbol(")")) return true;
  return Expected("',' or ')'"), false;
}

bool Parser::Pattern(Expr* predicate) {
  const Token& token = Peek();
  const bool is_name = token.kind == TokenKind::kWord || token.kind == TokenKind::kQuotedWord;
  const bool is_constant = token.IsWord("null") || token.IsWord("true") || token.IsWord("false");
  if (is_name && !is_constant) {
    return Fail(token, "the right side must be a string: to compare with a field, use '=='"), false;
  }
  const Parsed pattern = Primary();
  if (pattern) predicate->args.push_back(*pattern);
  return pattern.has_value();
}

Parser::Parsed Parser::Primary() {
  const Token& token = Peek();
  switch (token.kind) {
    case TokenKind::kString:
      Take();
      return AddLiteral(token, token.text);
    case TokenKind::kInt:
      Take();
      return AddLiteral(token, token.int_value);
    case TokenKind::kDouble:
      Take();
      return AddLiteral(token, token.double_value);
    case TokenKind::kListName: {
      Expr list;
      list.kind = ExprKind::kListName;
      list.offset = token.begin;
      list.name = Take().text;
      return Add(std::move(list));
    }
    case TokenKind::kWord:
      return Word();
    case TokenKind::kQuotedWord:
      return Field();
    default:
      if (token.IsSymbol("(")) return Parenthesised();
      if (token.IsSymbol("?")) return Field();
      return Expected("a value, a field or '('");
  }
}

Parser::Parsed Parser::Parenthesised() {
  if (!Enter()) return std::nullopt;
  Take();
  const Parsed inner = Expression();
  --depth_;
  if (!inner) return std::nullopt;
  if (!TakeSymbol(")")) return Expected("')'");
  return inner;
}

Parser::Parsed Parser::Word() {
  const Token& token = Peek();
  if (Peek(1).IsSymbol("(") && (token.tilde || !IsKeyword(token.text))) return Call();
  if (token.tilde) return Expected("a value", ": '~' belongs to operators and functions");
  if (TakeWord("true")) return AddLiteral(token, true);
  if (TakeWord("false")) return AddLiteral(token, false);
  if (TakeWord("null")) return AddLiteral(token, std::monostate());
  if (IsKeyword(token.text) && !Peek(1).IsSymbol(".")) {
    return Expected("a value, a field or '('", ": a field named so is written in `backquotes`");
  }
  return Field();
}

Parser::Parsed Parser::Call() {
  Expr call;
  call.kind = ExprKind::kCall;
  call.offset = Peek().begin;
  call.fold = Peek().tilde;
  call.name = Take().text;
  Take();
  if (!Enter()) return std::nullopt;
  const bool read = Arguments(call.name, &call.args);
  --depth_;
  if (!read) return std::nullopt;
  return Add(std::move(call));
}

// Expressions up to the closing ')'; the opening one is taken.
bool Parser::Arguments(absl::string_view what, std::vector<ExprId>* args) {
  if (TakeSymbol(")")) return true;
  if (!Enter()) return false;
  do {
    const Parsed arg = Expression();
    if (!arg) return false;
    args->push_back(*arg);
  } while (TakeSymbol(","));
  --depth_;
  if (TakeSymbol(")")) return true;
  return Expected(absl::StrCat("',' or ')' in ", what)), false;
}

Parser::Parsed Parser::Field() {
  Expr field;
  field.kind = ExprKind::kField;
  field.offset = Peek().begin;
  TakeSymbol("?");
  if (!Path(&field.name)) return std::nullopt;
  if (Peek().IsSymbol("[") && Peek(1).kind == TokenKind::kInt && Peek(2).IsSymbol("]")) {
    return Fail(Peek(),
                "elements have no numbers: a condition on a list holds if it holds for any "
                "of its elements");
  }
  return Add(std::move(field));
}

bool Parser::Path(std::string* path) {
  do {
    const Token& part = Peek();
    const bool is_word = part.kind == TokenKind::kWord && !part.tilde;
    if (!is_word && part.kind != TokenKind::kQuotedWord) return Expected("a field name"), false;
    absl::StrAppend(path, path->empty() ? "" : ".", Take().text);
  } while (TakeSymbol("."));
  return true;
}

}  // namespace

QueryAst ParseQuery(absl::string_view text, absl::Span<const Token> tokens, ErrorList& errors) {
  return Parser(text, tokens, errors).Query();
}

QueryAst ParseCondition(absl::string_view text, absl::Span<const Token> tokens, ErrorList& errors) {
  return Parser(text, tokens, errors).Condition();
}

}  // namespace sequitur::eql
