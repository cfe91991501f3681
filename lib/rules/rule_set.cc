#include "rules/rule_set.h"

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "rules/stage_index.h"

namespace sequitur::rules {
namespace {

void AddStageFields(const Stage& stage, const eql::Program& program,
                    event::Projection& projection) {
  program.CollectFields(stage.term.condition, projection);
  for (const eql::KeyField& key : stage.term.keys) projection.Add(key.field);
}

void AddRuleFields(const Rule& rule, const eql::Program& program, event::Projection& projection) {
  for (const Stage& stage : rule.stages) AddStageFields(stage, program, projection);
  if (rule.until) AddStageFields(*rule.until, program, projection);
  for (const event::FieldId field : rule.suppress.by) projection.Add(field);
  ForEachPair(rule.links, [&](const FieldPair& pair) {
    projection.Add(pair.earlier);
    projection.Add(pair.later);
  });
}

}  // namespace

struct RuleSet::Index {
  Index(absl::Span<const Rule> rules, const eql::Program& program) : stages(rules, program) {
    for (size_t i = 0; i < rules.size(); ++i) numbers.emplace(rules[i].id, static_cast<int>(i));
  }

  StageIndex stages;
  absl::flat_hash_map<std::string, int> numbers;  // by rule id
};

RuleSet::RuleSet(std::vector<Rule> rules, std::vector<AllowlistEntry> allowlist,
                 eql::Program program, const event::FieldTable& fields,
                 absl::Span<const event::FieldId> evidence, std::vector<AllowlistEntry> expired)
    : rules_(std::move(rules)),
      allowlist_(std::move(allowlist)),
      expired_(std::move(expired)),
      program_(std::move(program)),
      projection_(fields),
      index_(std::make_unique<const Index>(rules_, program_)) {
  // The index looks at it whatever the rules say.
  projection_.Add(event::field::kEventCategory);
  for (const Rule& rule : rules_) {
    AddRuleFields(rule, program_, projection_);
    longest_maxspan_ = std::max(longest_maxspan_, rule.maxspan.value_or(0));
  }
  for (const AllowlistEntry& entry : allowlist_) program_.CollectFields(entry.where, projection_);
  for (const event::FieldId field : evidence) projection_.Add(field);
}

RuleSet::~RuleSet() = default;

int RuleSet::Find(absl::string_view id) const {
  const auto found = index_->numbers.find(id);
  return found == index_->numbers.end() ? -1 : found->second;
}

struct Matcher::Scratch {
  explicit Scratch(const StageIndex& stages) : candidates(stages) {}

  CandidateScratch candidates;
};

Matcher::Matcher(const RuleSet& rules)
    : rules_(rules),
      evaluator_(rules.program()),
      allowlist_hits_(rules.allowlist().size(), 0),
      scratch_(std::make_unique<Scratch>(rules.index_->stages)) {}

Matcher::~Matcher() = default;

absl::Span<const Hit> Matcher::Match(const event::Event& event) {
  hits_.clear();
  allowed_.clear();
  evaluator_.Begin(event);
  const auto is_allowed = [&](uint32_t entry) {
    if (!evaluator_.Matches(rules_.allowlist()[entry].where)) return false;
    ++allowlist_hits_[entry];
    return true;
  };
  rules_.index_->stages.ForEachCandidate(event, scratch_->candidates, [&](const Probe& probe) {
    if (!evaluator_.Matches(probe.condition)) return;
    for (const ProbeTarget& target : probe.targets) {
      const auto entry = std::find_if(target.allowlist.begin(), target.allowlist.end(), is_allowed);
      if (entry == target.allowlist.end()) {
        hits_.push_back(target.hit);
      } else {
        allowed_.push_back({target.hit, *entry});
      }
    }
  });
  std::sort(hits_.begin(), hits_.end());
  return hits_;
}

}  // namespace sequitur::rules
