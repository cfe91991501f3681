#pragma once

// MayMatch: whether a condition could still come true of an event of which not
// everything is known yet. Open fields may be set or changed later; a condition
// that would need them is taken to go either way. It may say yes in vain, never no.
//
// Threads:  const after construction; the Evaluator belongs to one worker.
// Lifetime: the Program outlives it.

#include <cstdint>
#include <vector>

#include "eql/program.h"
#include "event/field_table.h"

namespace sequitur::eql {

class MayMatch {
 public:
  MayMatch(const Program& program, const event::Projection& open);

  // REQUIRES: `evaluator` is of this Program and has begun the event.
  bool operator()(ConditionId condition, Evaluator& evaluator) const;

 private:
  bool CanBeTrue(uint32_t node, Evaluator& evaluator) const;
  bool CanBeFalse(uint32_t node, Evaluator& evaluator) const;

  const Program& program_;
  std::vector<uint8_t> open_;  // by node: reads an open field
};

}  // namespace sequitur::eql
