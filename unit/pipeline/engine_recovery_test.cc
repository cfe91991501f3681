// What a restart may and may not do: an engine that is fed old events again, with
// the alerts of the run before it, repeats none and loses none.

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "alert/alert_json.h"
#include "decode/decoder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pipeline/engine.h"
#include "testing/temp_folder.h"

namespace sequitur::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::string_view kRules = R"(
- id: two-steps
  name: Two steps
  query: |
    sequence by host.id with maxspan=1m
      [process where process.name == "a"]
      [process where process.name == "b"]
- id: noisy
  name: Often seen
  suppress: {by: [host.id, user.id], for: 2m}
  query: process where process.name == "c"
- id: loud
  name: A grave program
  severity: high
  suppress: {by: [host.id], for: 2m, group: programs}
  query: process where process.name == "f"
- id: soft
  name: A lesser program
  severity: low
  suppress: {by: [host.id], for: 2m, group: programs}
  query: process where process.name == "g"
- id: without
  name: A step, then not another
  query: |
    sequence by host.id with maxspan=1m
      [process where process.name == "d"]
      ![process where process.name == "e"]
)";

// The program `name` started on a host at this second; its record's offset is
// its place in the log.
struct Step {
  absl::string_view name;
  int second;
  absl::string_view host = "web-1";
};

constexpr event::TimeNs kStart = 1767225600 * event::kSecond;

class EngineRecoveryTest : public ::testing::Test {
 protected:
  EngineRecoveryTest() {
    std::ofstream(folder_ / "rules.yaml") << kRules;
    std::ofstream(folder_ / "sequitur.yaml") << "lateness: 10m\n";
    SiteOptions options;
    options.config_path = folder_ / "sequitur.yaml";
    options.rule_paths = {folder_ / "rules.yaml"};
    auto loaded = Site::Load(options);
    for (const Diagnostic& problem : loaded.diagnostics) ADD_FAILURE() << problem.message;
    site_ = std::move(loaded.site);
  }

  // One run of the daemon, from nothing.
  struct Run {
    explicit Run(const Site& site, EngineOptions options = {})
        : fields(site.fields()),
          engine(site, sources, options,
                 [this](alert::Alert&& alert) {
                   rules.push_back(alert.rule->id);
                   suppressed.push_back(alert.suppressed);
                   documents.push_back(alert::ToJson(alert, fields, sources));
                 }),
          event(site.projection()) {
      source = sources.Add("events");
      decode::SourceOptions source_options;
      source_options.kind = decode::SourceKind::kEcs;
      decoder = *decode::Decoder::Create(site.projection(), source_options);
    }

    void Feed(const std::vector<Step>& log, size_t from = 0) {
      for (size_t i = from; i < log.size(); ++i) {
        const event::TimeNs time = kStart + log[i].second * event::kSecond;
        const std::string bytes =
            absl::StrFormat(R"({"@timestamp":"%s","event":{"category":"process","type":"start"},)"
                            R"("process":{"name":"%s"},"user":{"id":"7"},"host":{"name":"%s"}})",
                            event::FormatIso8601(time), log[i].name, log[i].host);
        decode::RawRecord record;
        record.bytes = bytes;
        record.position = {source, 0, static_cast<int64_t>(i), 0};
        record.record_time = time;
        const auto result =
            decoder->Decode(record, event, [&](event::Event& e) { engine.Process(e); });
        EXPECT_EQ(result, decode::DecodeResult::kDecoded);
      }
    }

    SourceNames sources;
    const event::FieldTable& fields;
    std::vector<std::string> rules, documents;  // of the alerts
    std::vector<uint64_t> suppressed;
    Engine engine;
    event::Event event;
    std::unique_ptr<decode::Decoder> decoder;
    uint32_t source = 0;
  };

  // What these documents say when they are read back from the topic.
  static std::shared_ptr<const alert::PublishedAlerts> ReadBack(
      const std::vector<std::string>& documents) {
    auto published = std::make_shared<alert::PublishedAlerts>();
    for (const std::string& document : documents) EXPECT_TRUE(published->Add(document)) << document;
    return published;
  }

  sequitur::testing::TempFolder folder_;
  std::unique_ptr<const Site> site_;
};

TEST_F(EngineRecoveryTest, NothingIsPublishedTwice) {
  const std::vector<Step> log = {{"a", 0}, {"c", 1}, {"b", 2}, {"a", 3, "web-2"}, {"c", 4}};
  Run first(*site_);
  first.Feed(log);
  ASSERT_THAT(first.rules, ElementsAre("noisy", "two-steps"));

  Run second(*site_);
  second.engine.Recover(ReadBack(first.documents));
  second.Feed(log);
  EXPECT_THAT(second.rules, IsEmpty());
  EXPECT_EQ(second.engine.stats().already_published, 2u);
  EXPECT_EQ(second.engine.stats().alerts, 0u);
}

