#include "alert/published_alerts.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "alert/alert_fixture.h"
#include "alert/alert_json.h"
#include "alert/suppressor.h"

namespace sequitur::alert {
namespace {

class PublishedAlertsTest : public AlertTest {
 protected:
  PublishedAlertsTest() { topic_ = sources_.Add("web-logs"); }

  // An event of a topic, at this offset.
  event::SnapshotRef At(int64_t offset, uint32_t row = 0, int32_t partition = 2) {
    Begin(static_cast<int>(offset));
    event_->position = {topic_, partition, offset, row};
    return event::Snapshot::Of(*event_);
  }
  std::string Json(const Alert& alert) { return ToJson(alert, fields_, sources_); }
  bool Uses(std::vector<event::SnapshotRef> evidence, absl::string_view rule = "web-test") {
    return published_.Uses(rule, Build(std::move(evidence)).match, sources_);
  }

  uint32_t topic_ = 0;
  PublishedAlerts published_;
};

TEST_F(PublishedAlertsTest, KnowsAnAlertByItsId) {
  const Alert alert = Build({At(5), {}, At(7)});
  EXPECT_FALSE(published_.Contains(alert.id));
  EXPECT_TRUE(published_.Add(Json(alert)));
  EXPECT_TRUE(published_.Add(Json(alert)));
  EXPECT_TRUE(published_.Contains(alert.id));
  EXPECT_FALSE(published_.Contains(Build({At(5), {}, At(8)}).id));
  EXPECT_EQ(published_.size(), 1u);
}

TEST_F(PublishedAlertsTest, KnowsEveryHitOfAnAlert) {
  EXPECT_FALSE(Uses({At(5), {}, At(7)}));
  ASSERT_TRUE(published_.Add(Json(Build({At(5), {}, At(7, 3)}))));
  EXPECT_TRUE(Uses({At(5), {}, At(7, 3)}));
  EXPECT_TRUE(Uses({At(5), {}, At(9)}));  // one is enough
  EXPECT_TRUE(Uses({At(4), {}, At(7, 3)}));
  EXPECT_FALSE(Uses({At(4), {}, At(9)}));
  EXPECT_FALSE(Uses({At(4), {}, At(5)}));  // at another stage
  EXPECT_FALSE(Uses({At(4), {}, At(7)}));  // another row
  EXPECT_FALSE(Uses({At(5, 0, 1), {}, At(9)}));
  EXPECT_FALSE(Uses({At(5), {}, At(7, 3)}, "web-test-2"));
}

TEST_F(PublishedAlertsTest, TellsTopicsAndFilesByName) {
  ASSERT_TRUE(published_.Add(Json(Build({Request(0), {}, At(7)}))));
  EXPECT_TRUE(Uses({Request(0)}));
  EXPECT_FALSE(Uses({Request(1)}));
  SourceNames others;  // the same names in another order
  others.Add("web-logs");
  const uint32_t file = others.Add("access.log");
  Begin(9);
  event_->position = {file, Position::kFile, 1, 0};
  const correlate::Match match = Build({event::Snapshot::Of(*event_)}).match;
  EXPECT_TRUE(published_.Uses("web-test", match, others));
  EXPECT_FALSE(published_.Uses("web-test", match, sources_));
}

TEST_F(PublishedAlertsTest, ReadsNamesThatAreNoUtf8) {
  topic_ = sources_.Add("odd\xff.log");
  ASSERT_TRUE(published_.Add(Json(Build({At(5, 0, Position::kFile)}))));
  EXPECT_TRUE(Uses({At(5, 0, Position::kFile)}));
}

TEST_F(PublishedAlertsTest, RestoresTheLatestOfEachSuppression) {
  for (int second : {30, 0}) {
    Suppressor suppressor;
    Alert alert = Build({Request(second)});
    ASSERT_TRUE(suppressor.Admit(alert));
    ASSERT_TRUE(published_.Add(Json(alert)));
  }
  Suppressor suppressor;
  published_.RestoreTo(suppressor);
  Alert within = Build({Request(89)});
  EXPECT_FALSE(suppressor.Admit(within));
  Alert after = Build({Request(90)});
  EXPECT_TRUE(suppressor.Admit(after));
}

TEST_F(PublishedAlertsTest, RestoresHowGraveEachWas) {
  rules::Rule low, high;
  low.id = "web-low";
  high.id = "web-high";
  low.severity = rules::Severity::kLow;
  high.severity = rules::Severity::kHigh;
  low.suppress = high.suppress = {{field::kSourceIp}, 60 * event::kSecond, "web"};
  const auto admit = [&](Suppressor& suppressor, const rules::Rule& rule, int second) {
    Alert alert = Build({Request(second)});
    alert.rule = &rule;
    if (!suppressor.Admit(alert)) return false;
    EXPECT_TRUE(published_.Add(Json(alert)));
    return true;
  };
  Suppressor before;
  ASSERT_TRUE(admit(before, high, 0));
  ASSERT_TRUE(admit(before, low, 60));
  Suppressor after;
  published_.RestoreTo(after);
  EXPECT_FALSE(admit(after, low, 61));
  EXPECT_TRUE(admit(after, high, 61));
}

TEST_F(PublishedAlertsTest, PassesOverWhatIsNoAlertOfOurs) {
  Alert alert = Build({At(5), {}, At(7)});
  Suppressor().Admit(alert);
  const std::string json = Json(alert);
  const std::pair<absl::string_view, absl::string_view> kBreaks[] = {
      {R"("kind":"alert")", R"("kind":"event")"},
      {R"("rule":{"id")", R"("rule":{"uuid")"},
      {absl::string_view(alert.id).substr(0, 4), "ABCD"},
      {R"("end":"2026)", R"("end":"soon)"},
      {R"("evidence":[)", R"("evidence":[7,)"},
      {R"("evidence")", R"("proof")"},
      {R"("stage":0)", R"("stage":-1)"},
      {R"("stage":2)", R"("stage":"2")"},
      {R"("partition":2)", R"("partition":-1)"},
      {R"("partition":2)", R"("partition":2147483648)"},
      {R"("offset":7)", R"("offset":7.5)"},
      {R"("offset":7)", R"("offset":7,"row":4294967296)"},
      {R"("topic":"web-logs")", R"("topic":"")"},
      {R"("suppression_key":")", R"("suppression_key":"-)"},
      {R"("sequitur":{)", R"("sequitur":[{)"},
  };
  for (const auto& [from, to] : kBreaks) {
    const std::string broken = absl::StrReplaceAll(json, {{from, to}});
    ASSERT_NE(broken, json) << from;
    EXPECT_FALSE(published_.Add(broken)) << broken;
  }
  const std::string deep = absl::StrCat(std::string(1 << 20, '['), std::string(1 << 20, ']'));
  const std::string large =
      absl::StrCat(json, std::string(PublishedAlerts::kMaxDocument - json.size() + 1, ' '));
  const std::string others[] = {"",   "null", "{}", "[]", json.substr(0, json.size() - 1),
                                deep, large};
  for (const std::string& other : others) EXPECT_FALSE(published_.Add(other));
  EXPECT_EQ(published_.unreadable(), std::size(kBreaks) + std::size(others));
  EXPECT_EQ(published_.size(), 0u);
  EXPECT_FALSE(Uses({At(5), {}, At(7)}));
  EXPECT_TRUE(published_.Add(absl::string_view(large).substr(0, large.size() - 1)));
}

}  // namespace
}  // namespace sequitur::alert
