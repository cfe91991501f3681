#include "pipeline/baseline_record.h"

#include <algorithm>
#include <optional>

#include "event/time.h"
#include "rapidjson/document.h"
#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace sequitur::pipeline {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void WriteString(Writer& writer, absl::string_view text) {
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void WriteTime(Writer& writer, const char* name, event::TimeNs time) {
  if (time == event::kNoTime) return;
  writer.Key(name);
  WriteString(writer, event::FormatIso8601(time));
}

std::string TextOf(const rapidjson::StringBuffer& buffer) {
  return {buffer.GetString(), buffer.GetSize()};
}

std::optional<event::TimeNs> ReadTime(const rapidjson::Value& object, const char* name) {
  const auto member = object.FindMember(name);
  if (member == object.MemberEnd() || !member->value.IsString()) return std::nullopt;
  return event::ParseIso8601({member->value.GetString(), member->value.GetStringLength()});
}

}  // namespace

std::string BaselineKey(absl::string_view name, const enrich::BaselineTuple& tuple) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartArray();
  WriteString(writer, name);
  for (const std::string& value : tuple.values) WriteString(writer, value);
  writer.EndArray();
  return TextOf(buffer);
}

std::string BaselineJson(const enrich::BaselineState& state, const enrich::BaselineTuple& tuple) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("baseline");
  WriteString(writer, state.name);
  writer.Key("values");
  writer.StartArray();
  for (const std::string& value : tuple.values) WriteString(writer, value);
  writer.EndArray();
  WriteTime(writer, "first_seen", tuple.first_seen);
  WriteTime(writer, "last_seen", tuple.last_seen);
  writer.Key("learnt");
  writer.Bool(tuple.learnt);
  WriteTime(writer, "learning_since", state.learning_since);
  writer.EndObject();
  return TextOf(buffer);
}

bool BaselineRecords::Add(absl::string_view key, absl::string_view value) {
  if (value.empty()) {
    const auto gone = latest_.find(key);
    if (gone != latest_.end()) latest_.erase(gone);
    return true;
  }
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(value.data(), value.size());
  if (document.HasParseError() || !document.IsObject()) return false;
  const auto name = document.FindMember("baseline");
  const auto values = document.FindMember("values");
  const auto first = ReadTime(document, "first_seen");
  const auto last = ReadTime(document, "last_seen");
  if (name == document.MemberEnd() || !name->value.IsString() || values == document.MemberEnd() ||
      !values->value.IsArray() || !first || !last) {
    return false;
  }
  Latest read;
  read.name = {name->value.GetString(), name->value.GetStringLength()};
  for (const rapidjson::Value& part : values->value.GetArray()) {
    if (!part.IsString()) return false;
    read.tuple.values.emplace_back(part.GetString(), part.GetStringLength());
  }
  read.tuple.first_seen = *first;
  read.tuple.last_seen = *last;
  const auto learnt = document.FindMember("learnt");
  read.tuple.learnt = learnt != document.MemberEnd() && learnt->value.IsTrue();
  read.learning_since = ReadTime(document, "learning_since").value_or(event::kNoTime);
  latest_.insert_or_assign(std::string(key), std::move(read));
  return true;
}

std::vector<enrich::BaselineState> BaselineRecords::States() const {
  std::map<std::string, enrich::BaselineState> states;
  for (const auto& [key, latest] : latest_) {
    enrich::BaselineState& state = states[latest.name];
    state.name = latest.name;
    if (state.learning_since == event::kNoTime ||
        (latest.learning_since != event::kNoTime && latest.learning_since < state.learning_since)) {
      state.learning_since = latest.learning_since;
    }
    state.tuples.push_back(latest.tuple);
  }
  std::vector<enrich::BaselineState> out;
  for (auto& [name, state] : states) {
    std::sort(state.tuples.begin(), state.tuples.end(),
              [](const auto& a, const auto& b) { return a.last_seen < b.last_seen; });
    out.push_back(std::move(state));
  }
  return out;
}

}  // namespace sequitur::pipeline
