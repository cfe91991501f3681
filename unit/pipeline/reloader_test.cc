#include "pipeline/reloader.h"

#include <fstream>
#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/temp_folder.h"

namespace sequitur::pipeline {
namespace {

using ::testing::HasSubstr;

constexpr char kRules[] = R"(
- id: one
  name: One
  query: sequence by host.id with maxspan=1m [process where process.name == "a"] [process where process.name == "b"]
)";
constexpr char kAnother[] = R"(
- id: another
  name: Reads a field nobody read before
  query: process where acme.colour == "red"
)";

class ReloaderTest : public ::testing::Test {
 protected:
  ReloaderTest() {
    Write("rules.yaml", kRules);
    Write("sequitur.yaml", "lateness: 10m\nrules: [rules.yaml]\n");
    options_.config_path = folder_ / "sequitur.yaml";
    in_use_ = Site::Load(options_).site;
    reloader_ = std::make_unique<Reloader>(options_, in_use_, [this](auto next) {
      if (!refuse_.ok()) return refuse_;
      in_use_ = next;
      return absl::OkStatus();
    });
  }

  void Write(absl::string_view name, absl::string_view text) {
    std::ofstream(folder_ / name) << text;
  }

  testing::TempFolder folder_;
  SiteOptions options_;
  std::shared_ptr<const Site> in_use_;
  absl::Status refuse_;
  std::unique_ptr<Reloader> reloader_;
};

TEST_F(ReloaderTest, AGoodEditIsTakenAndDescribed) {
  Write("rules.yaml", absl::StrCat(kRules, kAnother));
  const auto outcome = reloader_->Reload("test");
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("1 rules new (another)"));
  EXPECT_EQ(in_use_->rules()->rules().size(), 2);
  EXPECT_EQ(reloader_->report().reloads, 1);
  EXPECT_EQ(reloader_->report().rules["live"], 2);
}

TEST_F(ReloaderTest, ABadEditChangesNothingAndSaysWhere) {
  const auto before = in_use_;
  Write("rules.yaml",
        absl::StrCat(kRules, "- id: broken\n  name: B\n  query: process where and\n"));
  const auto outcome = reloader_->Reload("test");
  EXPECT_FALSE(outcome.ok);
  EXPECT_THAT(outcome.text, HasSubstr("rules.yaml:7:"));
  EXPECT_EQ(in_use_, before);
  EXPECT_FALSE(reloader_->report().last_reload_ok);
  EXPECT_EQ(reloader_->report().reload_failures, 1);
  EXPECT_THAT(reloader_->report().last_problem, HasSubstr("rules.yaml:7:"));

  Write("rules.yaml", kRules);
  EXPECT_TRUE(reloader_->Reload("test").ok);
  EXPECT_TRUE(reloader_->report().last_reload_ok);
}

TEST_F(ReloaderTest, WhatCannotBePutToUseIsAFailure) {
  refuse_ = absl::InvalidArgumentError("no such property");
  const auto outcome = reloader_->Reload("test");
  EXPECT_FALSE(outcome.ok);
  EXPECT_THAT(outcome.text, HasSubstr("no such property"));
  EXPECT_FALSE(reloader_->report().last_reload_ok);
}

TEST_F(ReloaderTest, AnEntryExpiresWhenItsLastDayIsOver) {
  Write("allow.yaml",
        "- {rule: one, where: user.id == \"0\", owner: o, reason: r, expires: 2100-01-31}\n"
        "- {rule: one, where: user.id == \"1\", owner: o, reason: r, expires: 2020-01-31}\n"
        "- {rule: one, where: user.id == \"2\", owner: o, reason: r}\n");
  Write("sequitur.yaml", "lateness: 10m\nrules: [rules.yaml]\nallowlists: [allow.yaml]\n");
  ASSERT_TRUE(reloader_->Reload("test").ok);
  EXPECT_EQ(ExpiredEntries(*in_use_, absl::CivilDay(2100, 1, 31)), 1);
  EXPECT_EQ(ExpiredEntries(*in_use_, absl::CivilDay(2100, 2, 1)), 2);
}

TEST_F(ReloaderTest, FieldsKeepTheirNumbers) {
  Write("rules.yaml", absl::StrCat(kRules, kAnother));
  ASSERT_TRUE(reloader_->Reload("test").ok);
  const auto number = in_use_->fields().Find("acme.colour");
  ASSERT_TRUE(number.has_value());
  Write("rules.yaml",
        absl::StrCat("- id: first\n  name: F\n  query: process where acme.size == 1\n", kRules,
                     kAnother));
  ASSERT_TRUE(reloader_->Reload("test").ok);
  EXPECT_EQ(in_use_->fields().Find("acme.colour"), number);
}

TEST_F(ReloaderTest, OnlyWhatIsLookedForMayChangeInPlace) {
  const auto before = in_use_;
  Write("rules.yaml", absl::StrCat(kRules, kAnother));
  Write("sequitur.yaml", "lateness: 10m\nrules: [rules.yaml]\ntuning: {one: {maxspan: 2m}}\n");
  ASSERT_TRUE(reloader_->Reload("test").ok);
  EXPECT_TRUE(in_use_->HasSameEnvironment(*before));
  EXPECT_FALSE(before->ReadsAllThat(*in_use_));
  const auto complete_from = [&](absl::string_view id) {
    return in_use_->CompleteFrom(static_cast<uint32_t>(in_use_->rules()->Find(id)));
  };
  EXPECT_GT(complete_from("another"), event::kNoTime);
  EXPECT_TRUE(in_use_->ReadsAllThat(*before));

  Write("sequitur.yaml", "lateness: 5m\nrules: [rules.yaml]\n");
  ASSERT_TRUE(reloader_->Reload("test").ok);
  EXPECT_FALSE(in_use_->HasSameEnvironment(*before));
}

TEST_F(ReloaderTest, AnEnvironmentOutlivesTheSiteItCameFrom) {
  Write("sequitur.yaml", R"(
lateness: 10m
rules: [rules.yaml]
baselines:
  - {name: peers, fields: [process.name], when: process.pid > 1}
)");
  ASSERT_TRUE(reloader_->Reload("test").ok);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(reloader_->Reload("test").ok);
  const auto options = in_use_->EnrichOptions();
  ASSERT_EQ(options.baselines.size(), 1);
  event::Event event(in_use_->projection());
  event.SetInt(event::field::kProcessPid, 2);
  EXPECT_TRUE(options.baselines[0].when(event));
}

}  // namespace
}  // namespace sequitur::pipeline
