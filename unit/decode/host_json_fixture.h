#pragma once

// For tests of the JSON decoders: reads a record the way the facade does (one
// pass over shared paths) and keeps what was emitted, every field as text.

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "decode/json_reader.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {

// An emitted event. Text marks the kind of a value where it matters: strings
// bare, lists in brackets.
struct EmittedEvent {
  explicit EmittedEvent(const event::Event& event)
      : time(event.time),
        sequence(event.sequence),
        identity(event.identity),
        host_id(event.claim.id),
        host_name(event.claim.name),
        agent_id(event.claim.agent_id),
        addresses(event.claim.addresses.ToString()),
        sensor(event.claim.role == event::HostClaim::Role::kSensor) {
    for (event::FieldId id : event.present()) {
      if (!event.Has(id)) continue;
      const std::string path(event.projection().fields().path(id));
      fields[path] = event.Get(id).ToString();
      kinds[path] = event.Get(id).kind();
    }
  }

  std::string operator[](const std::string& path) const {
    const auto it = fields.find(path);
    return it == fields.end() ? "" : it->second;
  }
  std::string iso_time() const { return event::FormatIso8601(time); }

  event::TimeNs time;
  int64_t sequence;
  uint64_t identity;
  std::string host_id, host_name, agent_id, addresses;
  bool sensor;
  std::map<std::string, std::string> fields;
  std::map<std::string, event::Value::Kind> kinds;
};

template <typename Decoder>
class JsonDecoding {
 public:
  // All known fields are wanted, and `extra` paths as rules would name them.
  template <typename... Args>
  explicit JsonDecoding(std::initializer_list<const char*> extra, Args... args)
      : projection_(WithExtra(table_, extra)),
        decoder_(paths_, projection_, args...),
        reader_(paths_),
        event_(projection_) {}

  DecodeResult Decode(absl::string_view json) {
    events.clear();
    recognised = false;
    event_.Reset();
    const DecodeResult read = reader_.Read(json, event_.arena(), found_);
    if (read != DecodeResult::kDecoded) return read;
    recognised = decoder_.Recognises(found_);
    return decoder_.Decode(found_, lines, event_,
                           [&](event::Event& event) { events.emplace_back(event); });
  }

  // The one event of a record that must give exactly one.
  EmittedEvent One(absl::string_view json) {
    EXPECT_EQ(Decode(json), DecodeResult::kDecoded) << json;
    EXPECT_TRUE(recognised) << json;
    EXPECT_EQ(events.size(), 1u) << json;
    return events.empty() ? EmittedEvent(event_) : events.front();
  }

  LineContext lines;
  std::vector<EmittedEvent> events;
  bool recognised = false;

 private:
  static event::Projection WithExtra(event::FieldTable& table,
                                     std::initializer_list<const char*> extra) {
    std::vector<event::FieldId> ids;
    for (const char* path : extra) ids.push_back(*table.Intern(path));
    event::Projection projection(table);
    projection.AddAllKnown();
    for (event::FieldId id : ids) projection.Add(id);
    return projection;
  }

  event::FieldTable table_;
  event::Projection projection_;
  JsonPaths paths_;
  Decoder decoder_;
  JsonReader reader_;
  JsonCaptures found_;
  event::Event event_;
};

// Field and text it must have; an empty text means that it must be absent.
using ExpectedFields = std::vector<std::pair<std::string, std::string>>;

inline void ExpectFields(const EmittedEvent& event, const ExpectedFields& expected) {
  for (const auto& [path, text] : expected) EXPECT_EQ(event[path], text) << path;
}

// The lines of a public sample, or nothing when the samples are not here.
inline std::optional<std::vector<std::string>> SampleLines(const std::string& name) {
  std::ifstream file(std::string(SEQUITUR_SHARED_DIR) + "/samples/" + name);
  if (!file) return std::nullopt;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

inline std::optional<std::string> SampleText(const std::string& name) {
  std::ifstream file(std::string(SEQUITUR_SHARED_DIR) + "/samples/" + name);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace sequitur::decode
