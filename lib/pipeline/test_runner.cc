#include "pipeline/test_runner.h"

#include "absl/strings/str_cat.h"
#include "alert/alert_json.h"
#include "decode/decoder.h"
#include "pipeline/engine.h"
#include "pipeline/inputs.h"
#include "pipeline/replay.h"

namespace sequitur::pipeline {
namespace {

// Decoders by (kind, host): a test's events come from a few sources.
class TestDecoders {
 public:
  explicit TestDecoders(const Site& site) : site_(site) {}

  absl::StatusOr<decode::Decoder*> For(const rules::TestEvent& event) {
    auto& decoder = decoders_[{event.source, event.host}];
    if (decoder == nullptr) {
      decode::SourceOptions options;
      options.kind = decode::ParseSourceKind(event.source).value_or(decode::SourceKind::kAuto);
      options.host = event.host;
      options.trust_own_fields = true;
      auto created = decode::Decoder::Create(site_.projection(), options);
      if (!created.ok()) return created.status();
      decoder = *std::move(created);
    }
    return decoder.get();
  }

 private:
  const Site& site_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<decode::Decoder>> decoders_;
};

void FeedEvents(const Site& site, const rules::RuleTest& test, Engine& engine,
                TestOutcome& outcome) {
  TestDecoders decoders(site);
  event::Event scratch(site.projection());
  for (size_t i = 0; i < test.events.size(); ++i) {
    const rules::TestEvent& event = test.events[i];
    const auto decoder = decoders.For(event);
    if (!decoder.ok()) {
      outcome.problems.emplace_back(decoder.status().message());
      return;
    }
    decode::RawRecord record;
    record.bytes = event.record;
    record.position = {0, Position::kFile, static_cast<int64_t>(i + 1), 0};
    const auto result = (*decoder)->Decode(record, scratch,
                                           [&](event::Event& decoded) { engine.Process(decoded); });
    if (decode::IsDecodeError(result)) {
      outcome.problems.push_back(absl::StrCat(test.file, ":", event.line, ": event ", i + 1, ": ",
                                              decode::DecodeResultName(result)));
    }
  }
}

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
    FeedEvents(site, test, engine, outcome);
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
