#pragma once

// EventClock: how far event time has come on a host or in a file: the latest
// time seen, except that an event more than max_jump ahead moves nothing until
// a second one agrees with it. One broken timestamp must not expire what is
// pending, nor hold a file back behind all others.

#include "event/time.h"

namespace sequitur::event {

class EventClock {
 public:
  // An event further ahead than this needs a second opinion.
  static constexpr TimeNs kMaxJump = 3600 * kSecond;

  // False when the event was such an outlier and the clock stayed.
  bool Observe(TimeNs time, TimeNs max_jump = kMaxJump);
  // kNoTime before the first event.
  TimeNs now() const { return now_; }

 private:
  TimeNs now_ = kNoTime;
  TimeNs outlier_ = kNoTime;
};

}  // namespace sequitur::event
