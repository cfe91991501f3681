#pragma once

// When a record was written. A producer may have put any time there: one that has
// not come yet would move its hosts' clocks and the place of the next rewind.
// Threads: any.

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bus/record.h"

namespace sequitur::pipeline {

// bus::Record::kNoTime for none, and for one further ahead than max_future.
inline int64_t BelievedTime(const bus::Record& record, absl::Duration max_future) {
  const int64_t latest = absl::ToUnixMillis(absl::Now() + max_future);
  return record.timestamp_ms >= 0 && record.timestamp_ms <= latest ? record.timestamp_ms
                                                                   : bus::Record::kNoTime;
}

}  // namespace sequitur::pipeline
