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
  suppressor_.Restore(key_, published);
  suppressor_.Restore(key_, published - event::kSecond);  // the later one counts
  EXPECT_EQ(Admit(59), kHeldBack);
  EXPECT_EQ(Admit(60), 1);
  suppressor_.Restore(key_, published);
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
  rule.suppress = {{field::kHostId}, 60 * event::kSecond};
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

}  // namespace
}  // namespace sequitur::alert
