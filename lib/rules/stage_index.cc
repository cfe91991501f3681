#include "rules/stage_index.h"

#include <algorithm>
#include <utility>

namespace sequitur::rules {

using eql::RequiredLiterals;
using event::Event;
using event::Value;

namespace {

constexpr uint64_t kAnyKind = 1;
// Conditions that require others are of any kind.
constexpr size_t kMaxTypes = 63;
// More probes than this behind one literal are too many to evaluate each time.
constexpr size_t kCrowd = 4;

}  // namespace

CandidateScratch::CandidateScratch(const StageIndex& index)
    : probes_(index.probe_count(), 0),
      literals_(index.literal_count(), 0),
      buckets_(index.bucket_count(), 0) {}

void CandidateScratch::Begin() {
  texts_.Reset();
  if (++generation_ != 0) return;
  for (Seen* seen : {&probes_, &literals_, &buckets_}) std::fill(seen->begin(), seen->end(), 0);
  generation_ = 1;
}

bool CandidateScratch::Mark(Seen& seen, uint32_t number) {
  return std::exchange(seen[number], generation_) != generation_;
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
  const std::vector<uint32_t> of_any = by_category[""];
  for (auto& [category, probes] : by_category) {
    if (!category.empty()) probes.insert(probes.end(), of_any.begin(), of_any.end());
    std::sort(probes.begin(), probes.end());
    Bucket bucket = MakeBucket(probes, program);
    if (category.empty()) {
      any_ = std::move(bucket);
    } else {
      categories_.emplace_back(category, std::move(bucket));
    }
  }
}

void StageIndex::AddStage(const Stage& stage, Hit hit, ProbeNumbers& numbers) {
  const eql::Term& term = stage.term;
  const auto [it, inserted] = numbers.try_emplace(std::pair(term.category, term.condition),
                                                  static_cast<uint32_t>(probes_.size()));
  if (inserted) probes_.push_back({term.condition, {}});
  probes_[it->second].targets.push_back({hit, stage.allowlist});
}

StageIndex::Kinds StageIndex::KindsOf(Bucket& bucket, const Probe& probe,
                                      const eql::Program& program) {
  const auto required = program.RequiredOf(probe.condition, event::field::kEventType);
  if (!required || bucket.types.size() + required->literals.size() > kMaxTypes) return kAnyKind;
  Kinds kinds = 0;
  for (const uint32_t type : bucket.types.Add(*required, 0)) kinds |= kAnyKind << (type + 1);
  return kinds;
}

// First by what can be looked up; then those that crowd behind one literal, and
// those that have none, by what can be found within a text.
StageIndex::Bucket StageIndex::MakeBucket(absl::Span<const uint32_t> probes,
                                          const eql::Program& program) {
  using Literals = eql::Program::Literals;
  Bucket bucket;
  bucket.number = buckets_++;
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
    const Kinds kinds = KindsOf(bucket, probes_[probes[i]], program);
    for (const RequiredLiterals& each : required) AddPin(bucket, each, probes[i], kinds);
  }
  for (Field& field : bucket.fields) {
    field.literals.Compile();
    field.first_literal = literals_;
    literals_ += field.literals.size();
  }
  return bucket;
}

void StageIndex::AddPin(Bucket& bucket, const RequiredLiterals& required, uint32_t probe,
                        Kinds kinds) {
  auto field = std::find_if(bucket.fields.begin(), bucket.fields.end(),
                            [&](const Field& each) { return each.field == required.field; });
  if (field == bucket.fields.end()) {
    field = bucket.fields.emplace(field);
    field->field = required.field;
  }
  const std::vector<uint32_t> literals = field->literals.Add(required, kinds);
  field->kinds |= kinds;
  field->probes.resize(field->literals.size());
  for (const uint32_t literal : literals) field->probes[literal].push_back(probe);
}

const StageIndex::Bucket* StageIndex::FindBucket(absl::string_view category) const {
  const auto found = std::find_if(categories_.begin(), categories_.end(),
                                  [&](const auto& each) { return each.first == category; });
  return found == categories_.end() ? nullptr : &found->second;
}

template <typename Offer>
void StageIndex::OfferBucket(const Bucket& bucket, const Event& event, CandidateScratch& scratch,
                             const Offer& offer) const {
  if (!scratch.Mark(scratch.buckets_, bucket.number)) return;
  for (const uint32_t probe : bucket.unpinned) offer(probe);
  Kinds kinds = kAnyKind;
  bucket.types.Find(event.Get(event::field::kEventType), kinds, scratch.texts_,
                    [&](uint32_t type) { kinds |= kAnyKind << (type + 1); });
  for (const Field& field : bucket.fields) {
    if ((field.kinds & kinds) == 0) continue;
    field.literals.Find(event.Get(field.field), kinds, scratch.texts_, [&](uint32_t literal) {
      if (!scratch.Mark(scratch.literals_, field.first_literal + literal)) return;
      for (const uint32_t probe : field.probes[literal]) offer(probe);
    });
  }
}

void StageIndex::ForEachCandidate(const Event& event, CandidateScratch& scratch,
                                  absl::FunctionRef<void(const Probe&)> offer) const {
  scratch.Begin();
  const auto offer_once = [&](uint32_t probe) {
    if (scratch.Mark(scratch.probes_, probe)) offer(probes_[probe]);
  };
  bool has_bucket = false;
  for (const Value& category : event.Get(event::field::kEventCategory).elements()) {
    if (!category.is_string()) continue;
    const Bucket* bucket = FindBucket(category.string_value());
    if (bucket == nullptr) continue;
    OfferBucket(*bucket, event, scratch, offer_once);
    has_bucket = true;
  }
  if (!has_bucket) OfferBucket(any_, event, scratch, offer_once);
}

}  // namespace sequitur::rules
