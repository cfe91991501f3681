#pragma once

// StageIndex says which conditions are worth evaluating for an event: those of
// its categories of which the event holds a literal that they require, if they
// require any. The rest of a rule set costs nothing.
//
// A literal that is a field's whole value is looked up. Where there is none, or so
// many conditions require the same one that it says little (`process.name ==
// "bash"`), the plain parts of patterns are found by one scan of the field.
//
// The index only leaves out what cannot match; it decides no match itself.
//
// Bounds:   per event one hash lookup per category, then one per indexed field
//           and element of its value, one pass over the text of scanned fields,
//           then the candidates.
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
#include "eql/literal_scanner.h"
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

class StageIndex;

// Marks the probes already offered for the current event.
class CandidateScratch {
 public:
  explicit CandidateScratch(const StageIndex& index);

 private:
  friend class StageIndex;

  void Begin();
  // True the first time in this event.
  bool Mark(uint32_t probe);
  // The same for a literal of the index's scanners.
  bool MarkLiteral(uint32_t literal);

  Arena texts_;  // folded, or of numbers
  std::vector<uint32_t> seen_;
  std::vector<uint32_t> seen_literals_;
  uint32_t generation_ = 0;
};

class StageIndex {
 public:
  StageIndex(absl::Span<const Rule> rules, const eql::Program& program);

  size_t probe_count() const { return probes_.size(); }
  size_t literal_count() const { return literals_; }

  // Calls `offer` once for every probe that the event might match.
  void ForEachCandidate(const event::Event& event, CandidateScratch& scratch,
                        absl::FunctionRef<void(const Probe&)> offer) const;

 private:
  using ProbesByLiteral = absl::flat_hash_map<std::string, std::vector<uint32_t>>;
  // Probes whose condition pins one field to literals.
  struct PinnedField {
    event::FieldId field = 0;
    bool folded = false;
    bool numbers = false;  // some literals are
    size_t longest_literal = 0;
    ProbesByLiteral by_literal;
  };
  // Probes whose condition wants one of some literals within one field.
  struct ScannedField {
    event::FieldId field = 0;
    bool folded = false;
    ProbesByLiteral by_literal;  // while building
    std::unique_ptr<const eql::LiteralScanner> scanner;
    uint32_t first_literal = 0;                 // number of its first, of all scanners'
    std::vector<std::vector<uint32_t>> probes;  // by the scanner's literal
  };
  // All probes of one category.
  struct Bucket {
    std::vector<uint32_t> unpinned;
    std::vector<PinnedField> pinned;
    std::vector<ScannedField> scanned;
  };
  using RequiredLiterals = eql::Program::RequiredLiterals;
  using ProbeNumbers = absl::flat_hash_map<std::pair<std::string, eql::ConditionId>, uint32_t>;

  void AddStage(const Stage& stage, Hit hit, ProbeNumbers& numbers);
  void AddToBucket(Bucket& bucket, absl::Span<const uint32_t> probes, const eql::Program& program);
  void AddPin(Bucket& bucket, const RequiredLiterals& required, uint32_t probe);
  void CompileScanners(Bucket& bucket);

  template <typename Offer>
  void OfferBucket(const Bucket& bucket, const event::Event& event, CandidateScratch& scratch,
                   const Offer& offer) const;
  template <typename Offer>
  void OfferPinned(const PinnedField& pinned, const event::Value& value, CandidateScratch& scratch,
                   const Offer& offer) const;
  template <typename Offer>
  void OfferScanned(const ScannedField& scanned, const event::Value& value,
                    CandidateScratch& scratch, const Offer& offer) const;

  std::vector<Probe> probes_;
  absl::flat_hash_map<std::string, Bucket> categories_;
  Bucket any_;
  uint32_t literals_ = 0;  // of all scanners
};

}  // namespace sequitur::rules
