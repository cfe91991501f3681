#include "rules/rule_test.h"

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rules/testing.h"
#include "testing/temp_folder.h"

namespace sequitur::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::string_view kKinds[] = {"nginx-access", "nginx-error"};
constexpr absl::string_view kIds[] = {"a-rule", "b-rule"};

struct Read {
  std::vector<RuleTest> tests;
  std::string problems;
};

Read ReadTests(absl::string_view text, absl::string_view file = "f.yaml") {
  yaml::Document document = yaml::Document::Parse(text, file);
  Read read;
  read.tests = ReadRuleTests(document.root(), {kKinds, kIds});
  read.problems = Problems(document);
  return read;
}

std::vector<std::string> Records(const RuleTest& test) {
  std::vector<std::string> records;
  for (const TestEvent& event : test.events) records.push_back(event.record);
  return records;
}

TEST(ReadRuleTests, FillsInTimeAndHost) {
  const Read read = ReadTests(
      "- name: fires\n"
      "  events:\n"
      "    - {event.category: web}\n"
      "    - process: {name: sh, pid: 12}\n"
      "  expect: 1\n");
  EXPECT_EQ(read.problems, "");
  ASSERT_EQ(read.tests.size(), 1u);
  EXPECT_EQ(read.tests[0].name, "fires");
  EXPECT_EQ(read.tests[0].expect, 1);
  EXPECT_EQ(read.tests[0].line, 1);
  EXPECT_THAT(Records(read.tests[0]),
              ElementsAre(R"({"@timestamp":"2026-01-01T00:00:00.000Z",)"
                          R"("host":{"id":"test-host","name":"test-host"},"event.category":"web"})",
                          R"({"@timestamp":"2026-01-01T00:00:01.000Z",)"
                          R"("host":{"id":"test-host","name":"test-host"},)"
                          R"("process":{"name":"sh","pid":12}})"));
  EXPECT_EQ(read.tests[0].events[1].source, "ecs");
  EXPECT_EQ(read.tests[0].events[1].line, 4);
}

TEST(ReadRuleTests, TakesShorthandsForTimeHostAndRepetition) {
  const Read read = ReadTests(
      "- name: shorthands\n"
      "  start: 2026-03-01T10:00:00Z\n"
      "  events:\n"
      "    - {a: 1, at: 5s, host: web-1, repeat: 2}\n"
      "    - {a: 2}\n"
      "    - {a: 3, at: 250ms}\n"
      "  expect: 0\n");
  EXPECT_EQ(read.problems, "");
  EXPECT_THAT(
      Records(read.tests[0]),
      ElementsAre(
          R"({"@timestamp":"2026-03-01T10:00:05.000Z","host":{"id":"web-1","name":"web-1"},"a":1})",
          R"({"@timestamp":"2026-03-01T10:00:06.000Z","host":{"id":"web-1","name":"web-1"},"a":1})",
          R"({"@timestamp":"2026-03-01T10:00:07.000Z",)"
          R"("host":{"id":"test-host","name":"test-host"},"a":2})",
          R"({"@timestamp":"2026-03-01T10:00:00.250Z",)"
          R"("host":{"id":"test-host","name":"test-host"},"a":3})"));
}

TEST(ReadRuleTests, LeavesWhatTheEventSaysItself) {
  const Read read = ReadTests(
      "- name: own\n"
      "  events:\n"
      "    - {\"@timestamp\": 2026-01-01T00:00:09Z, host.id: h}\n"
      "    - {\"@timestamp\": 2026-01-01T00:00:09Z, host: {name: n}}\n"
      "  expect: 0\n");
  EXPECT_EQ(read.problems, "");
  EXPECT_THAT(Records(read.tests[0]),
              ElementsAre(R"({"@timestamp":"2026-01-01T00:00:09Z","host.id":"h"})",
                          R"({"@timestamp":"2026-01-01T00:00:09Z","host":{"name":"n"}})"));
}

TEST(ReadRuleTests, KeepsAnEventWithTimeAndHostOfItsOwnWellFormed) {
  const Read read = ReadTests("- {name: x, events: [{\"@timestamp\": t}, {}], expect: 0}\n");
  EXPECT_THAT(Records(read.tests[0]),
              ElementsAre(R"({"host":{"id":"test-host","name":"test-host"},"@timestamp":"t"})",
                          R"({"@timestamp":"2026-01-01T00:00:01.000Z",)"
                          R"("host":{"id":"test-host","name":"test-host"}})"));
}

