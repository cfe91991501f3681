#pragma once

// How far before the committed offset a partition is read again after a restart,
// and where that begins.

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bus/consumer.h"
#include "pipeline/site.h"

namespace sequitur::pipeline {

// How far before the present a chain that is under way may have begun, as its
// records' times go.
absl::Duration LookBack(const Site& site);

// The longest time for which an alert holds back others.
absl::Duration LongestSuppression(const Site& site);

// The offset to begin at so as to see every record written up to `rewind` before
// the last one that was committed; the committed offset, or the oldest there is,
// where that is later. `cut` tells that retention has removed some of them.
absl::StatusOr<int64_t> RewindStart(bus::Consumer& consumer, const bus::Assignment& assignment,
                                    absl::Duration rewind, bool* cut);

}  // namespace sequitur::pipeline
