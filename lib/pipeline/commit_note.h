#pragma once

// The note that goes with a committed offset: when the last record before it
// was written, from which a restart computes how far back to begin.

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "bus/record.h"

namespace sequitur::pipeline {

inline std::string CommitNote(int64_t time_ms) { return absl::StrCat("time_ms=", time_ms); }

// kNoTime when the offset was committed by somebody else (a reset by hand).
inline int64_t CommitNoteTime(absl::string_view note) {
  int64_t time_ms = bus::Record::kNoTime;
  if (!absl::ConsumePrefix(&note, "time_ms=") || !absl::SimpleAtoi(note, &time_ms)) {
    return bus::Record::kNoTime;
  }
  return time_ms;
}

}  // namespace sequitur::pipeline
