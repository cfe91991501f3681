#pragma once

// The rules of EQL that grammar does not say: types, known functions and their
// arguments, constants where constants must be, and what makes a sequence one.
//
// Bounds:   one visit per expression, recursion at most kMaxHeight deep.

#include "eql/ast.h"
#include "eql/errors.h"

namespace sequitur::eql {

void CheckQuery(const QueryAst& ast, ErrorList& errors);
void CheckCondition(const QueryAst& ast, ErrorList& errors);

}  // namespace sequitur::eql
