#pragma once

// Access logs written as JSON. There is no standard for their keys: nginx sites
// name them after its variables, httpd sites after whatever they like, and
// shippers that parse the line themselves (Fluent Bit's and Logstash's stock
// patterns) have names of their own. JsonAccess knows the names seen in the
// wild, in any case, with numbers as strings or numbers.
//
// The time is read as the END of the request, as nginx logs it; only a log that
// measures requests in microseconds is httpd's (%D) and dates their start.
//
// Bounds:   the paths below; no allocation but the arena's.
// Threads:  none needed; const once created.

#include <vector>

#include "absl/types/span.h"
#include "decode/access_line.h"
#include "decode/json_reader.h"
#include "decode/source.h"
#include "decode/text_source.h"
#include "event/event.h"

namespace sequitur::decode {

class JsonAccess {
 public:
  // Registers the keys it reads.
  JsonAccess(JsonPaths& paths, const event::Projection& projection);

  // A status, a request and a time: no other source's document has all three
  // under these names at its root.
  bool Recognises(const JsonCaptures& captures) const;

  // event.original is the caller's to set: the document's bytes are not here.
  DecodeResult Decode(const JsonCaptures& captures, const LineContext& lines,
                      event::Event& event) const;

 private:
  struct Key {
    PathId id;
    AccessField field;
  };
  struct DurationKey {
    PathId id;
    int64_t unit;  // nanoseconds
  };

  struct FoundTime {
    event::TimeNs time = event::kNoTime;
    bool zone_used = false;   // it had no zone of its own
    bool unreadable = false;  // there was one that is no time
  };

  // The unit in which the duration was given, or 0.
  int64_t SetDuration(const JsonCaptures& captures, AccessLine* line) const;
  FoundTime FindTime(const JsonCaptures& captures, const LineContext& lines) const;

  std::vector<Key> keys_;
  std::vector<DurationKey> durations_;
  std::vector<PathId> times_;  // best first
  PathSet statuses_;
  PathSet requests_;  // what was asked for, whole or in part
  PathSet any_time_;
  PathSet foreign_;  // keys that only other sources have
};

}  // namespace sequitur::decode
