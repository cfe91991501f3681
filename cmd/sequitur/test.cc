// sequitur test: run the tests that rules carry.

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cmd/sequitur/command.h"
#include "pipeline/test_runner.h"

namespace sequitur::cmd {
namespace {

void Explain(const rules::RuleTest& test, const pipeline::TestOutcome& outcome) {
  std::printf("FAILED  %s: %s\n        %s:%d: expected %lld alerts, got %lld\n", test.rule.c_str(),
              test.name.c_str(), test.file.c_str(), test.line, static_cast<long long>(test.expect),
              static_cast<long long>(outcome.alerts));
  for (const std::string& problem : outcome.problems) {
    std::printf("        could not read: %s\n", problem.c_str());
  }
  if (test.expect_rules) {
    std::printf(
        "        expected to fire: %s\n",
        test.expect_rules->empty() ? "nothing" : absl::StrJoin(*test.expect_rules, ", ").c_str());
  }
  for (const std::string& headline : outcome.headlines) {
    std::printf("        fired: %s\n", headline.c_str());
  }
  if (outcome.headlines.empty()) std::printf("        nothing fired\n");
}

int Test(const pipeline::SiteOptions& options) {
  const auto site = LoadOrExplain(options, Warnings::kHide);
  if (site == nullptr) return 1;
  size_t failed = 0;
  for (const rules::RuleTest& test : site->tests()) {
    const pipeline::TestOutcome outcome = pipeline::RunTest(*site, test);
    if (outcome.passed) {
      std::printf("ok      %s: %s\n", test.rule.c_str(), test.name.c_str());
    } else {
      Explain(test, outcome);
      ++failed;
    }
  }
  std::printf("%zu passed, %zu failed\n", site->tests().size() - failed, failed);
  if (site->tests().empty()) std::printf("no rule has a tests: block\n");
  return failed == 0 ? 0 : 1;
}

}  // namespace

void AddTest(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("test", "Run the tests: blocks of the rules");
  auto options = std::make_shared<pipeline::SiteOptions>();
  AddSiteOptions(*command, *options);
  command->callback([&run, options] { run = [options] { return Test(*options); }; });
}

}  // namespace sequitur::cmd
