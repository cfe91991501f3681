#pragma once

// RuleTest: one entry of a rule's `tests:` block: events, and how many alerts
// of that rule they make. `sequitur test` runs them through the whole pipeline.
//
//   tests:
//     - name: fires on a shell below nginx
//       events:
//         - {event.category: web, sequitur.indicators: [path_traversal]}
//         - {event.category: process, process.name: sh, at: 2s}
//         - {line: "2026/01/01 00:00:03 [alert] ...", source: nginx-error}
//       expect: 1
//
// An event is an ECS document, nested or with dotted keys. What it leaves out:
// `@timestamp` is one second after the event before it (`at:` sets the offset
// from the test's `start` instead), `host` is "test-host" (a plain `host: web-1`
// names another). `repeat: 5` is five of it, a second apart. `line` is one raw
// line of a log, as its `source` kind; its time is what the line says.
//
// Bounds: kMaxTestEvents and kMaxTestBytes per test, repeats written out.

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "event/time.h"
#include "yaml/document.h"

namespace sequitur::rules {

inline constexpr int64_t kMaxTestEvents = 100'000;
inline constexpr size_t kMaxTestBytes = 16 << 20;
// 2026-01-01T00:00:00Z, where a test without `start` begins.
inline constexpr event::TimeNs kTestStart = 1'767'225'600 * event::kSecond;
inline constexpr absl::string_view kTestHost = "test-host";

struct TestEvent {
  std::string record;  // a JSON document on one line, or a line of a log
  std::string source;  // kind of source (decode::SourceKindName); a document: "ecs"
  std::string host;    // for records that name none
  int line = 0;        // in the rule's file
};

// A file of telemetry, read as `sequitur replay` would.
struct TestFile {
  std::string path;    // from the working directory
  std::string source;  // as above, or empty: told from the content
  std::string host;
};

struct RuleTest {
  std::string rule;  // id
  std::string name;
  std::vector<TestEvent> events;
  std::vector<TestFile> files;
  int64_t expect = 0;  // alerts of `rule`
  // The rules that alert, when it matters which and only which.
  std::optional<std::vector<std::string>> expect_rules;
  std::string file;
  int line = 0;
};

// The words a test may use; empty: not checked.
struct TestVocabulary {
  absl::Span<const absl::string_view> source_kinds;
  absl::Span<const absl::string_view> rule_ids;
};

// A rule's `tests:`; problems are added to the node's document. The caller
// fills in `rule`.
std::vector<RuleTest> ReadRuleTests(const yaml::Node& node, const TestVocabulary& vocabulary);

}  // namespace sequitur::rules
