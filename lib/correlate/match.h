#pragma once

// Match: a rule has fired; what the correlator hands to the alert stage.

#include <cstdint>
#include <string>
#include <vector>

#include "event/snapshot.h"

namespace sequitur::correlate {

struct Match {
  uint32_t rule = 0;  // index into RuleSet::rules()
  event::HostId host = 0;
  // The join key, encoded (join_key.h); empty for an event query.
  std::string key;
  // One per expanded stage in the order of the query; null for a missing event.
  std::vector<event::SnapshotRef> evidence;
};

}  // namespace sequitur::correlate
