#pragma once

// What a Program holds, for itself and its Evaluators.

#include "eql/node_pool.h"
#include "eql/program.h"
#include "event/field_table.h"

namespace sequitur::eql {

struct Program::Pool {
  explicit Pool(event::FieldTable& table) : fields(&table) {}

  event::FieldTable* fields;
  NodePool nodes;
};

}  // namespace sequitur::eql
