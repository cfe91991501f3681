#include "eql/lexer.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eql/utf8.h"
#include "event/value.h"

namespace sequitur::eql {
namespace {

bool StartsWord(char c) { return absl::ascii_isalpha(c) || c == '_' || c == '@'; }
bool ContinuesWord(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '@'; }
bool ContinuesListName(char c) { return ContinuesWord(c) || c == '-' || c == '.'; }

class Lexer {
 public:
  Lexer(absl::string_view text, ErrorList& errors) : text_(text), errors_(errors) {}

  std::vector<Token> Run() {
    while (SkipBlanks()) ReadToken();
    tokens_.push_back({TokenKind::kEnd, false, text_.size(), text_.size(), "", 0, 0});
    return std::move(tokens_);
  }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool LooksAt(absl::string_view what) const { return absl::StartsWith(text_.substr(at_), what); }

  bool SkipBlanks();
  void SkipBlockComment();
  void ReadToken();
  void ReadWord();
  void ReadQuotedWord();
  void ReadListName();
  void ReadString();
  void ReadRawString();
  bool ReadEscape(std::string* out);
  void ReadNumber();
  void ReadSymbol();
  void ReadUnknown();
  void SkipForeignString(char quote);

  Token& Emit(TokenKind kind, size_t begin, std::string text) {
    tokens_.push_back({kind, false, begin, at_, std::move(text), 0, 0});
    return tokens_.back();
  }

