#pragma once

// Runs a flow decoder over one record and shows the event as text, for tables.

#include <fstream>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "decode/json_reader.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

using FieldMap = std::map<std::string, std::string>;

inline FieldMap FieldsOf(const event::Event& event) {
  FieldMap fields;
  for (event::FieldId id : event.present()) {
    const event::Value& value = event.Get(id);
    if (!value.is_null()) {
      fields[std::string(event.projection().fields().path(id))] = value.ToString();
    }
  }
  return fields;
}

// Everything known is wanted, and what some rule is said to name.
struct WantsAll {
  explicit WantsAll(std::initializer_list<absl::string_view> named = {}) : projection(fields) {
    projection.AddAllKnown();
    for (absl::string_view path : named) projection.Add(*fields.Intern(path));
  }
  event::FieldTable fields;
  event::Projection projection;
};

// Holds what one decoder of JSON needs around it.
template <typename Source>
class FlowDecoding {
 public:
  explicit FlowDecoding(std::initializer_list<absl::string_view> named = {})
      : wanted_(named), source_(paths_, wanted_.projection), event_(wanted_.projection) {}

  // The fields of the one event; {"result": why} when there is none.
  FieldMap Decode(absl::string_view json) {
    event_.Reset();
    recognised_ = false;
    DecodeResult result = JsonReader(paths_).Read(json, event_.arena(), found_);
    if (result != DecodeResult::kDecoded)
      return {{"result", std::string(DecodeResultName(result))}};
    recognised_ = source_.Recognises(found_);
    int emitted = 0;
    FieldMap fields;
    result = source_.Decode(found_, lines_, event_, [&](event::Event& event) {
      ++emitted;
      fields = FieldsOf(event);
    });
    if (result == DecodeResult::kDecoded && emitted == 1) return fields;
    return {{"result", std::string(DecodeResultName(result))}, {"emitted", absl::StrCat(emitted)}};
  }
  // One field of the one event, "" when it has none.
  std::string Field(absl::string_view json, const std::string& path) { return Decode(json)[path]; }
  std::string Result(absl::string_view json) {
    const FieldMap fields = Decode(json);
    const auto result = fields.find("result");
    return result == fields.end() ? "decoded" : result->second;
  }

  // Of the record decoded last.
  const event::Event& event() const { return event_; }
  bool recognised() const { return recognised_; }
  LineContext& lines() { return lines_; }

 private:
  WantsAll wanted_;
  JsonPaths paths_;
  Source source_;
  event::Event event_;
  JsonCaptures found_;
  LineMemory memory_;
  LineContext lines_{.memory = &memory_};
  bool recognised_ = false;
};

inline std::vector<std::string> LinesOf(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

}  // namespace sequitur::decode
