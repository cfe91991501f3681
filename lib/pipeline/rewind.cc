#include "pipeline/rewind.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "pipeline/commit_note.h"

namespace sequitur::pipeline {

absl::Duration LookBack(const Site& site) {
  const correlate::Options options = site.CorrelateOptions();
  event::TimeNs lag = 0;
  for (const rules::Rule& rule : site.rules()->rules()) {
    lag = std::max(lag, rule.order_slack * static_cast<event::TimeNs>(rule.stages.size()));
  }
  return absl::Nanoseconds(site.rules()->longest_maxspan()) + absl::Nanoseconds(options.lateness) +
         absl::Nanoseconds(lag) + site.config().clock.max_future + absl::Minutes(1);
}

absl::Duration LongestSuppression(const Site& site) {
  event::TimeNs longest = 0;
  for (const rules::Rule& rule : site.rules()->rules()) {
    longest = std::max(longest, rule.suppress.window);
  }
  return absl::Nanoseconds(longest);
}

absl::StatusOr<int64_t> RewindStart(bus::Consumer& consumer, const bus::Assignment& assignment,
                                    absl::Duration rewind, bool* cut) {
  *cut = false;
  const bus::CommittedOffset& committed = assignment.committed;
  if (!assignment.HasItsPlace()) return assignment.start;
  int64_t time_ms = CommitNoteTime(committed.note);
  if (time_ms == bus::Record::kNoTime) time_ms = absl::ToUnixMillis(absl::Now());
  const int64_t from_ms = std::max<int64_t>(0, time_ms - absl::ToInt64Milliseconds(rewind));
  ASSIGN_OR_RETURN(const auto found, consumer.OffsetsForTime({committed.at}, from_ms));
  const int64_t wanted = std::min(found.at(committed.at), committed.offset);
  // The oldest record kept is the first of the window: older ones may be gone.
  *cut = assignment.low > 0 && wanted <= assignment.low;
  return std::clamp(wanted, assignment.low, assignment.high);
}

}  // namespace sequitur::pipeline
