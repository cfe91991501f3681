#pragma once

// RuleSet: all rules, compiled and indexed; says which (rule, stage) an event
// hits. Stages are found by category and, where a condition pins a field to
// literals, by that literal, so rules that cannot match cost next to nothing.
//
// Threads:  immutable after Build; shared as shared_ptr<const RuleSet>. A
//           Matcher belongs to one worker.

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "eql/program.h"
#include "event/event.h"
#include "rules/rule.h"

namespace sequitur::rules {

// An event matched a stage of a rule.
struct Hit {
  static constexpr uint16_t kUntil = UINT16_MAX;

  uint32_t rule = 0;   // index into RuleSet::rules()
  uint16_t stage = 0;  // index into Rule::stages, or kUntil

  friend auto operator<=>(const Hit&, const Hit&) = default;
};

// A hit that an allowlist entry took away.
struct AllowedHit {
  Hit hit;
  uint32_t entry = 0;  // index into RuleSet::allowlist()
};

class RuleSet {
 public:
  // `evidence` are further fields to decode because alerts show them; `expired` are
  // entries that allowed nothing any more when the set was made.
  RuleSet(std::vector<Rule> rules, std::vector<AllowlistEntry> allowlist, eql::Program program,
          const event::FieldTable& fields, absl::Span<const event::FieldId> evidence,
          std::vector<AllowlistEntry> expired = {});
  ~RuleSet();

  const std::vector<Rule>& rules() const { return rules_; }
  const std::vector<AllowlistEntry>& allowlist() const { return allowlist_; }
  // To tell people of.
  const std::vector<AllowlistEntry>& expired_allowlist() const { return expired_; }
  const eql::Program& program() const { return program_; }
  // Every field a rule, key, allowlist, suppression or evidence list reads.
  const event::Projection& projection() const { return projection_; }
  // Index of the rule with this id, or -1.
  int Find(absl::string_view id) const;
  // The longest maxspan of any rule (event::TimeNs); rules without one excepted.
  event::TimeNs longest_maxspan() const { return longest_maxspan_; }

 private:
  friend class Matcher;
  struct Index;

  std::vector<Rule> rules_;
  std::vector<AllowlistEntry> allowlist_, expired_;
  eql::Program program_;
  event::Projection projection_;
  event::TimeNs longest_maxspan_ = 0;
  std::unique_ptr<const Index> index_;
};

// One worker's view of a RuleSet: evaluation scratch and counts.
class Matcher {
 public:
  explicit Matcher(const RuleSet& rules);
  ~Matcher();

  // The (rule, stage) pairs the event hits, ordered by rule, then stage, until
  // last. The span is valid until the next call.
  absl::Span<const Hit> Match(const event::Event& event);

  // What the allowlist took away of the latest event's hits, in no order. Valid
  // until the next call of Match.
  absl::Span<const AllowedHit> allowed() const { return allowed_; }
  // How many hits each entry took away, by index into allowlist().
  absl::Span<const uint64_t> allowlist_hits() const { return allowlist_hits_; }

 private:
  const RuleSet& rules_;
  eql::Evaluator evaluator_;
  std::vector<Hit> hits_;
  std::vector<AllowedHit> allowed_;
  std::vector<uint64_t> allowlist_hits_;
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace sequitur::rules
