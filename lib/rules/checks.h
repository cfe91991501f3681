#pragma once

// What can be said against a rule once it compiles: stages that can never
// match, fields nobody sets, windows without end, keys that promise more than correlation keeps.
// Problems are added to the document of the draft. A shipped rule has none.

#include "eql/program.h"
#include "event/field_table.h"
#include "rules/rule_file.h"

namespace sequitur::rules {

// `draft.rule` has its stages; `draft.query` is set.
void CheckRule(const RuleDraft& draft, const eql::Program& program,
               const event::FieldTable& fields);

}  // namespace sequitur::rules
