#pragma once

// Conflict: a condition that no event can meet, although it is not constant:
// `x == 1 and x != 1`, or anything that asks for a field which is never set. The
// finder tries every value that a field could need on the parts of the condition
// that read this field alone. It finds what people write by mistake, not all
// there is; what it finds is so.
//
// Bounds:   kMaxTrials evaluations a call; beyond them nothing is claimed.
// Threads:  none.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "eql/program.h"
#include "event/event.h"

namespace sequitur::eql {

// What is known of the events that come.
struct World {
  // One value at most. Of other fields nothing is concluded, since each part
  // of a condition may be met by another element of a list.
  std::function<bool(event::FieldId)> single_valued;
  // All values the field ever has, besides none; unset: any. Empty: it is never
  // set.
  std::function<std::optional<std::vector<std::string>>(event::FieldId)> values;
};

class ConflictFinder {
 public:
  static constexpr int kMaxTrials = 20'000;

  ConflictFinder(const Program& program, const event::FieldTable& fields, const World& world);

  // The field for which no value meets all of the conditions. `required` fields
  // are set. With `only`, nothing but this field is looked at.
  std::optional<event::FieldId> Find(absl::Span<const ConditionId> conditions,
                                     absl::Span<const event::FieldId> required,
                                     std::optional<event::FieldId> only = std::nullopt);

 private:
  std::optional<event::FieldId> FindIn(std::vector<ConditionId> parts, int depth);
  std::optional<event::FieldId> FindInEveryBranch(const std::vector<ConditionId>& parts,
                                                  size_t choice, int depth);
  bool Possible(event::FieldId field, const std::vector<ConditionId>& parts);
  bool Meets(event::FieldId field, const event::Value& value,
             const std::vector<ConditionId>& parts);
  bool AnyMeets(event::FieldId field, absl::Span<const event::Value> values,
                const std::vector<ConditionId>& parts);
  bool IsRequired(event::FieldId field) const;

  const Program& program_;
  const World& world_;
  event::Projection projection_;
  event::Event event_;
  Evaluator evaluator_;
  absl::Span<const event::FieldId> required_;
  std::optional<event::FieldId> only_;
  int trials_ = 0;
};

}  // namespace sequitur::eql
