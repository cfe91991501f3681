#include "alert/suppressor.h"

#include "alert/alert_fixture.h"
#include "alert/alert_json.h"
#include "gmock/gmock.h"

namespace sequitur::alert {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class SuppressorTest : public AlertTest {
 protected:
  // What the alert at `second` says was held back before it; -1: held back itself.
  static constexpr int kHeldBack = -1;
  int Admit(int second) {
    Alert alert = Build({Request(second)});
    const bool admitted = suppressor_.Admit(alert);
    key_ = alert.suppression_key;
    end_ = alert.end;
    return admitted ? static_cast<int>(alert.suppressed) : kHeldBack;
  }

  Suppressor suppressor_;
  std::string key_;  // of the last alert
  event::TimeNs end_ = 0;
};

TEST_F(SuppressorTest, CountsWhatItHoldsBack) {
  EXPECT_EQ(Admit(0), 0);
  EXPECT_EQ(Admit(30), kHeldBack);
  EXPECT_EQ(Admit(59), kHeldBack);
  EXPECT_EQ(Admit(60), 2);
  EXPECT_EQ(Admit(61), kHeldBack);
  EXPECT_EQ(suppressor_.suppressed(), 3u);
}

TEST_F(SuppressorTest, GoesOnFromWhatWasPublished) {
  ASSERT_EQ(Admit(0), 0);
  const event::TimeNs published = end_;
  suppressor_ = Suppressor();
  suppressor_.Restore(key_, 0, published);
  suppressor_.Restore(key_, 0, published - event::kSecond);  // the later one counts
  EXPECT_EQ(Admit(59), kHeldBack);
  EXPECT_EQ(Admit(60), 1);
  suppressor_.Restore(key_, 0, published);
  EXPECT_EQ(Admit(119), kHeldBack);
}

TEST_F(SuppressorTest, NamesTheSuppressionInTheAlert) {
  Alert alert = Build({Request(0)});
  EXPECT_THAT(ToJson(alert, fields_, sources_), Not(HasSubstr("suppression_key")));
  suppressor_.Admit(alert);
  EXPECT_THAT(alert.suppression_key, MatchesRegex("[0-9a-f]{32}"));
  EXPECT_THAT(ToJson(alert, fields_, sources_),
              HasSubstr("\"suppression_key\":\"" + alert.suppression_key + "\""));
}

TEST_F(SuppressorTest, KnowsTheHostByWhatItIsCalled) {
  rules::Rule rule;
  rule.id = "by-host";
  rule.suppress = {{field::kHostId}, 60 * event::kSecond, ""};
  const auto key = [&](event::HostId number, std::string id, std::string name) {
    Alert alert = Build({Request(0)});
    alert.rule = &rule;
    alert.match.host = number;
    alert.host_id = std::move(id);
    alert.host_name = std::move(name);
    Suppressor().Admit(alert);
    return alert.suppression_key;
  };
  EXPECT_EQ(key(1, "AAAA-1", "web-03"), key(2, "AAAA-1", "web-03"));
  EXPECT_EQ(key(1, "AAAA-1", "web-03"), key(1, "AAAA-1", "web-04"));
  EXPECT_NE(key(1, "AAAA-1", "web-03"), key(1, "AAAA-2", "web-03"));
  EXPECT_NE(key(1, "", "web-03"), key(1, "", "web-04"));
  rule.suppress.window = 0;
  EXPECT_EQ(key(1, "AAAA-1", "web-03"), "");
}

class SuppressionGroupTest : public AlertTest {
 protected:
  static rules::Rule Variant(absl::string_view id, rules::Severity severity, int risk_score,
                             event::TimeNs window = 60 * event::kSecond) {
    rules::Rule rule;
    rule.id = std::string(id);
    rule.severity = severity;
    rule.risk_score = risk_score;
    rule.suppress = {{field::kSourceIp}, window, "web"};
    return rule;
  }
  bool Admit(const rules::Rule& rule, int second) {
    alert_ = Build({Request(second)});
    alert_.rule = &rule;
    return suppressor_.Admit(alert_);
  }

