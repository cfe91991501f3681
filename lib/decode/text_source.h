#pragma once

// The shape that every decoder of text lines and of JSON documents has. The
// facade (decoder.h) unwraps envelopes, recognises the source and calls one of
// them; it then stamps position, record time and the envelope's host.

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "decode/time_zones.h"
#include "event/event.h"

namespace sequitur::decode {

struct StockLine;  // stock_access.h

// What is remembered of one log file (or of one host's file in a topic) from
// line to line: the last line that had a prefix dates the pieces without one.
struct LineMemory {
  event::TimeNs last_time = event::kNoTime;
  int64_t last_pid = 0;
};

// What the surroundings of a line say about it.
struct LineContext {
  // Zone of timestamps that carry none. `zone_is_assumed`: nobody said so, it is
  // UTC for want of better; a decoder that uses it appends the flag
  // "time_assumed_utc" to sequitur.flags.
  absl::TimeZone zone = Utc();
  bool zone_is_assumed = true;
  // When the shipper read the line, or kNoTime: the only time of a line that
  // carries none.
  event::TimeNs read_time = event::kNoTime;
  LineMemory* memory = nullptr;  // never null when called by the facade
  // The line's parts (SplitStockLine), when it was recognised by them.
  const StockLine* parts = nullptr;
};

// Called with the finished event, once per event the record holds. The event
// must be Reset(Event::Keep::kArena) before the next one is filled.
using EmitEvent = absl::FunctionRef<void(event::Event&)>;

}  // namespace sequitur::decode
