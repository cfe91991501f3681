#pragma once

// EQL text to tokens: the first step of compiling a query. Comments go; string
// escapes are resolved; `~` stays with the word it sticks to.
//
// Bounds:   one pass over the text, kMaxQuery bytes of it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "eql/errors.h"

namespace sequitur::eql {

inline constexpr size_t kMaxQuery = 1 << 20;

enum class TokenKind : uint8_t {
  kEnd,
  kWord,        // a keyword, a name, a category
  kQuotedWord,  // `name`: never a keyword
  kListName,    // $name
  kString,
  kInt,
  kDouble,
  kSymbol,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  bool tilde = false;  // a word directly followed by `~`
  size_t begin = 0;    // bytes of the text, `~` and quotes included
  size_t end = 0;
  std::string text;  // the word, the string's characters, or the symbol
  int64_t int_value = 0;
  double double_value = 0;

  bool IsSymbol(absl::string_view symbol) const {
    return kind == TokenKind::kSymbol && text == symbol;
  }
  bool IsWord(absl::string_view word) const {
    return kind == TokenKind::kWord && !tilde && text == word;
  }
};

// Always ends with a kEnd token. What cannot be a token is an error and left out.
std::vector<Token> Tokenize(absl::string_view text, ErrorList& errors);

}  // namespace sequitur::eql