  const rules::Rule high_ = Variant("web-high", rules::Severity::kHigh, 73);
  const rules::Rule also_high_ = Variant("web-also-high", rules::Severity::kHigh, 73);
  const rules::Rule weaker_ = Variant("web-weaker", rules::Severity::kHigh, 65);
  const rules::Rule low_ = Variant("web-low", rules::Severity::kLow, 99);
  Suppressor suppressor_;
  Alert alert_;  // the last
};

TEST_F(SuppressionGroupTest, RulesOfAGroupHoldBackEachOther) {
  EXPECT_TRUE(Admit(high_, 0));
  EXPECT_FALSE(Admit(also_high_, 1));
  EXPECT_FALSE(Admit(weaker_, 2));
  EXPECT_FALSE(Admit(low_, 59));
  EXPECT_TRUE(Admit(low_, 60));
  EXPECT_EQ(alert_.suppressed, 3u);
}

TEST_F(SuppressionGroupTest, AGraverAlertGoesOutAtOnce) {
  EXPECT_TRUE(Admit(low_, 0));
  EXPECT_TRUE(Admit(weaker_, 1));
  EXPECT_FALSE(Admit(low_, 2));
  EXPECT_TRUE(Admit(high_, 3));  // of one severity, and the higher score
  EXPECT_EQ(alert_.suppressed, 1u);
  EXPECT_FALSE(Admit(weaker_, 62));
  EXPECT_FALSE(Admit(also_high_, 62));
  EXPECT_TRUE(Admit(weaker_, 63));
}

TEST_F(SuppressionGroupTest, AnAlertOfLaterDoesNotHideAGraverOneOfBefore) {
  const rules::Rule patient =
      Variant("web-patient", rules::Severity::kHigh, 65, 600 * event::kSecond);
  EXPECT_TRUE(Admit(high_, 0));
  EXPECT_TRUE(Admit(low_, 60));
  EXPECT_FALSE(Admit(patient, 599));
  EXPECT_TRUE(Admit(patient, 600));
}

TEST_F(SuppressionGroupTest, OtherValuesAndOtherGroupsAreOtherIncidents) {
  rules::Rule elsewhere = low_;
  elsewhere.suppress.group = "mail";
  rules::Rule alone = low_;
  alone.suppress.group = "";
  rules::Rule named_like_the_group = alone;
  named_like_the_group.id = "web";
  EXPECT_TRUE(Admit(high_, 0));
  EXPECT_TRUE(Admit(elsewhere, 1));
  EXPECT_TRUE(Admit(alone, 1));
  EXPECT_TRUE(Admit(named_like_the_group, 1));
  alert_ = Build({Flow(1)});
  alert_.rule = &low_;
  EXPECT_TRUE(suppressor_.Admit(alert_));
}

TEST_F(SuppressionGroupTest, ShadowHoldsNothingBackThatIsLive) {
  rules::Rule shadow = high_;
  shadow.mode = rules::Mode::kShadow;
  EXPECT_TRUE(Admit(shadow, 0));
  EXPECT_TRUE(Admit(low_, 1));
  EXPECT_FALSE(Admit(shadow, 2));
}

TEST_F(SuppressionGroupTest, EachRuleIsAloneWhenAskedSo) {
  suppressor_ = Suppressor(Suppression::kByRule);
  EXPECT_TRUE(Admit(high_, 0));
  EXPECT_TRUE(Admit(also_high_, 1));
  EXPECT_FALSE(Admit(also_high_, 2));
  suppressor_ = Suppressor(Suppression::kNone);
  EXPECT_TRUE(Admit(high_, 0));
  EXPECT_TRUE(Admit(high_, 0));
}

TEST_F(SuppressionGroupTest, GoesOnFromWhatWasPublished) {
  ASSERT_TRUE(Admit(weaker_, 0));
  const Alert published = alert_;
  suppressor_ = Suppressor();
  suppressor_.Restore(published.suppression_key, GravityOf(rules::Severity::kHigh, 65),
                      published.end);
  EXPECT_FALSE(Admit(low_, 30));
  EXPECT_FALSE(Admit(weaker_, 31));
  EXPECT_TRUE(Admit(high_, 32));
}

}  // namespace
}  // namespace sequitur::alert
