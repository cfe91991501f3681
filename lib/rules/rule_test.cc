#include "rules/rule_test.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rules/rule_ids.h"
#include "yaml/json.h"
#include "yaml/scalar.h"

namespace sequitur::rules {
namespace {

namespace fs = std::filesystem;

using event::TimeNs;
using yaml::Mapping;
using yaml::Node;

// Reads the events of one test; each without a time of its own is a second
// after the one before.
class EventReader {
 public:
  EventReader(RuleTest& test, TimeNs start, absl::Span<const absl::string_view> kinds)
      : test_(test), start_(start), next_(start), kinds_(kinds) {}

  void Read(const Node& node) {
    if (!node.is_mapping()) {
      node.AddError("expected an event such as {event.category: process, process.name: sh}");
      return;
    }
    const std::vector<Node::Entry> entries = node.Entries();
    const bool is_line = std::any_of(entries.begin(), entries.end(),
                                     [](const Node::Entry& e) { return e.key.text() == "line"; });
    if (is_line) {
      ReadLine(node);
    } else {
      ReadDocument(node, entries);
    }
  }

 private:
  void ReadLine(const Node& node) {
    Mapping mapping(node, "a raw line");
    TestEvent event;
    event.record = mapping.RequireString("line").value_or("");
    event.host = mapping.GetString("host").value_or(std::string(kTestHost));
    event.line = node.line();
    if (const auto source = mapping.Require("source")) event.source = ReadSourceKind(*source);
    mapping.Finish();
    Add(node, std::move(event));
  }

  std::string ReadSourceKind(const Node& node) {
    if (!kinds_.empty()) node.AsWord(kinds_);
    return std::string(node.text());
  }

  // The keys of an entry that are ours; the rest is the document.
  struct Shorthand {
    std::optional<TimeNs> at;
    int64_t repeat = 1;
    std::string host = std::string(kTestHost);
    bool names_host = false;  // by ECS's own keys
    bool names_time = false;
  };

  void ReadDocument(const Node& node, absl::Span<const Node::Entry> entries) {
    Shorthand shorthand;
    std::string fields;
    for (const Node::Entry& entry : entries) {
      if (ReadShorthand(entry, shorthand)) continue;
      absl::StrAppend(&fields, ",", yaml::JsonString(entry.key.text()), ":",
                      yaml::ToJson(entry.value));
    }
    if (!shorthand.names_host) {
      const std::string host = yaml::JsonString(shorthand.host);
      fields = absl::StrCat(",\"host\":{\"id\":", host, ",\"name\":", host, "}", fields);
    }
    if (shorthand.at) next_ = event::AddSaturating(start_, *shorthand.at);
    for (int64_t i = 0; i < shorthand.repeat; ++i) {
      if (!Add(node, {Document(fields, shorthand.names_time), "ecs", "", node.line()})) return;
      next_ = event::AddSaturating(next_, event::kSecond);
    }
  }

  std::string Document(absl::string_view fields, bool names_time) const {
    if (names_time) return absl::StrCat("{", fields.substr(1), "}");
    return absl::StrCat("{\"@timestamp\":\"", event::FormatIso8601(next_), "\"", fields, "}");
  }

  bool ReadShorthand(const Node::Entry& entry, Shorthand& shorthand) {
    const absl::string_view key = entry.key.text();
    if (key == "at") {
      const auto at = entry.value.AsDuration();
      if (at) shorthand.at = absl::ToInt64Nanoseconds(*at);
      return true;
    }
    if (key == "repeat") {
      shorthand.repeat = entry.value.AsInt(1, kMaxTestEvents).value_or(1);
      return true;
    }
    if (key == "host" && entry.value.is_scalar()) {
      shorthand.host = std::string(entry.value.text());
      return true;
    }
    shorthand.names_host |= key == "host" || absl::StartsWith(key, "host.");
    shorthand.names_time |= key == "@timestamp";
    return false;
  }

  bool Add(const Node& node, TestEvent event) {
    bytes_ += event.record.size();
    if (test_.events.size() < static_cast<size_t>(kMaxTestEvents) && bytes_ <= kMaxTestBytes) {
      test_.events.push_back(std::move(event));
      return true;
    }
    if (!full_) {
      node.AddError(absl::StrCat("more than ", kMaxTestEvents, " events or ", kMaxTestBytes >> 20,
                                 " MiB in a test"));
    }
    full_ = true;
    return false;
  }

  RuleTest& test_;
  TimeNs start_;
  TimeNs next_;
  absl::Span<const absl::string_view> kinds_;
  size_t bytes_ = 0;
  bool full_ = false;
};

// "PATH" or {path, source, host}; a relative path starts at the rule's file.
TestFile ReadTestFile(const Node& node) {
  TestFile file;
  std::string path;
  if (node.is_mapping()) {
    Mapping mapping(node, "a test's file");
    path = mapping.RequireString("path").value_or("");
    file.source = mapping.GetString("source").value_or("");
    file.host = mapping.GetString("host").value_or("");
    mapping.Finish();
  } else {
    path = node.AsString().value_or("");
  }
  const fs::path resolved = fs::path(std::string(node.file())).parent_path() / path;
  std::error_code error;
  if (!path.empty() && !fs::exists(resolved, error)) {
    node.AddError(absl::StrCat("no such file: ", resolved.string()));
  }
  file.path = resolved.string();
  return file;
}

TimeNs ReadStart(Mapping& mapping) {
  const auto node = mapping.Get("start");
  if (!node) return kTestStart;
  const auto start = event::ParseIso8601(node->text());
  if (!start) node->AddError("expected a time such as 2026-01-01T00:00:00Z");
  return start.value_or(kTestStart);
}

std::vector<std::string> ReadExpectedRules(const Node& node,
                                           absl::Span<const absl::string_view> known) {
  std::vector<std::string> ids;
  for (const Node& element : node.Elements()) {
    const auto id = element.AsString();
    if (!id) continue;
    ids.push_back(*id);
    if (known.empty() || std::find(known.begin(), known.end(), *id) != known.end()) continue;
    element.AddError(UnknownRuleId(*id, known));
  }
  return ids;
}

RuleTest ReadRuleTest(const Node& node, const TestVocabulary& vocabulary) {
  RuleTest test;
  test.file = std::string(node.file());
  test.line = node.line();
  Mapping mapping(node, "a test");
  test.name = mapping.RequireString("name").value_or("");
  EventReader reader(test, ReadStart(mapping), vocabulary.source_kinds);
  const auto events = mapping.Get("events");
  const auto files = mapping.Get("files");
  if (events) {
    for (const Node& element : events->Elements()) reader.Read(element);
  }
  if (files) {
    for (const Node& element : files->Elements()) test.files.push_back(ReadTestFile(element));
  }
  if (!events && !files && node.is_mapping()) node.AddError("a test needs 'events' or 'files'");
  if (const auto expect = mapping.Require("expect")) test.expect = expect->AsInt(0).value_or(0);
  if (const auto ids = mapping.Get("expect_rules")) {
    test.expect_rules = ReadExpectedRules(*ids, vocabulary.rule_ids);
  }
  mapping.Finish();
  return test;
}

}  // namespace

std::vector<RuleTest> ReadRuleTests(const Node& node, const TestVocabulary& vocabulary) {
  std::vector<RuleTest> tests;
  for (const Node& element : node.Elements()) tests.push_back(ReadRuleTest(element, vocabulary));
  return tests;
}

}  // namespace sequitur::rules