TEST(ReadRuleTests, ReadsRawLines) {
  const Read read = ReadTests(
      "- name: lines\n"
      "  events:\n"
      "    - {line: \"a \\\"b\\\"\", source: nginx-access}\n"
      "    - {line: c, source: nginx-error, host: web-1}\n"
      "    - {line: d, source: nginx}\n"
      "    - {line: e, at: 5s}\n"
      "  expect: 0\n");
  ASSERT_EQ(read.tests.size(), 1u);
  const TestEvent& first = read.tests[0].events[0];
  EXPECT_EQ(first.record, "a \"b\"");
  EXPECT_EQ(first.source, "nginx-access");
  EXPECT_EQ(first.host, "test-host");
  EXPECT_EQ(read.tests[0].events[1].host, "web-1");
  EXPECT_EQ(read.problems,
            "5:25: expected one of nginx-access, nginx-error, found 'nginx'\n"
            "6:7: a raw line needs 'source'\n"
            "6:17: unknown key 'at' in a raw line");
}

TEST(ReadRuleTests, FindsFilesBesideTheRule) {
  const sequitur::testing::TempFolder temp;
  const std::string& folder = temp.path();
  std::ofstream(folder + "/access.log") << "x\n";
  const Read read = ReadTests(
      "- name: files\n"
      "  files:\n"
      "    - access.log\n"
      "    - {path: access.log, source: nginx-access, host: web-1}\n"
      "    - missing.log\n"
      "  expect: 2\n"
      "  expect_rules: [b-rule]\n",
      folder + "/rule.yaml");
  const RuleTest& test = read.tests[0];
  EXPECT_EQ(test.files[0].path, folder + "/access.log");
  EXPECT_EQ(test.files[0].source, "");
  EXPECT_EQ(test.files[1].source, "nginx-access");
  EXPECT_EQ(test.files[1].host, "web-1");
  EXPECT_THAT(test.events, IsEmpty());
  EXPECT_THAT(test.expect_rules.value_or(std::vector<std::string>()), ElementsAre("b-rule"));
  EXPECT_EQ(read.problems, absl::StrCat("5:7: no such file: ", folder, "/missing.log"));
}

TEST(ReadRuleTests, ReportsWhatIsMissingOrUnknown) {
  const Read read = ReadTests(
      "- {name: a, expect: 1}\n"
      "- {events: [x], expect: -1, expects: 1}\n"
      "- {name: b, events: [], start: noon, expect_rules: [a-rul]}\n"
      "- {name: c, events: [{repeat: 0, at: later}], expect: 0}\n");
  EXPECT_EQ(read.problems,
            "1:3: a test needs 'events' or 'files'\n"
            "2:3: a test needs 'name'\n"
            "2:13: expected an event such as {event.category: process, process.name: sh}\n"
            "2:25: expected a whole number of at least 0, found '-1'\n"
            "2:29: unknown key 'expects' in a test; did you mean 'expect'?\n"
            "3:3: a test needs 'expect'\n"
            "3:32: expected a time such as 2026-01-01T00:00:00Z\n"
            "3:53: no rule has the id 'a-rul'; did you mean 'a-rule'?\n"
            "4:31: expected a whole number of at least 1 and at most 100000, found '0'\n"
            "4:38: expected a duration such as 250ms, 30s, 5m, 1h30m or 2d, found 'later'");
}

TEST(ReadRuleTests, BoundsRepetition) {
  const Read read =
      ReadTests(absl::StrCat("- name: big\n  expect: 0\n  events:\n    - {repeat: 60000, a: b}\n"
                             "    - {repeat: 60000, a: b}\n    - {repeat: 60000, a: ",
                             std::string(4096, 'x'), "}\n"));
  EXPECT_LE(read.tests[0].events.size(), static_cast<size_t>(kMaxTestEvents));
  EXPECT_EQ(read.problems, "5:7: more than 100000 events or 16 MiB in a test");
}

}  // namespace
}  // namespace sequitur::rules
