#pragma once

// Builds events for the tests of enrichments, field by field.

#include <deque>
#include <string>
#include <vector>

#include "event/event.h"

namespace sequitur::enrich {

inline event::FieldTable& TestFields() {
  static auto* fields = new event::FieldTable();
  return *fields;
}

inline const event::Projection& AllFields() {
  static const auto* all = [] {
    auto* projection = new event::Projection(TestFields());
    projection->AddAllKnown();
    return projection;
  }();
  return *all;
}

// Seconds since an arbitrary day, as event time.
inline event::TimeNs At(double seconds) {
  return 1'764'000'000 * event::kSecond + static_cast<event::TimeNs>(seconds * 1e9);
}

class EventBuilder {
 public:
  EventBuilder(event::Event& event, absl::string_view category, absl::string_view action,
               double seconds)
      : event_(event) {
    event_.Reset();
    event_.time = At(seconds);
    Text(event::field::kEventCategory, category);
    Text(event::field::kEventAction, action);
  }

  EventBuilder& Text(event::FieldId id, absl::string_view text) {
    if (!text.empty()) event_.Set(id, event::Value::String(event_.arena().Copy(text)));
    return *this;
  }
  EventBuilder& Int(event::FieldId id, int64_t i) {
    event_.SetInt(id, i);
    return *this;
  }
  EventBuilder& Words(event::FieldId id, const std::vector<std::string>& words) {
    auto* list = event_.arena().Allocate<event::Value>(words.size());
    for (size_t i = 0; i < words.size(); ++i) {
      list[i] = event::Value::String(event_.arena().Copy(words[i]));
    }
    event_.Set(id, event::Value::List({list, words.size()}));
    return *this;
  }
  EventBuilder& Pid(int64_t pid, int64_t version = -1) {
    Int(event::field::kProcessPid, pid);
    if (version >= 0) Int(event::field::kProcessPidVersion, version);
    return *this;
  }
  EventBuilder& Parent(int64_t pid, int64_t version = -1) {
    Int(event::field::kProcessParentPid, pid);
    if (version >= 0) Int(event::field::kProcessParentPidVersion, version);
    return *this;
  }
  EventBuilder& Program(absl::string_view executable) {
    Text(event::field::kProcessExecutable, executable);
    return Text(event::field::kProcessName, executable.substr(executable.rfind('/') + 1));
  }
  EventBuilder& Args(const std::vector<std::string>& args) {
    return Words(event::field::kProcessArgs, args);
  }

 private:
  event::Event& event_;
};

}  // namespace sequitur::enrich
