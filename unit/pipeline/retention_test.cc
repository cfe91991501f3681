#include "pipeline/retention.h"

#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pipeline/daemon.h"
#include "testing/temp_folder.h"

namespace sequitur::pipeline {
namespace {

using ::testing::ElementsAre;

class RetentionTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Site> SiteOf(absl::string_view placement) {
    std::ofstream(folder_ / "rules.yaml")
        << "- id: short\n  query: sequence by host.id with maxspan=1m [any where true] "
           "[any where user.id == \"0\"]\n"
           "- id: long\n  suppress: {for: 2h}\n  query: sequence by host.id with maxspan=3d "
           "[any where true] [any where user.id == \"0\"]\n";
    std::ofstream(folder_ / "sequitur.yaml")
        << "kafka: {brokers: ['b:9092'], topics: [logs, ^more], placement: " << placement << "}\n"
        << "lateness: 30m\nclock: {max_future: 4m}\n";
    SiteOptions options;
    options.config_path = folder_ / "sequitur.yaml";
    options.rule_paths = {folder_ / "rules.yaml"};
    auto loaded = Site::Load(options);
    for (const Diagnostic& problem : loaded.diagnostics) ADD_FAILURE() << problem.ToString();
    return std::move(loaded.site);
  }
  static std::string Setting(const Site& site, absl::string_view topic, const char* name) {
    for (const bus::NewTopic& own : OwnTopics(site)) {
      if (own.name == topic) return own.config.at(name);
    }
    return "no such topic";
  }
  // "topic duration", and a star if it is compacted.
  static std::vector<std::string> Needs(const Site& site) {
    std::vector<std::string> all;
    for (const TopicNeed& need : TopicNeeds(site)) {
      all.push_back(need.topic + (need.compacted ? " *" : " " + absl::FormatDuration(need.kept)));
    }
    return all;
  }

  testing::TempFolder folder_;
};

TEST_F(RetentionTest, TopicsAreReadAsFarBackAsRulesLookAndAlertsBeyondThat) {
  EXPECT_THAT(Needs(*SiteOf("shuffle")),
              ElementsAre("logs 30m", "sequitur.events 72h35m", "sequitur.alerts 74h35m",
                          "sequitur.alerts.shadow 74h35m", "sequitur.baselines *"));
  EXPECT_THAT(Needs(*SiteOf("keyed")),
              ElementsAre("logs 72h35m", "sequitur.alerts 74h35m", "sequitur.alerts.shadow 74h35m",
                          "sequitur.baselines *"));
}

TEST_F(RetentionTest, TopicsThatAreMadeKeepEnough) {
  const auto site = SiteOf("shuffle");
  for (const TopicNeed& need : TopicNeeds(*site)) {
    for (const bus::NewTopic& own : OwnTopics(*site)) {
      if (own.name != need.topic) continue;
      EXPECT_EQ(Shortcoming(need, own.config), "");
    }
  }
  EXPECT_EQ(Setting(*site, "sequitur.events", "retention.ms"), "522600000");
  EXPECT_EQ(Setting(*site, "sequitur.alerts", "retention.ms"), "2592000000");
}

TEST_F(RetentionTest, ATopicThatIsKeptForLessIsNamedWithWhatToDo) {
  const TopicNeed need = TopicNeeds(*SiteOf("shuffle"))[1];
  EXPECT_EQ(Shortcoming(need, {{"cleanup.policy", "delete"}, {"retention.ms", "86400000"}}),
            "sequitur.events is kept for 24h only, and rules look back 72h35m (long has a maxspan "
            "of 72h): after a restart some is missed; set its retention.ms to 261300000 at least");
  EXPECT_EQ(Shortcoming(need, {{"retention.ms", "261300000"}}), "");
  EXPECT_EQ(Shortcoming(need, {{"retention.ms", "-1"}}), "");
  EXPECT_EQ(Shortcoming(need, {{"cleanup.policy", "compact"}, {"retention.ms", "1"}}), "");
  EXPECT_NE(Shortcoming(need, {{"cleanup.policy", "compact,delete"}, {"retention.ms", "1"}}), "");
  EXPECT_EQ(Shortcoming(need, {}), "") << "nothing is known";
}

TEST_F(RetentionTest, BaselinesAreCompactedAndNeverDeleted) {
  const TopicNeed need = TopicNeeds(*SiteOf("shuffle")).back();
  EXPECT_EQ(Shortcoming(need, {{"cleanup.policy", "delete"}}),
            "sequitur.baselines has cleanup.policy=delete, and it has the only copy of what "
            "baselines have learnt: set it to compact");
  EXPECT_NE(Shortcoming(need, {{"cleanup.policy", "compact,delete"}}), "");
  EXPECT_EQ(Shortcoming(need, {{"cleanup.policy", "compact"}, {"retention.ms", "1"}}), "");
}

}  // namespace
}  // namespace sequitur::pipeline
