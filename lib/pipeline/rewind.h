#pragma once

// How far before the committed offset a partition is read again after a restart,
// and where that begins.

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bus/consumer.h"

namespace sequitur::pipeline {

// The offset to begin at so as to see every record written up to `rewind` before
// the last one that was committed; the committed offset, or the oldest there is,
// where that is later. `cut` tells that retention has removed some of them.
absl::StatusOr<int64_t> RewindStart(bus::Consumer& consumer, const bus::Assignment& assignment,
                                    absl::Duration rewind, bool* cut);

}  // namespace sequitur::pipeline