  absl::string_view text_;
  ErrorList& errors_;
  size_t at_ = 0;
  bool comments_nest_ = true;
  std::vector<Token> tokens_;
};

// False at the end of the text.
bool Lexer::SkipBlanks() {
  while (at_ < text_.size()) {
    if (absl::ascii_isspace(text_[at_])) {
      ++at_;
    } else if (LooksAt("//")) {
      while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
    } else if (LooksAt("/*")) {
      SkipBlockComment();
    } else {
      return true;
    }
  }
  return false;
}

// Comments nest. One whose inner `/*` was never meant to open anything ends at
// its first `*/`; having met such a one, the rest of the text is read that way
// too, so that the text is not scanned again and again.
void Lexer::SkipBlockComment() {
  const size_t begin = at_;
  size_t first_end = absl::string_view::npos;
  int depth = 0;
  while (at_ < text_.size()) {
    if (LooksAt("/*") && (comments_nest_ || depth == 0)) {
      ++depth;
      at_ += 2;
    } else if (LooksAt("*/")) {
      at_ += 2;
      if (first_end == absl::string_view::npos) first_end = at_;
      if (--depth == 0) return;
    } else {
      ++at_;
    }
  }
  if (first_end == absl::string_view::npos) {
    errors_.Add(begin, "this comment is never closed: expected */");
    return;
  }
  comments_nest_ = false;
  at_ = first_end;
}

void Lexer::ReadToken() {
  const char c = text_[at_];
  if (StartsWord(c)) return ReadWord();
  if (c == '`') return ReadQuotedWord();
  if (c == '$') return ReadListName();
  if (absl::ascii_isdigit(c) || (c == '.' && absl::ascii_isdigit(Peek(1)))) return ReadNumber();
  if (LooksAt("\"\"\"")) return ReadRawString();
  if (c == '"') return ReadString();
  if (c == '\'') {
    errors_.Add(at_, "strings are written in double quotes, not in 'single' ones");
    return SkipForeignString('\'');
  }
  if (c == '?' && (Peek(1) == '"' || Peek(1) == '\'')) {
    errors_.Add(at_, "?\"...\" strings are not supported: write a raw string in \"\"\"");
    ++at_;
    return SkipForeignString(Peek());
  }
  ReadSymbol();
}

void Lexer::ReadWord() {
  const size_t begin = at_;
  while (ContinuesWord(Peek())) ++at_;
  std::string word(text_.substr(begin, at_ - begin));
  const bool tilde = Peek() == '~';
  if (tilde) ++at_;
  Emit(TokenKind::kWord, begin, std::move(word)).tilde = tilde;
}

void Lexer::ReadQuotedWord() {
  const size_t begin = at_++;
  std::string word;
  while (at_ < text_.size() && Peek() != '\n') {
    if (Peek() == '`' && Peek(1) != '`') {
      ++at_;
      if (word.empty()) errors_.Add(begin, "expected a field name between the backquotes");
      Emit(TokenKind::kQuotedWord, begin, std::move(word));
      return;
    }
    if (Peek() == '`') ++at_;
    word.push_back(text_[at_++]);
  }
  errors_.Add(begin, "this name is never closed: expected ` on the same line");
}

void Lexer::ReadListName() {
  const size_t begin = at_++;
  while (ContinuesListName(Peek())) ++at_;
  std::string name(text_.substr(begin + 1, at_ - begin - 1));
  if (name.empty()) errors_.Add(begin, "expected the name of a list after '$'");
  Emit(TokenKind::kListName, begin, std::move(name));
}

void Lexer::ReadString() {
  const size_t begin = at_++;
  std::string value;
  while (at_ < text_.size() && Peek() != '"') {
    if (Peek() == '\n' || Peek() == '\r') break;
    if (Peek() != '\\') {
      value.push_back(text_[at_++]);
    } else if (!ReadEscape(&value)) {
      ++at_;
    }
  }
  if (Peek() != '"') {
    errors_.Add(begin, "this string is never closed: expected \" on the same line");
    return;
  }
  ++at_;
  Emit(TokenKind::kString, begin, std::move(value));
}

// One escape at `at_`; on an error, leaves `at_` on the backslash.
bool Lexer::ReadEscape(std::string* out) {
  constexpr std::pair<char, char> kSimple[] = {{'b', '\b'},  {'t', '\t'}, {'n', '\n'},
                                               {'f', '\f'},  {'r', '\r'}, {'"', '"'},
                                               {'\'', '\''}, {'\\', '\\'}};
  for (const auto& [written, meant] : kSimple) {
    if (Peek(1) != written) continue;
    out->push_back(meant);
    at_ += 2;
    return true;
  }
  if (Peek(1) != 'u') {
    errors_.Add(at_, absl::StrCat("unknown escape '\\", text_.substr(at_ + 1, 1),
                                  "': write \\\\ for a backslash, or a raw string in \"\"\""));
    return false;
  }
  const size_t close = text_.substr(at_, 12).find('}');
  const absl::string_view digits = Peek(2) == '{' && close != absl::string_view::npos && close > 3
                                       ? text_.substr(at_ + 3, close - 3)
                                       : absl::string_view();
  uint32_t code = 0;
  if (digits.size() < 2 || digits.size() > 8 || !absl::SimpleHexAtoi(digits, &code) ||
      digits.find_first_of("xX+-") != absl::string_view::npos) {
    errors_.Add(at_, "expected 2 to 8 hexadecimal digits, as in \\u{1F600}");
    return false;
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    errors_.Add(at_, absl::StrCat("\\u{", digits, "} is not a Unicode character"));
    return false;
  }
  AppendUtf8(code, out);
  at_ += close + 1;
  return true;
}

// """...""" may end in four or five quotes: the last three close it.
void Lexer::ReadRawString() {
  const size_t begin = at_;
  const size_t content = at_ + 3;
  size_t close = text_.find("\"\"\"", content);
  const size_t line_end = text_.substr(content, close - content).find_first_of("\r\n");
  if (close == absl::string_view::npos || line_end != absl::string_view::npos) {
    errors_.Add(begin, "this raw string is never closed: expected \"\"\" on the same line");
    at_ = std::min(text_.size(), text_.find_first_of("\r\n", content));
    return;
  }
  for (int extra = 0; extra < 2 && text_.substr(close + 3, 1) == "\""; ++extra) ++close;
  at_ = close + 3;
  Emit(TokenKind::kString, begin, std::string(text_.substr(content, close - content)));
}

void Lexer::ReadNumber() {
  const size_t begin = at_;
  bool is_double = false;
  while (absl::ascii_isdigit(Peek())) ++at_;
  if (Peek() == '.' && (absl::ascii_isdigit(Peek(1)) || !StartsWord(Peek(1)))) {
    is_double = true;
    ++at_;
    while (absl::ascii_isdigit(Peek())) ++at_;
  }
  const size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
  if (absl::AsciiStrToLower(std::string(1, Peek())) == "e" && absl::ascii_isdigit(Peek(1 + sign))) {
    is_double = true;
    at_ += 1 + sign;
    while (absl::ascii_isdigit(Peek())) ++at_;
  }
  const absl::string_view digits = text_.substr(begin, at_ - begin);
  Token& token = Emit(TokenKind::kInt, begin, std::string(digits));
  if (!is_double && event::ParseInt(digits, &token.int_value)) return;
  token.kind = TokenKind::kDouble;
  if (!event::ParseDouble(digits, &token.double_value)) {
    errors_.Add(begin, absl::StrCat("the number ", Quoted(digits), " is out of range"));
  }
}

void Lexer::ReadSymbol() {
  constexpr absl::string_view kSymbols[] = {"![", "==", "!=", "<=", ">=", "<", ">", "=",
                                            ":",  "+",  "-",  "*",  "/",  "%", "(", ")",
                                            "[",  "]",  ",",  ".",  "|",  "?"};
  if (LooksAt("||") || LooksAt("&&")) return ReadUnknown();
  for (absl::string_view symbol : kSymbols) {
    if (!LooksAt(symbol)) continue;
    const size_t begin = at_;
    at_ += symbol.size();
    Emit(TokenKind::kSymbol, begin, std::string(symbol));
    return;
  }
  ReadUnknown();
}

void Lexer::ReadUnknown() {
  const size_t begin = at_;
  const size_t size = LooksAt("&&") || LooksAt("||") ? 2 : CharacterSize(text_, at_);
  const absl::string_view found = text_.substr(at_, size);
  at_ += size;
  if (found == "!") return errors_.Add(begin, "expected 'not' instead of '!'");
  if (found == "&&") return errors_.Add(begin, "expected 'and' instead of '&&'");
  if (found == "||") return errors_.Add(begin, "expected 'or' instead of '||'");
  if (found == "~") {
    return errors_.Add(begin, "'~' must directly follow in, like, regex or a function's name");
  }
  errors_.Add(begin, absl::StrCat("unexpected character ", Quoted(found)));
}

// Past a string in a dialect that is not ours, so that it gives one error.
void Lexer::SkipForeignString(char quote) {
  ++at_;
  while (at_ < text_.size() && text_[at_] != '\n') {
    if (text_[at_++] == quote) return;
  }
}

}  // namespace

std::vector<Token> Tokenize(absl::string_view text, ErrorList& errors) {
  if (text.size() > kMaxQuery) {
    errors.Add(0, "the query is longer than 1 MiB");
    text = {};
  }
  return Lexer(text, errors).Run();
}

}  // namespace sequitur::eql
