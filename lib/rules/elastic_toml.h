#pragma once

// A detection rule as Elastic keeps it: one TOML file with `[metadata]` and
// `[rule]`. What the import uses of it, as plain values; nothing is judged here.
//
// Bounds:   kMaxBytes of text, kMaxLineDots dots a line and kMaxNesting values
//           in each other, since the TOML library's tables nest as deep as
//           dotted keys say and are freed by recursion.

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/diagnostic.h"

namespace sequitur::rules {

struct ElasticRule {
  static constexpr size_t kMaxBytes = 1 << 20;
  static constexpr size_t kMaxLineDots = 500;

  // A key that has a value and nothing here to hold it.
  struct Unused {
    std::string key;
    int line = 0;
  };

  std::string name;
  std::string description;
  std::string rule_id;
  std::string severity;
  std::optional<int64_t> risk_score;
  std::string type;      // eql, query, threshold, machine_learning, ...
  std::string language;  // eql, kuery, lucene, esql; empty: none said
  std::string maturity;  // of [metadata]
  int line = 0;          // of [rule]

  std::string query;
  int query_line = 0;  // of the string in the file
  // Line and column of the query's first character, where its text stands in
  // the file as it is; 0 when escapes make that unknowable.
  int text_line = 0;
  int text_column = 0;

  std::vector<std::string> techniques;  // T1059, T1059.004, in order, each once
  std::vector<std::string> references;
  std::vector<std::string> false_positives;
  std::vector<std::string> suppress_by;
  absl::Duration suppress_for;

  std::vector<Unused> unused;
};

// Problems are added with their places; unset when there is no rule to read.
std::optional<ElasticRule> ParseElasticRule(absl::string_view text, absl::string_view file,
                                            Diagnostics& diagnostics);

}  // namespace sequitur::rules
