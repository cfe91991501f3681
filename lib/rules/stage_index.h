#pragma once

// StageIndex says which conditions are worth evaluating for an event: those of
// its categories whose required literal, if they have one, the event holds. The
// rest of a rule set costs nothing.
//
// The index only leaves out what cannot match; it decides no match itself.
//
// Bounds:   per event one hash lookup per category, then one per indexed field
//           and element of its value, then the candidates.
// Threads:  const after construction; a CandidateScratch belongs to one worker.
// Lifetime: points into the rules it was built from.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/arena.h"
#include "eql/program.h"
#include "event/event.h"
#include "rules/rule.h"
#include "rules/rule_set.h"

namespace sequitur::rules {

// A stage that wants to know about a condition.
struct ProbeTarget {
  Hit hit;
  absl::Span<const uint32_t> allowlist;
};

// One distinct (category, condition) of the rule set.
struct Probe {
  eql::ConditionId condition = 0;
  std::vector<ProbeTarget> targets;
};

// Marks the probes already offered for the current event.
class CandidateScratch {
 public:
  explicit CandidateScratch(size_t probes) : seen_(probes, 0) {}

 private:
  friend class StageIndex;

  void Begin();
  // True the first time in this event.
  bool Mark(uint32_t probe);

  Arena texts_;  // folded, or of numbers
  std::vector<uint32_t> seen_;
  uint32_t generation_ = 0;
};

class StageIndex {
 public:
  StageIndex(absl::Span<const Rule> rules, const eql::Program& program);

  size_t probe_count() const { return probes_.size(); }

  // Calls `offer` once for every probe that the event might match.
  void ForEachCandidate(const event::Event& event, CandidateScratch& scratch,
                        absl::FunctionRef<void(const Probe&)> offer) const;

 private:
  // Probes whose condition pins one field to literals.
  struct PinnedField {
    event::FieldId field = 0;
    bool folded = false;
    size_t longest_literal = 0;
    absl::flat_hash_map<std::string, std::vector<uint32_t>> by_literal;
  };
  // All probes of one category.
  struct Bucket {
    std::vector<uint32_t> unpinned;
    std::vector<PinnedField> pinned;
  };
  using ProbeNumbers = absl::flat_hash_map<std::pair<std::string, eql::ConditionId>, uint32_t>;

  void AddStage(const Stage& stage, Hit hit, const eql::Program& program, ProbeNumbers& numbers);
  void AddToBucket(Bucket& bucket, uint32_t probe, const eql::Program& program);

  template <typename Offer>
  void OfferBucket(const Bucket& bucket, const event::Event& event, CandidateScratch& scratch,
                   const Offer& offer) const;
  template <typename Offer>
  void OfferPinned(const PinnedField& pinned, const event::Value& value, CandidateScratch& scratch,
                   const Offer& offer) const;

  std::vector<Probe> probes_;
  absl::flat_hash_map<std::string, Bucket> categories_;
  Bucket any_;
};

}  // namespace sequitur::rules
