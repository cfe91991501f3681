#pragma once

// Match: a rule has fired; what the correlator hands to the alert stage.

#include <cstdint>
#include <string>
#include <vector>

#include "correlate/links.h"
#include "event/snapshot.h"

namespace sequitur::correlate {

// An event that could have begun the sequence.
struct Candidate {
  event::SnapshotRef event;
  Rank rank = 0;  // less is likelier (links.h)

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

struct Match {
  uint32_t rule = 0;  // index into RuleSet::rules()
  event::HostId host = 0;
  // The join key, encoded (join_key.h); empty for an event query.
  std::string key;
  // One per expanded stage in the order of the query; null for a missing event.
  std::vector<event::SnapshotRef> evidence;
  // Of a rule with links from its first step: what could have begun it, the event
  // in `evidence` among them, likeliest first; how many more there were.
  std::vector<Candidate> candidates;
  size_t other_candidates = 0;
};

}  // namespace sequitur::correlate
