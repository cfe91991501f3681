#pragma once

// ProcessRecord: what one event says of processes, read off its fields, before
// ProcessTable makes sense of it.
//
// Lifetime: views into the event.

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "event/event.h"

namespace sequitur::enrich {

inline constexpr int64_t kNoPid = -1;
// pidversion: the counter macOS raises with every fork and exec. Other systems
// have none.
inline constexpr int64_t kNoVersion = -1;

// One process as an event names it; any part may be missing.
struct ProcessMention {
  int64_t pid = kNoPid;
  int64_t version = kNoVersion;
  absl::string_view entity_id;
  absl::string_view executable;
  absl::string_view name;

  bool named() const { return !executable.empty() || !name.empty(); }
};

struct ProcessRecord {
  enum class Kind : uint8_t {
    kFork,     // `self` was born as a copy of `parent`
    kExec,     // `self` became this image
    kExit,     // `self` ended
    kMention,  // `self` did something else: wrote, connected ...
  };

  Kind kind = Kind::kMention;
  event::TimeNs time = event::kNoTime;
  event::TimeNs start = event::kNoTime;  // of the process: its fork
  ProcessMention self;
  ProcessMention previous;  // the image before an exec; its pid is self's
  ProcessMention parent;
  absl::Span<const event::Value> args;
  absl::string_view user;                   // name, else id
  absl::Span<const event::Value> ancestry;  // entity ids, nearest first
  absl::string_view boot_id;
};

// Adds the fields ReadProcess looks at.
void AddProcessFields(event::Projection& projection);
ProcessRecord ReadProcess(const event::Event& event);

// True when `value` is or holds `word`. Here in the header, since words are written
// where they are asked for: one of known length is compared without a call.
inline bool HasWord(const event::Value& value, absl::string_view word) {
  for (const event::Value& v : value.elements()) {
    if (v.is_string() && v.string_value() == word) return true;
  }
  return false;
}

// The part after the last slash.
absl::string_view BaseName(absl::string_view path);

}  // namespace sequitur::enrich
