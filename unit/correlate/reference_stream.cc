#include <utility>

#include "correlate/stream.h"
#include "gtest/gtest.h"
#include "rules/version.h"

namespace sequitur::correlate {

Stream::Stream(const std::vector<TestRule>& rules, Options options) : options_(options) {
  letter_ = *fields_.Intern("s");
  key_ = *fields_.Intern("k");
  Compile(rules);
  correlator_ = std::make_unique<Correlator>(rules_, options);
}

void Stream::Compile(const std::vector<TestRule>& rules) {
  eql::Program program(fields_);
  std::vector<rules::Rule> compiled_rules;
  std::vector<rules::AllowlistEntry> allowlist;
  const auto no_list = [](absl::string_view) -> const std::vector<std::string>* { return nullptr; };
  for (const TestRule& test : rules) {
    auto compiled = program.Compile(test.query, no_list);
    EXPECT_TRUE(compiled.query.has_value()) << test.query;
    const eql::Query& query = *compiled.query;
    rules::Rule& rule = compiled_rules.emplace_back();
    rule.id = test.id;
    rule.is_sequence = query.is_sequence;
    for (const eql::Term& term : query.terms) rule.stages.push_back({term, {}});
    if (query.until.has_value()) rule.until = rules::Stage{*query.until, {}};
    rule.maxspan = query.maxspan;
    rule.order_slack = test.order_slack;
    for (const TestLink& link : test.links) {
      rule.links.push_back({static_cast<uint16_t>(link.earlier - 1),
                            static_cast<uint16_t>(link.later - 1), Ties(link.by),
                            Ties(link.prefer)});
    }
    rule.stages_version = rules::StagesVersion(rule, {}, {}, fields_);
    if (compiled_rules.size() == 1) query_ = query;
    if (test.allowed.empty()) continue;
    const auto number = static_cast<uint32_t>(allowlist.size());
    for (rules::Stage& stage : rule.stages) stage.allowlist.push_back(number);
    allowlist.emplace_back().where = *program.CompileCondition(test.allowed, no_list).condition;
  }
  rules_ = std::make_shared<rules::RuleSet>(std::move(compiled_rules), std::move(allowlist),
                                            std::move(program), fields_,
                                            absl::Span<const event::FieldId>());
  matcher_ = std::make_unique<rules::Matcher>(*rules_);
  event_ = std::make_unique<event::Event>(rules_->projection());
}

std::vector<rules::Tie> Stream::Ties(const std::vector<std::string>& letters) {
  const auto field = [&](char c) { return *fields_.Intern(std::string(1, c)); };
  std::vector<rules::Tie> ties;
  for (const std::string& of : letters) {
    rules::Tie& tie = ties.emplace_back();
    tie.same = {field(of[0]), field(of[1])};
    if (of.size() > 2) tie.within = {field(of[2]), field(of[2])};
    tie.text = of;
  }
  return ties;
}

void Stream::Fill(const TestEvent& event, int index) {
  using event::Value;
  event_->Reset();
  event_->SetString(event::field::kEventCategory, "event");
  event_->SetString(letter_, event.letter);
  if (event.keys.size() == 1) event_->SetString(key_, event.keys[0]);
  if (event.keys.size() > 1) {
    for (const std::string& key : event.keys) event_->Append(key_, Value::String(key));
  }
  if (!event.l.empty()) event_->SetString(*fields_.Intern("l"), event.l);
  if (!event.m.empty()) event_->SetString(*fields_.Intern("m"), event.m);
  event_->time = static_cast<event::TimeNs>(event.at * 1e9);
  event_->sequence = event.sequence;
  event_->identity = event.identity;
  event_->host = event.host;
  event_->position.offset = index;
}

event::SnapshotRef Stream::Snapshot(const TestEvent& event, int index) {
  Fill(event, index);
  return event::Snapshot::Of(*event_);
}

std::vector<Sequence> Stream::Push(const TestEvent& event, int index) {
  Fill(event, index);
  const auto hits = matcher_->Match(*event_);
  correlator_->Push(*event_, hits, matches_);
  if (near_misses_ != nullptr) near_misses_->Push(*event_, hits, matcher_->allowed());
  return TakeMatches();
}

std::vector<Sequence> Stream::Finish() {
  correlator_->Finish(matches_);
  return TakeMatches();
}

std::vector<Sequence> Stream::Adopt(const std::vector<TestRule>& rules) {
  // The old ones live on until the correlator has let go of them.
  const auto before = rules_;
  Compile(rules);
  adoption_ = correlator_->Adopt(rules_, matches_);
  return TakeMatches();
}

std::vector<Sequence> Stream::TakeMatches() {
  if (near_misses_ != nullptr) near_misses_->Found(matches_);
  std::vector<Sequence> sequences;
  for (const Match& match : matches_) {
    Sequence sequence;
    for (const event::SnapshotRef& event : match.evidence) {
      sequence.push_back(event ? static_cast<int>(event->position().offset) : -1);
    }
    if (!match.candidates.empty()) candidates_.clear();
    for (const Candidate& candidate : match.candidates) {
      candidates_.push_back(static_cast<int>(candidate.event->position().offset));
      other_candidates_ = match.other_candidates;
    }
    found_[rules_->rules()[match.rule].id].push_back(sequence);
    sequences.push_back(std::move(sequence));
  }
  matches_.clear();
  return sequences;
}

}  // namespace sequitur::correlate
