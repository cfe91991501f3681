#include "pipeline/test_runner.h"

#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/temp_folder.h"

namespace sequitur::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// The outcome of one test of rule `a`, which looks for a program of its name;
// rule `b` looks for its own.
class TestRunnerTest : public ::testing::Test {
 protected:
  TestOutcome Run(absl::string_view test, absl::string_view suppress = "{for: 0s}") {
    std::ofstream(folder_ / "rules.yaml")
        << "- id: b\n  suppress: " << suppress << "\n  query: process where process.name == \"b\"\n"
        << "- id: a\n  suppress: " << suppress
        << "\n  query: process where process.name == \"a\"\n  tests:\n    - {name: t, " << test
        << "}\n";
    std::ofstream(folder_ / "sequitur.yaml") << "";
    SiteOptions options;
    options.config_path = folder_ / "sequitur.yaml";
    options.rule_paths = {folder_ / "rules.yaml"};
    const auto loaded = Site::Load(options);
    for (const Diagnostic& problem : loaded.diagnostics) ADD_FAILURE() << problem.ToString();
    if (loaded.site == nullptr) return {};
    return RunTest(*loaded.site, loaded.site->tests().front());
  }

  testing::TempFolder folder_;
};

constexpr absl::string_view kA = "{event.category: process, process.name: a}";
constexpr absl::string_view kB = "{event.category: process, process.name: b}";

TEST_F(TestRunnerTest, CountsTheAlertsOfItsRule) {
  const TestOutcome outcome =
      Run(absl::StrCat("events: [", kA, ", ", kB, ", ", kA, "], expect: 2"));
  EXPECT_TRUE(outcome.passed);
  EXPECT_THAT(outcome.fired, ElementsAre(Pair("a", 2), Pair("b", 1)));
  EXPECT_FALSE(Run(absl::StrCat("events: [", kA, "], expect: 0")).passed);
  EXPECT_TRUE(Run(absl::StrCat("events: [", kB, "], expect: 0")).passed);
}

TEST_F(TestRunnerTest, OtherRulesOfItsGroupHoldNothingBack) {
  const TestOutcome outcome =
      Run(absl::StrCat("events: [", kB, ", ", kA, ", ", kA, "], expect: 1"), "{for: 1h, group: g}");
  EXPECT_TRUE(outcome.passed);
  EXPECT_THAT(outcome.fired, ElementsAre(Pair("a", 1), Pair("b", 1)));
}

TEST_F(TestRunnerTest, ExpectRulesNamesAllThatFire) {
  const auto passes = [&](absl::string_view events, int expect, absl::string_view rules) {
    return Run(absl::StrCat("events: [", events, "], expect: ", expect, ", expect_rules: [", rules,
                            "]"))
        .passed;
  };
  EXPECT_TRUE(passes(kA, 1, "a"));
  EXPECT_FALSE(passes(kA, 1, "a, b"));
  EXPECT_FALSE(passes(absl::StrCat(kA, ", ", kB), 1, "a"));
  EXPECT_FALSE(passes(kB, 0, ""));  // none at all may fire
  EXPECT_TRUE(passes("{event.category: process, process.name: c}", 0, ""));
}

TEST_F(TestRunnerTest, ALineThatCannotBeReadFailsTheTest) {
  const TestOutcome outcome =
      Run("events: [{source: nginx-access, line: no such line}], expect: 0");
  EXPECT_FALSE(outcome.passed);
  EXPECT_THAT(outcome.problems, ElementsAre(HasSubstr("event 1: not_recognised")));
  EXPECT_THAT(outcome.fired, IsEmpty());
}

}  // namespace
}  // namespace sequitur::pipeline
