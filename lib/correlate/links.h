#pragma once

// Links between the events of a sequence (rules/links.h), as the state machine
// and the alert ask for them: may these two be joined, and how likely is it.

#include <cstdint>
#include <limits>

#include "event/snapshot.h"
#include "rules/links.h"

namespace sequitur::correlate {

// How likely a candidate is, less is likelier: kRefuted, or four bits for each
// list of ties that was asked, the first the most significant.
using Rank = uint64_t;
inline constexpr Rank kRefuted = std::numeric_limits<Rank>::max();
// What one list can say is at most this: no tie of it holds.
inline constexpr Rank kRankBits = 4;

// Whether one value of `a` is one of `b`'s. A number and its decimal text are
// one value, as they are in a join key. Null is no value.
bool Agree(const event::Value& a, const event::Value& b);

// The tie of link.by that decided for these events, null when none can be
// compared. `*refuted` tells that it decided against them.
const rules::Tie* Decides(const rules::Link& link, const event::Snapshot& earlier,
                          const event::Snapshot& later, bool* refuted);
// The first tie of link.prefer that holds, or null.
const rules::Tie* Prefers(const rules::Link& link, const event::Snapshot& earlier,
                          const event::Snapshot& later);

// What speaks for the two belonging together: the tie that decided for them, else the
// one preferred, else null.
const rules::Tie* HeldBy(const rules::Link& link, const event::Snapshot& earlier,
                         const event::Snapshot& later);

// `rank` with what this link says of the two events added to it.
Rank AddRank(Rank rank, const rules::Link& link, const event::Snapshot& earlier,
             const event::Snapshot& later);

// The same for two events that are alike.
size_t HashAsEarlier(const rules::Link& link, const event::Snapshot& event);
// Whether the link says the same of both whatever event comes later.
bool AlikeAsEarlier(const rules::Link& link, const event::Snapshot& a, const event::Snapshot& b);

}  // namespace sequitur::correlate
