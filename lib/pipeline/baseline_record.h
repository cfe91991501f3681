#pragma once

// A baseline's tuple as a record of the compacted baselines topic: the key is a
// JSON array of the baseline's name and the tuple's values, the value a document
// that people can read. A tuple that was forgotten is a record without a value.
//
// Threads: none.

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "enrich/novelty.h"

namespace sequitur::pipeline {

std::string BaselineKey(absl::string_view name, const std::vector<std::string>& values);
std::string BaselineJson(const enrich::BaselineState& state, const enrich::BaselineTuple& tuple);

// Records of the topic, oldest first, to what they say in the end.
class BaselineRecords {
 public:
  // False when the value is no such document. An empty value takes the tuple away.
  bool Add(absl::string_view key, absl::string_view value);
  std::vector<enrich::BaselineState> States() const;

 private:
  struct Latest {
    std::string name;
    event::TimeNs learning_since = event::kNoTime;
    enrich::BaselineTuple tuple;
  };
  std::map<std::string, Latest, std::less<>> latest_;  // by key
};

// What several partitions know, as one: tuples of one baseline and values were
// seen as often as all say together. Baselines by name, longest unseen first.
std::vector<enrich::BaselineState> MergeBaselines(std::vector<enrich::BaselineState> states);

}  // namespace sequitur::pipeline
