#pragma once

// Tokens to a syntax tree: the grammar of Elastic EQL, without meaning (the
// checker's part). After an error in a `[...]` it goes on behind the bracket,
// so that several mistakes are reported at once.
//
// Bounds:   recursion follows nesting, at most kMaxHeight levels.

#include "absl/types/span.h"
#include "eql/ast.h"
#include "eql/errors.h"
#include "eql/lexer.h"

namespace sequitur::eql {

// The result means something only when there are no errors.
QueryAst ParseQuery(absl::string_view text, absl::Span<const Token> tokens, ErrorList& errors);

// A bare condition: the condition of terms[0].
QueryAst ParseCondition(absl::string_view text, absl::Span<const Token> tokens, ErrorList& errors);

}  // namespace sequitur::eql
