#pragma once

// StageIndex says which conditions are worth evaluating for an event: those of
// its categories of which the event holds a literal that they require, if they
// require any. The rest of a rule set costs nothing.
//
// Such literals are whole values. Where there is none, or so many conditions require
// the same one that it says little (`process.name == "bash"`), they are the plain parts
// of patterns instead.
//
// The index only leaves out what cannot match; it decides no match itself.
//
// Bounds:   per event a look at each category of the rules, then what FieldLiterals costs for
//           each indexed field, then the candidates.
// Threads:  const after construction; a CandidateScratch belongs to one worker.
// Lifetime: points into the rules it was built from.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/arena.h"
#include "eql/field_literals.h"
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

// Marks what has been looked at for the current event.
class CandidateScratch {
 public:
  explicit CandidateScratch(const StageIndex& index);

 private:
  friend class StageIndex;

  void Begin();
  // A number with the event it was last seen in.
  using Seen = std::vector<uint32_t>;
  // True the first time in this event.
  bool Mark(Seen& seen, uint32_t number);

  Arena texts_;  // for FieldLiterals
  Seen probes_, literals_, buckets_;
  uint32_t generation_ = 0;
};

class StageIndex {
 public:
  StageIndex(absl::Span<const Rule> rules, const eql::Program& program);

  size_t probe_count() const { return probes_.size(); }
  size_t literal_count() const { return literals_; }
  size_t bucket_count() const { return buckets_; }

  // Calls `offer` once for every probe that the event might match.
  void ForEachCandidate(const event::Event& event, CandidateScratch& scratch,
                        absl::FunctionRef<void(const Probe&)> offer) const;

 private:
  using Kinds = eql::FieldLiterals::Kinds;
  // What conditions require of one field, and which ones.
  struct Field {
    event::FieldId field = 0;
    Kinds kinds = 0;  // of the conditions
    eql::FieldLiterals literals;
    std::vector<std::vector<uint32_t>> probes;  // by literal
    uint32_t first_literal = 0;                 // number of its first, of all fields'
  };
  // All probes of one category, and those of any.
  struct Bucket {
    uint32_t number = 0;  // of all buckets
    // A kind of event is an event.type that a condition requires; bit 0 is for all
    // events, and for conditions that require none.
    eql::FieldLiterals types;
    std::vector<uint32_t> unpinned;
    std::vector<Field> fields;
  };
  using ProbeNumbers = absl::flat_hash_map<std::pair<std::string, eql::ConditionId>, uint32_t>;

  void AddStage(const Stage& stage, Hit hit, ProbeNumbers& numbers);
  Bucket MakeBucket(absl::Span<const uint32_t> probes, const eql::Program& program);
  static Kinds KindsOf(Bucket& bucket, const Probe& probe, const eql::Program& program);
  static void AddPin(Bucket& bucket, const eql::RequiredLiterals& required, uint32_t probe,
                     Kinds kinds);
  const Bucket* FindBucket(absl::string_view category) const;
  template <typename Offer>
  void OfferBucket(const Bucket& bucket, const event::Event& event, CandidateScratch& scratch,
                   const Offer& offer) const;

  std::vector<Probe> probes_;
  // Few, of which one is found faster so than by a hash.
  std::vector<std::pair<std::string, Bucket>> categories_;
  Bucket any_;
  uint32_t literals_ = 0;  // of all fields
  uint32_t buckets_ = 0;
};

}  // namespace sequitur::rules
