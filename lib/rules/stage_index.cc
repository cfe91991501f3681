#include "rules/stage_index.h"

#include <algorithm>
#include <utility>

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

// More probes than this behind one literal are too many to evaluate each time.
constexpr size_t kCrowd = 4;

template <typename Fields>
auto& FieldOf(Fields& fields, const eql::Program::RequiredLiterals& required) {
  auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& each) {
    return each.field == required.field && each.folded == required.folded;
  });
  if (found == fields.end()) {
    found = fields.emplace(fields.end());
    found->field = required.field;
    found->folded = required.folded;
  }
  return *found;
}

}  // namespace

CandidateScratch::CandidateScratch(const StageIndex& index)
    : seen_(index.probe_count(), 0), seen_literals_(index.literal_count(), 0) {}

void CandidateScratch::Begin() {
  texts_.Reset();
  if (++generation_ != 0) return;
  std::fill(seen_.begin(), seen_.end(), 0);
  std::fill(seen_literals_.begin(), seen_literals_.end(), 0);
  generation_ = 1;
}

bool CandidateScratch::MarkLiteral(uint32_t literal) {
  return std::exchange(seen_literals_[literal], generation_) != generation_;
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
    for (uint16_t s = 0; s < rule.stages.size(); ++s) AddStage(rule.stages[s], {r, s}, numbers);
    if (rule.until) AddStage(*rule.until, {r, Hit::kUntil}, numbers);
  }
  absl::flat_hash_map<std::string, std::vector<uint32_t>> by_category;
  for (const auto& [key, probe] : numbers) by_category[key.first].push_back(probe);
  for (auto& [category, probes] : by_category) {
    std::sort(probes.begin(), probes.end());
    AddToBucket(category.empty() ? any_ : categories_[category], probes, program);
  }
}

void StageIndex::AddStage(const Stage& stage, Hit hit, ProbeNumbers& numbers) {
  const eql::Term& term = stage.term;
  const auto [it, inserted] = numbers.try_emplace(std::pair(term.category, term.condition),
                                                  static_cast<uint32_t>(probes_.size()));
  if (inserted) probes_.push_back({term.condition, {}});
  probes_[it->second].targets.push_back({hit, stage.allowlist});
}

// First by what can be looked up; then those that crowd behind one literal, and
// those that have none, by what can be found within a text.
void StageIndex::AddToBucket(Bucket& bucket, absl::Span<const uint32_t> probes,
                             const eql::Program& program) {
  using Literals = eql::Program::Literals;
  absl::flat_hash_map<std::pair<event::FieldId, std::string>, size_t> crowds;
  std::vector<std::vector<RequiredLiterals>> equal;
  for (const uint32_t probe : probes) {
    equal.push_back(program.Required(probes_[probe].condition, Literals::kEqual));
    for (const RequiredLiterals& each : equal.back()) {
      for (const std::string& literal : each.literals) ++crowds[{each.field, literal}];
    }
  }
  const auto is_crowded = [&](const RequiredLiterals& required) {
    return std::any_of(required.literals.begin(), required.literals.end(), [&](const auto& text) {
      return crowds[{required.field, text}] > kCrowd;
    });
  };
  for (size_t i = 0; i < probes.size(); ++i) {
    std::vector<RequiredLiterals> required = std::move(equal[i]);
    if (required.empty() || std::any_of(required.begin(), required.end(), is_crowded)) {
      auto longest = program.Required(probes_[probes[i]].condition, Literals::kLongest);
      if (!longest.empty()) required = std::move(longest);
    }
    if (required.empty()) bucket.unpinned.push_back(probes[i]);
    for (const RequiredLiterals& each : required) AddPin(bucket, each, probes[i]);
  }
  CompileScanners(bucket);
}

void StageIndex::AddPin(Bucket& bucket, const RequiredLiterals& required, uint32_t probe) {
  if (required.within) {
    ScannedField& scanned = FieldOf(bucket.scanned, required);
    for (const std::string& literal : required.literals) {
      scanned.by_literal[literal].push_back(probe);
    }
    return;
  }
  PinnedField& pinned = FieldOf(bucket.pinned, required);
  pinned.numbers = pinned.numbers || required.numbers;
  for (const std::string& literal : required.literals) {
    pinned.by_literal[literal].push_back(probe);
    pinned.longest_literal = std::max(pinned.longest_literal, literal.size());
  }
}

void StageIndex::CompileScanners(Bucket& bucket) {
  for (ScannedField& scanned : bucket.scanned) {
    std::vector<std::string> literals;
    for (auto& [literal, probes] : scanned.by_literal) {
      literals.push_back(literal);
      scanned.probes.push_back(std::move(probes));
    }
    scanned.by_literal.clear();
    scanned.scanner = std::make_unique<const eql::LiteralScanner>(literals);
    scanned.first_literal = literals_;
    literals_ += static_cast<uint32_t>(literals.size());
  }
}

template <typename Offer>
void StageIndex::OfferPinned(const PinnedField& pinned, const Value& value,
                             CandidateScratch& scratch, const Offer& offer) const {
  // Folding makes a text at most three times shorter (a three-byte K is one).
  constexpr size_t kMaxShrink = 3;
  const auto look_up = [&](absl::string_view text) {
    const auto found = pinned.by_literal.find(text);
    if (found == pinned.by_literal.end()) return;
    for (const uint32_t probe : found->second) offer(probe);
  };
  for (const Value& element : value.elements()) {
    absl::string_view text = LookupText(element, scratch.texts_);
    if (pinned.numbers && element.is_string()) {
      const Value number = eql::ScalarNumber(element);
      if (!number.is_null()) look_up(eql::ScalarText(number, scratch.texts_));
    }
    if (text.size() > pinned.longest_literal * kMaxShrink) continue;
    if (pinned.folded) text = eql::FoldCase(text, scratch.texts_);
    look_up(text);
  }
}

template <typename Offer>
void StageIndex::OfferScanned(const ScannedField& scanned, const Value& value,
                              CandidateScratch& scratch, const Offer& offer) const {
  for (const Value& element : value.elements()) {
    absl::string_view text = eql::ScalarText(element, scratch.texts_);
    if (scanned.folded) text = eql::FoldCase(text, scratch.texts_);
    scanned.scanner->Scan(text, [&](uint32_t literal) {
      if (!scratch.MarkLiteral(scanned.first_literal + literal)) return true;
      for (const uint32_t probe : scanned.probes[literal]) offer(probe);
      return true;
    });
  }
}

template <typename Offer>
void StageIndex::OfferBucket(const Bucket& bucket, const Event& event, CandidateScratch& scratch,
                             const Offer& offer) const {
  for (const uint32_t probe : bucket.unpinned) offer(probe);
  for (const PinnedField& pinned : bucket.pinned) {
    OfferPinned(pinned, event.Get(pinned.field), scratch, offer);
  }
  for (const ScannedField& scanned : bucket.scanned) {
    OfferScanned(scanned, event.Get(scanned.field), scratch, offer);
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
