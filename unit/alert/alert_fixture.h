#pragma once

// A rule, a host, and events of it to build alerts from.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alert/alert_builder.h"
#include "gtest/gtest.h"

namespace sequitur::alert {

namespace field = event::field;

// A rule of three stages (the second a missing one) and its evidence.
class AlertTest : public ::testing::Test {
 protected:
  AlertTest() : projection_(fields_) {
    projection_.AddAllKnown();
    deep_ = *fields_.Intern("process.executable.deep.er");
    projection_.Add(deep_);
    event_ = std::make_unique<event::Event>(projection_);
    sources_.Add("access.log");
    rules::Rule rule;
    rule.id = "web-test";
    rule.name = "Test of the web";
    rule.note = "nothing was seen in between";
    rule.severity = rules::Severity::kHigh;
    rule.risk_score = 73;
    rule.attack = {"T1190"};
    rule.references = {"AN0221"};
    rule.version = "0123456789abcdef";
    rule.is_sequence = true;
    rules::Stage stage;
    stage.term.keys = {{field::kHostId, false}, {field::kUserId, true}};
    rule.stages = {stage, stage, stage};
    rule.stages[1].term.missing = true;
    rule.suppress = {{field::kSourceIp}, 60 * event::kSecond, ""};
    rules_.emplace(std::vector<rules::Rule>{rule}, std::vector<rules::AllowlistEntry>{},
                   eql::Program(fields_), fields_, absl::Span<const event::FieldId>());
    hosts_.emplace(event::HostTableOptions());
    event::HostClaim claim;
    claim.id = "AAAA-1";
    claim.name = "web-03";
    host_ = hosts_->Resolve(claim, "", "");
  }

  event::SnapshotRef Request(int second, absl::string_view target = "/x?<id>") {
    Begin(second);
    event_->SetString(field::kEventCategory, "web");
    event_->SetString(field::kSourceIp, "203.0.113.7");
    event_->SetString(field::kHttpRequestMethod, "GET");
    event_->SetString(field::kUrlOriginal, target);
    event_->SetInt(field::kHttpResponseStatusCode, 500);
    return event::Snapshot::Of(*event_);
  }
  event::SnapshotRef Flow(int second) {
    Begin(second);
    event_->SetString(field::kEventCategory, "network");
    event_->SetString(field::kProcessName, "curl");
    event_->SetString(field::kProcessExecutable, "/usr/bin/curl");
    event_->SetInt(deep_, 7);
    event_->SetString(field::kDestinationIp, "2001:db8::9");
    event_->SetInt(field::kDestinationPort, 443);
    event_->SetString(field::kUserName, "_www");
    return event::Snapshot::Of(*event_);
  }
  void Begin(int second) {
    event_->Reset();
    event_->time = 1767225600 * event::kSecond + second * event::kSecond;
    event_->position.offset = second + 1;
    event_->host = host_;
  }

  Alert Build(std::vector<event::SnapshotRef> evidence) {
    correlate::Match match;
    match.host = host_;
    match.key = "hn";
    match.evidence = std::move(evidence);
    return AlertBuilder(*rules_, fields_, *hosts_, sources_).Build(std::move(match), 42);
  }

  event::FieldTable fields_;
  event::Projection projection_;
  event::FieldId deep_ = 0;
  std::unique_ptr<event::Event> event_;
  SourceNames sources_;
  std::optional<rules::RuleSet> rules_;
  std::optional<event::HostTable> hosts_;
  event::HostId host_ = 0;
};

}  // namespace sequitur::alert
