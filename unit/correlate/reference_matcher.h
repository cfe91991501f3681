#pragma once

// ReferenceMatch: what an EQL sequence means, written down as directly as
// possible. It sees the whole stream at once, keeps everything, and is the
// oracle that the real correlator is tested against. Never linked into lib/.

#include <vector>

#include "absl/types/span.h"
#include "eql/program.h"
#include "eql/query.h"
#include "event/snapshot.h"
#include "rules/links.h"

namespace sequitur::correlate {

struct ReferenceOptions {
  // The i-th positive term is ordered by event time + i * order_slack; maxspan,
  // `until` and missing events are judged on true times.
  event::TimeNs order_slack = 0;
  // A hit moves on every chain that it may, and those also stay. A chain does not
  // stand where a newer one (three with slack) is alike in what later links ask and
  // began no earlier; of those that end with one event the likelier counts as newer.
  // The last hit takes the likeliest, of equals the newest; no event is in two
  // sequences in the same place.
  std::vector<rules::Link> links = {};
};

// The sequences in order of completion; of each, the index into `ordered` of
// the event at every stage (`with runs=N` is N stages), -1 for a missing stage.
// Pipes are not applied.
std::vector<std::vector<int>> ReferenceMatch(const eql::Query& query, const eql::Program& program,
                                             const event::Projection& projection,
                                             absl::Span<const event::SnapshotRef> ordered,
                                             const ReferenceOptions& options = {});

}  // namespace sequitur::correlate