TEST_F(EngineRecoveryTest, StepsAreMeasuredOfChainsThatArePublishedAndOnce) {
  const std::vector<Step> log = {{"a", 0}, {"b", 20}, {"a", 30}, {"b", 89}, {"a", 90}};
  Run first(*site_);
  first.Feed(log);
  metrics::RuleReport rule = first.engine.Report().rules["two-steps"];
  EXPECT_EQ(rule.maxspan, 60);
  ASSERT_EQ(rule.step_gaps.size(), 2u);
  EXPECT_EQ(rule.step_gaps[0].sum, 0);
  EXPECT_EQ(rule.step_gaps[1].sum, 20 + 59);
  EXPECT_EQ(rule.step_gaps[1].counts[4], 1u);  // above 15 s, up to 30 s
  EXPECT_EQ(rule.step_gaps[1].counts[5], 1u);  // up to a minute
  EXPECT_EQ(rule.maxspan_used.counts[5], 1u);  // above nine tenths of it

  Run second(*site_);
  second.engine.Recover(ReadBack(first.documents));
  second.Feed(log);
  rule = second.engine.Report().rules["two-steps"];
  EXPECT_EQ(rule.step_gaps[1].sum, 0);
}

TEST_F(EngineRecoveryTest, WhatWasNotPublishedStillIs) {
  const std::vector<Step> log = {{"a", 0}, {"b", 1}, {"a", 2}, {"b", 3}};
  Run first(*site_);
  first.Feed(log);
  ASSERT_EQ(first.documents.size(), 2u);

  Run second(*site_);
  second.engine.Recover(ReadBack({first.documents[0]}));
  second.Feed(log);
  EXPECT_THAT(second.rules, ElementsAre("two-steps"));
}

// With its first records gone, the log's hits join otherwise than before.
TEST_F(EngineRecoveryTest, AUsedHitFiresNoOtherAlert) {
  const std::vector<Step> log = {{"a", 0}, {"a", 1}, {"b", 2}};
  Run first(*site_);
  first.Feed(log);
  ASSERT_THAT(first.rules, ElementsAre("two-steps"));

  const std::vector<Step> without_the_start = {{"a", 0}, {"x", 1}, {"b", 2}};
  Run second(*site_);
  second.engine.Recover(ReadBack(first.documents));
  second.Feed(without_the_start);
  EXPECT_THAT(second.rules, IsEmpty());
  EXPECT_EQ(second.engine.stats().already_published, 1u);
}

TEST_F(EngineRecoveryTest, RebuildsSilentlyAndGoesOn) {
  const std::vector<Step> before = {{"a", 0}, {"b", 1}, {"c", 2}, {"a", 3}};
  std::vector<Step> log = before;
  log.insert(log.end(), {{"b", 4}, {"b", 5}});
  Run run(*site_);
  run.engine.set_emitting(false);
  run.Feed(before);
  EXPECT_THAT(run.rules, IsEmpty());
  EXPECT_EQ(run.engine.stats().rebuilt, 2u);
  EXPECT_EQ(run.engine.stats().alerts, 0u);

  run.engine.set_emitting(true);
  run.Feed(log, before.size());
  EXPECT_THAT(run.rules, ElementsAre("two-steps"));  // a at 3, b at 4; the first a is used up
  EXPECT_EQ(run.engine.stats().rebuilt, 2u);
}

TEST_F(EngineRecoveryTest, SuppressionGoesOn) {
  const std::vector<Step> before = {{"x", 0}, {"x", 1, "web-2"}, {"c", 2}};
  Run first(*site_);
  first.Feed(before);
  ASSERT_THAT(first.rules, ElementsAre("noisy"));

  std::vector<Step> log = before;
  log.insert(log.end(), {{"x", 3, "web-2"}, {"c", 100}, {"c", 101, "web-2"}, {"c", 122}});
  Run second(*site_);
  second.engine.Recover(ReadBack(first.documents));
  second.Feed(log, before.size());  // web-2 comes first: hosts have other numbers now
  EXPECT_THAT(second.rules, ElementsAre("noisy", "noisy"));
  EXPECT_THAT(second.suppressed, ElementsAre(0, 1));
  EXPECT_EQ(second.engine.suppressed(), 1u);
}

TEST_F(EngineRecoveryTest, SuppressionOfAGroupGoesOn) {
  const std::vector<Step> before = {{"g", 0}, {"f", 1}};
  Run first(*site_);
  first.Feed(before);
  ASSERT_THAT(first.rules, ElementsAre("soft", "loud"));

  Run second(*site_);
  second.engine.Recover(ReadBack(first.documents));
  second.Feed({before[0], before[1], {"g", 60}, {"f", 60}, {"g", 60, "web-2"}, {"g", 121}},
              before.size());
  EXPECT_THAT(second.rules, ElementsAre("soft", "soft"));
  EXPECT_THAT(second.suppressed, ElementsAre(0, 2));
}

TEST_F(EngineRecoveryTest, SilenceDecidesWhatWaited) {
  Run run(*site_);
  run.Feed({{"d", 0}});
  // Within maxspan and lateness something may still come.
  run.engine.SweepIdle(kStart + 11 * 60 * event::kSecond);
  EXPECT_THAT(run.rules, IsEmpty());
  run.engine.SweepIdle(kStart + 11 * 60 * event::kSecond + 1);
  EXPECT_THAT(run.rules, ElementsAre("without"));
}

TEST_F(EngineRecoveryTest, MemoryMayBeLessThanTheSites) {
  const std::vector<Step> log = {{"a", 0}, {"b", 1}};
  EngineOptions options;
  options.engines = int64_t{1} << 30;  // a byte each
  Run run(*site_, options);
  run.Feed(log);
  EXPECT_THAT(run.rules, IsEmpty());
}

}  // namespace
}  // namespace sequitur::pipeline
