#include "pipeline/baseline_file.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "alert/printable.h"
#include "rules/rule_yaml.h"
#include "yaml/document.h"
#include "yaml/scalar.h"

namespace sequitur::pipeline {
namespace {

const config::Baseline* Find(const std::vector<config::Baseline>& configured,
                             absl::string_view name) {
  for (const config::Baseline& baseline : configured) {
    if (baseline.name == name) return &baseline;
  }
  return nullptr;
}

std::string TupleToYaml(const enrich::BaselineTuple& tuple) {
  return absl::StrCat("      - {values: [",
                      absl::StrJoin(tuple.values, ", ",
                                    [](std::string* out, const std::string& value) {
                                      absl::StrAppend(out,
                                                      rules::InQuotes(alert::ValidUtf8(value)));
                                    }),
                      "], first: ", event::FormatIso8601(tuple.first_seen),
                      ", last: ", event::FormatIso8601(tuple.last_seen), ", seen: ", tuple.seen,
                      tuple.learnt ? "}\n" : "}  # was new\n");
}

event::TimeNs ReadTime(yaml::Mapping& mapping, absl::string_view key) {
  const auto node = mapping.Require(key);
  if (!node) return event::kNoTime;
  const auto time = event::ParseIso8601(node->text());
  if (!time) node->AddError("expected a time such as 2026-12-01T00:00:00Z");
  return time.value_or(event::kNoTime);
}

enrich::BaselineTuple ReadTuple(const yaml::Node& node, const config::Baseline* baseline) {
  enrich::BaselineTuple tuple;
  yaml::Mapping mapping(node, "a tuple");
  if (const auto values = mapping.Require("values")) {
    for (const yaml::Node& value : values->Elements()) tuple.values.emplace_back(value.text());
    if (baseline != nullptr && tuple.values.size() != baseline->fields.size()) {
      values->AddError(absl::StrCat("expected ", baseline->fields.size(), " values, found ",
                                    tuple.values.size()));
    }
  }
  tuple.first_seen = ReadTime(mapping, "first");
  tuple.last_seen = ReadTime(mapping, "last");
  tuple.seen = static_cast<uint64_t>(mapping.GetInt("seen", 0).value_or(0));
  mapping.Finish();
  return tuple;
}

enrich::BaselineState ReadState(const yaml::Node& node,
                                const std::vector<config::Baseline>& configured) {
  enrich::BaselineState state;
  yaml::Mapping mapping(node, "a baseline");
  const auto name = mapping.Require("name");
  if (name) state.name = std::string(name->text());
  const config::Baseline* baseline = Find(configured, state.name);
  if (name && baseline == nullptr) {
    name->AddError(absl::StrCat("no baseline ", yaml::Quoted(state.name), " is configured"));
  }
  const auto fields = mapping.Require("fields");
  if (fields && baseline != nullptr && fields->AsStrings() != baseline->fields) {
    fields->AddError(
        absl::StrCat("the baseline is of other fields: ", absl::StrJoin(baseline->fields, ", ")));
  }
  state.learning_since = ReadTime(mapping, "learning_since");
  if (const auto tuples = mapping.Get("tuples")) {
    for (const yaml::Node& tuple : tuples->Elements()) {
      state.tuples.push_back(ReadTuple(tuple, baseline));
    }
  }
  mapping.Finish();
  // Novelty keeps the longest unseen first, to forget it first.
  std::stable_sort(state.tuples.begin(), state.tuples.end(),
                   [](const auto& a, const auto& b) { return a.last_seen < b.last_seen; });
  return state;
}

}  // namespace

std::string BaselinesToYaml(std::vector<enrich::BaselineState> states,
                            const std::vector<config::Baseline>& configured) {
  std::string out = "baselines:\n";
  for (enrich::BaselineState& state : states) {
    const config::Baseline* baseline = Find(configured, state.name);
    if (baseline == nullptr || state.tuples.empty()) continue;
    event::TimeNs since = state.learning_since;
    for (const auto& tuple : state.tuples) {
      since = since == event::kNoTime ? tuple.first_seen : std::min(since, tuple.first_seen);
    }
    absl::StrAppend(&out, "  - name: ", rules::PlainOrQuoted(state.name), "\n    fields: [",
                    absl::StrJoin(baseline->fields, ", "),
                    "]\n    learning_since: ", event::FormatIso8601(since), "\n    tuples:\n");
    std::stable_sort(state.tuples.begin(), state.tuples.end(), [](const auto& a, const auto& b) {
      return std::make_pair(b.seen, a.values) < std::make_pair(a.seen, b.values);
    });
    for (const auto& tuple : state.tuples) out += TupleToYaml(tuple);
  }
  return out;
}

std::vector<enrich::BaselineState> ParseBaselines(absl::string_view text, absl::string_view file,
                                                  const std::vector<config::Baseline>& configured,
                                                  Diagnostics& diagnostics) {
  yaml::Document document = yaml::Document::Parse(text, file);
  std::vector<enrich::BaselineState> states;
  yaml::Mapping root(document.root(), "learnt baselines");
  if (const auto list = root.Get("baselines")) {
    for (const yaml::Node& node : list->Elements()) states.push_back(ReadState(node, configured));
  }
  root.Finish();
  for (Diagnostic& each : document.TakeDiagnostics()) diagnostics.push_back(std::move(each));
  return states;
}

}  // namespace sequitur::pipeline
