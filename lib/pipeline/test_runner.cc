#include "pipeline/test_runner.h"

#include "alert/alert_json.h"
#include "decode/source.h"
#include "pipeline/engine.h"
#include "pipeline/inputs.h"
#include "pipeline/replay.h"
#include "pipeline/test_events.h"

namespace sequitur::pipeline {
namespace {

// A test is about its own rule, so other rules of its group hold nothing back.
constexpr alert::Suppression kSuppression = alert::Suppression::kByRule;

void Count(const alert::Alert& alert, TestOutcome& outcome) {
  ++outcome.fired[alert.rule->id];
  outcome.headlines.push_back(alert::Headline(alert));
}

void FeedFiles(const Site& site, const rules::RuleTest& test, TestOutcome& outcome) {
  std::vector<Input> inputs;
  ReplayOptions options;
  options.suppression = kSuppression;
  options.threads = 1;  // a test's files are small
  for (const rules::TestFile& file : test.files) {
    inputs.push_back(
        {file.path, decode::ParseSourceKind(file.source).value_or(decode::SourceKind::kAuto)});
    if (!file.host.empty()) options.host = file.host;
  }
  SourceNames sources;
  const ReplaySummary summary = Replay(
      site, inputs, options, [&](const alert::Alert& alert) { Count(alert, outcome); }, nullptr,
      sources);
  outcome.problems.insert(outcome.problems.end(), summary.problems.begin(), summary.problems.end());
}

}  // namespace

TestOutcome RunTest(const Site& site, const rules::RuleTest& test) {
  TestOutcome outcome;
  if (!test.events.empty()) {
    SourceNames sources;
    sources.Add("test");
    EngineOptions options;
    options.suppression = kSuppression;
    Engine engine(site, sources, options, [&](alert::Alert&& alert) { Count(alert, outcome); });
    outcome.problems =
        DecodeTestEvents(site, test, [&](event::Event& event) { engine.Process(event); });
    engine.Finish();
  }
  if (!test.files.empty()) FeedFiles(site, test, outcome);
  outcome.alerts = outcome.fired[test.rule];
  if (outcome.alerts == 0) outcome.fired.erase(test.rule);
  outcome.passed = outcome.problems.empty() && outcome.alerts == test.expect;
  if (test.expect_rules) {
    std::map<std::string, int64_t> unexpected = outcome.fired;
    for (const std::string& rule : *test.expect_rules) {
      outcome.passed = outcome.passed && unexpected.erase(rule) > 0;
    }
    outcome.passed = outcome.passed && unexpected.empty();
  }
  return outcome;
}

}  // namespace sequitur::pipeline
