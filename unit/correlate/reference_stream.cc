#include <utility>

#include "correlate/stream.h"
#include "gtest/gtest.h"

namespace sequitur::correlate {

Stream::Stream(const std::string& query, Options options, event::TimeNs order_slack) {
  letter_ = *fields_.Intern("s");
  key_ = *fields_.Intern("k");
  eql::Program program(fields_);
  auto compiled = program.Compile(
      query, [](absl::string_view) -> const std::vector<std::string>* { return nullptr; });
  EXPECT_TRUE(compiled.query.has_value()) << query;
  query_ = *compiled.query;
  rules::Rule rule;
  rule.id = "test";
  rule.is_sequence = query_.is_sequence;
  for (const eql::Term& term : query_.terms) rule.stages.push_back({term, {}});
  if (query_.until.has_value()) rule.until = rules::Stage{*query_.until, {}};
  rule.maxspan = query_.maxspan;
  rule.order_slack = order_slack;
  rules_ = std::make_shared<rules::RuleSet>(
      std::vector<rules::Rule>{std::move(rule)}, std::vector<rules::AllowlistEntry>{},
      std::move(program), fields_, absl::Span<const event::FieldId>());
  matcher_ = std::make_unique<rules::Matcher>(*rules_);
  event_ = std::make_unique<event::Event>(rules_->projection());
  correlator_ = std::make_unique<Correlator>(rules_, options);
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
  correlator_->Push(*event_, matcher_->Match(*event_), matches_);
  return TakeMatches();
}

std::vector<Sequence> Stream::Finish() {
  correlator_->Finish(matches_);
  return TakeMatches();
}

std::vector<Sequence> Stream::TakeMatches() {
  std::vector<Sequence> sequences;
  for (const Match& match : matches_) {
    Sequence sequence;
    for (const event::SnapshotRef& event : match.evidence) {
      sequence.push_back(event ? static_cast<int>(event->position().offset) : -1);
    }
    sequences.push_back(std::move(sequence));
  }
  matches_.clear();
  return sequences;
}

}  // namespace sequitur::correlate
