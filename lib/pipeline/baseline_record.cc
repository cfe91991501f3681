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

// Of two times that may be unknown.
event::TimeNs Earlier(event::TimeNs a, event::TimeNs b) {
  if (a == event::kNoTime || b == event::kNoTime) return std::max(a, b);
  return std::min(a, b);
}

std::optional<event::TimeNs> ReadTime(const rapidjson::Value& object, const char* name) {
  const auto member = object.FindMember(name);
  if (member == object.MemberEnd() || !member->value.IsString()) return std::nullopt;
  return event::ParseIso8601({member->value.GetString(), member->value.GetStringLength()});
}

}  // namespace

std::string BaselineKey(absl::string_view name, const std::vector<std::string>& values) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartArray();
  WriteString(writer, name);
  for (const std::string& value : values) WriteString(writer, value);
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
  writer.Key("seen");
  writer.Uint64(tuple.seen);
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
  const auto seen = document.FindMember("seen");
  if (seen != document.MemberEnd() && seen->value.IsUint64()) {
    read.tuple.seen = seen->value.GetUint64();
  }
  read.learning_since = ReadTime(document, "learning_since").value_or(event::kNoTime);
  latest_.insert_or_assign(std::string(key), std::move(read));
  return true;
}

std::vector<enrich::BaselineState> BaselineRecords::States() const {
  std::vector<enrich::BaselineState> states;
  for (const auto& [key, latest] : latest_) {
    states.push_back({latest.name, latest.learning_since, {latest.tuple}});
  }
  return MergeBaselines(std::move(states));
}

std::vector<enrich::BaselineState> MergeBaselines(std::vector<enrich::BaselineState> states) {
  struct Merged {
    event::TimeNs learning_since = event::kNoTime;
    std::map<std::vector<std::string>, enrich::BaselineTuple> tuples;
  };
  std::map<std::string, Merged> by_name;
  for (enrich::BaselineState& state : states) {
    Merged& merged = by_name[state.name];
    merged.learning_since = Earlier(merged.learning_since, state.learning_since);
    for (enrich::BaselineTuple& tuple : state.tuples) {
      const auto [it, added] = merged.tuples.try_emplace(tuple.values, tuple);
      if (added) continue;
      it->second.first_seen = std::min(it->second.first_seen, tuple.first_seen);
      it->second.last_seen = std::max(it->second.last_seen, tuple.last_seen);
      it->second.learnt |= tuple.learnt;
      it->second.seen += tuple.seen;
    }
  }
  std::vector<enrich::BaselineState> out;
  for (auto& [name, merged] : by_name) {
    enrich::BaselineState& state = out.emplace_back();
    state.name = name;
    state.learning_since = merged.learning_since;
    for (auto& [values, tuple] : merged.tuples) state.tuples.push_back(std::move(tuple));
    std::stable_sort(state.tuples.begin(), state.tuples.end(),
                     [](const auto& a, const auto& b) { return a.last_seen < b.last_seen; });
  }
  return out;
}

}  // namespace sequitur::pipeline
