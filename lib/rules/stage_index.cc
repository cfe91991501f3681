#include "rules/stage_index.h"

#include <algorithm>

#include "eql/case_fold.h"
#include "eql/scalar.h"

namespace sequitur::rules {

using event::Event;
using event::Value;

namespace {

// The text that a required literal equal to the value has: a literal that spells
// a number is only ever required in the number's own spelling.
absl::string_view LookupText(const Value& value, Arena& arena) {
  if (value.is_string()) return value.string_value();
  return eql::ScalarText(value.is_number() ? eql::ScalarNumber(value) : value, arena);
}

}  // namespace

void CandidateScratch::Begin() {
  texts_.Reset();
  if (++generation_ != 0) return;
  std::fill(seen_.begin(), seen_.end(), 0);
  generation_ = 1;
}

bool CandidateScratch::Mark(uint32_t probe) {
  if (seen_[probe] == generation_) return false;
  seen_[probe] = generation_;
  return true;
}

StageIndex::StageIndex(absl::Span<const Rule> rules, const eql::Program& program) {
  ProbeNumbers numbers;
  for (uint32_t r = 0; r < rules.size(); ++r) {
    const Rule& rule = rules[r];
    for (uint16_t s = 0; s < rule.stages.size(); ++s) {
      AddStage(rule.stages[s], {r, s}, program, numbers);
    }
    if (rule.until) AddStage(*rule.until, {r, Hit::kUntil}, program, numbers);
  }
}

void StageIndex::AddStage(const Stage& stage, Hit hit, const eql::Program& program,
                          ProbeNumbers& numbers) {
  const eql::Term& term = stage.term;
  const auto [it, inserted] = numbers.try_emplace(std::pair(term.category, term.condition),
                                                  static_cast<uint32_t>(probes_.size()));
  if (inserted) {
    probes_.push_back({term.condition, {}});
    Bucket& bucket = term.category.empty() ? any_ : categories_[term.category];
    AddToBucket(bucket, it->second, program);
  }
  probes_[it->second].targets.push_back({hit, stage.allowlist});
}

void StageIndex::AddToBucket(Bucket& bucket, uint32_t probe, const eql::Program& program) {
  const auto required = program.Required(probes_[probe].condition);
  if (!required) {
    bucket.unpinned.push_back(probe);
    return;
  }
  auto pinned = std::find_if(bucket.pinned.begin(), bucket.pinned.end(), [&](const PinnedField& p) {
    return p.field == required->field && p.folded == required->folded;
  });
  if (pinned == bucket.pinned.end()) {
    pinned = bucket.pinned.emplace(bucket.pinned.end());
    pinned->field = required->field;
    pinned->folded = required->folded;
  }
  for (const std::string& literal : required->literals) {
    pinned->by_literal[literal].push_back(probe);
    pinned->longest_literal = std::max(pinned->longest_literal, literal.size());
  }
}

template <typename Offer>
void StageIndex::OfferPinned(const PinnedField& pinned, const Value& value,
                             CandidateScratch& scratch, const Offer& offer) const {
  // Folding makes a text at most three times shorter (a three-byte K is one).
  constexpr size_t kMaxShrink = 3;
  for (const Value& element : value.elements()) {
    absl::string_view text = LookupText(element, scratch.texts_);
    if (text.size() > pinned.longest_literal * kMaxShrink) continue;
    if (pinned.folded) text = eql::FoldCase(text, scratch.texts_);
    const auto found = pinned.by_literal.find(text);
    if (found == pinned.by_literal.end()) continue;
    for (const uint32_t probe : found->second) offer(probe);
  }
}

template <typename Offer>
void StageIndex::OfferBucket(const Bucket& bucket, const Event& event, CandidateScratch& scratch,
                             const Offer& offer) const {
  for (const uint32_t probe : bucket.unpinned) offer(probe);
  for (const PinnedField& pinned : bucket.pinned) {
    OfferPinned(pinned, event.Get(pinned.field), scratch, offer);
  }
}

void StageIndex::ForEachCandidate(const Event& event, CandidateScratch& scratch,
                                  absl::FunctionRef<void(const Probe&)> offer) const {
  scratch.Begin();
  const auto offer_once = [&](uint32_t probe) {
    if (scratch.Mark(probe)) offer(probes_[probe]);
  };
  OfferBucket(any_, event, scratch, offer_once);
  for (const Value& category : event.Get(event::field::kEventCategory).elements()) {
    if (!category.is_string()) continue;
    const auto found = categories_.find(category.string_value());
    if (found != categories_.end()) OfferBucket(found->second, event, scratch, offer_once);
  }
}

}  // namespace sequitur::rules
