#include "rules/allowlists.h"

#include "gtest/gtest.h"
#include "rules/testing.h"

namespace sequitur::rules {
namespace {

constexpr absl::CivilDay kToday(2026, 11, 24);

std::string EntryProblems(absl::string_view fields) {
  yaml::Document document = yaml::Document::Parse(
      absl::StrCat("- {rule: a, where: true, owner: o, reason: r", fields, "}"), "f");
  ReadAllowlist(document, kToday);
  return Problems(document);
}

TEST(ReadAllowlist, TakesEveryKey) {
  yaml::Document document = yaml::Document::Parse(
      "- rule: web-exploit-chain\n"
      "  step: 3\n"
      "  where: process.name == \"logrotate\"\n"
      "  owner: web@example.com\n"
      "  reason: nightly\n"
      "  expires: 2027-03-31\n",
      "f.yaml");
  const std::vector<AllowlistDraft> drafts = ReadAllowlist(document, kToday);
  EXPECT_EQ(Problems(document), "");
  ASSERT_EQ(drafts.size(), 1u);
  const AllowlistEntry& entry = drafts[0].entry;
  EXPECT_EQ(entry.rule, "web-exploit-chain");
  EXPECT_EQ(entry.step, 3);
  EXPECT_EQ(entry.where_text, "process.name == \"logrotate\"");
  EXPECT_EQ(entry.owner, "web@example.com");
  EXPECT_EQ(entry.reason, "nightly");
  EXPECT_EQ(entry.expires, "2027-03-31");
  EXPECT_EQ(entry.file, "f.yaml");
  EXPECT_EQ(entry.line, 1);
  EXPECT_FALSE(drafts[0].expired);
}

TEST(ReadAllowlist, IsActiveThroughTheDayItExpires) {
  for (const auto& [date, expired] : {std::pair("2026-11-23", true), {"2026-11-24", false}}) {
    yaml::Document document = yaml::Document::Parse(
        absl::StrCat("- {rule: a, where: true, owner: o, reason: r, expires: ", date, "}"), "f");
    EXPECT_EQ(ReadAllowlist(document, kToday)[0].expired, expired) << date;
  }
}

TEST(ReadAllowlist, WarnsOfEntriesThatExpiredOrNeverWill) {
  EXPECT_EQ(EntryProblems(", expires: 2020-01-31"),
            "1:56: warning: this entry expired on 2020-01-31 and no longer holds anything back; "
            "remove or renew it");
  EXPECT_EQ(EntryProblems(""),
            "1:3: warning: this entry never expires; give it a date to be looked at again, such "
            "as `expires: 2027-03-31`");
}

TEST(ReadAllowlist, RefusesWhatIsNoDate) {
  for (absl::string_view date : {"soon", "2027-3-1", "2027-02-30", "2027-03-01T00", "20270301"}) {
    EXPECT_EQ(EntryProblems(absl::StrCat(", expires: ", date)),
              absl::StrCat("1:56: expected a date such as 2027-03-31, found '", date, "'"));
  }
}

TEST(ReadAllowlist, NeedsSomebodyWhoAnswersForIt) {
  yaml::Document document =
      yaml::Document::Parse("- {rule: a, expires: 2027-01-01, step: 0, steps: 1}\n- b\n", "f");
  ReadAllowlist(document, kToday);
  EXPECT_EQ(Problems(document),
            "1:3: an allowlist entry needs 'where'\n"
            "1:3: an allowlist entry needs 'owner'\n"
            "1:3: an allowlist entry needs 'reason'\n"
            "1:40: expected a whole number of at least 1 and at most 256, found '0'\n"
            "1:43: unknown key 'steps' in an allowlist entry; did you mean 'step'?\n"
            "2:3: expected an allowlist entry as a mapping (key: value), found 'b'\n"
            "2:3: warning: this entry never expires; give it a date to be looked at again, such "
            "as `expires: 2027-03-31`");
}

TEST(Covers, TakesInVariantsUnlessAStepIsNamed) {
  AllowlistEntry entry;
  entry.rule = "web-exploit-chain";
  EXPECT_TRUE(Covers(entry, "web-exploit-chain"));
  EXPECT_TRUE(Covers(entry, "web-exploit-chain-crash"));
  EXPECT_FALSE(Covers(entry, "web-exploit-chains"));
  EXPECT_FALSE(Covers(entry, "web-exploit"));
  EXPECT_FALSE(Covers(entry, ""));
  entry.step = 2;
  EXPECT_TRUE(Covers(entry, "web-exploit-chain"));
  EXPECT_FALSE(Covers(entry, "web-exploit-chain-crash"));
}

}  // namespace
}  // namespace sequitur::rules
