#include "rules/tuning.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rules/testing.h"

namespace sequitur::rules {
namespace {

using ::testing::ElementsAre;

TEST(ReadTuning, TakesEveryKey) {
  yaml::Document document = yaml::Document::Parse(
      "a-rule:\n"
      "  enabled: false\n"
      "  mode: shadow\n"
      "  maxspan: 10m\n"
      "  order_slack: 500ms\n"
      "  suppress: {by: [host.id, user.name], for: 1h, group: web}\n"
      "  severity: critical\n"
      "b-rule: {}\n",
      "f");
  const std::map<std::string, Tuning> tuning = ReadTuning(document.root());
  EXPECT_EQ(Problems(document), "");
  const Tuning& a = tuning.at("a-rule");
  EXPECT_EQ(a.enabled, false);
  EXPECT_EQ(a.mode, Mode::kShadow);
  EXPECT_EQ(a.maxspan, absl::Minutes(10));
  EXPECT_EQ(a.order_slack, absl::Milliseconds(500));
  EXPECT_THAT(a.suppress->by, ElementsAre("host.id", "user.name"));
  EXPECT_EQ(a.suppress->window, absl::Hours(1));
  EXPECT_EQ(a.suppress->group, "web");
  EXPECT_EQ(a.severity, Severity::kCritical);
  EXPECT_EQ(a.here.line, 1);
  const Tuning& b = tuning.at("b-rule");
  EXPECT_FALSE(b.enabled || b.mode || b.maxspan || b.order_slack || b.suppress || b.severity);
}

TEST(ReadTuning, ReportsWhatItDoesNotKnow) {
  yaml::Document document = yaml::Document::Parse(
      "a-rule:\n"
      "  mode: shadwo\n"
      "  maxspan: 0s\n"
      "  supress: {}\n"
      "  suppress: {by: host.id}\n"
      "  severity: [high]\n"
      "b-rule:\n"
      "  suppress: {for: 1h, group: \"\"}\n",
      "f");
  ReadTuning(document.root());
  EXPECT_EQ(Problems(document),
            "2:9: expected one of live, shadow, found 'shadwo'; did you mean 'shadow'?\n"
            "3:12: expected a duration longer than zero\n"
            "4:3: unknown key 'supress' in the tuning of a rule; did you mean 'suppress'?\n"
            "5:13: suppress needs 'for'\n"
            "6:13: expected one of low, medium, high, critical, found a list\n"
            "8:30: expected a name");
}

}  // namespace
}  // namespace sequitur::rules
