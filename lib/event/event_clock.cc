#include "event/event_clock.h"

#include <algorithm>

namespace sequitur::event {

bool EventClock::Observe(TimeNs time, TimeNs max_jump) {
  if (now_ == kNoTime || time <= AddSaturating(now_, max_jump)) {
    now_ = std::max(now_, time);
    return true;
  }
  const bool agreed = outlier_ != kNoTime && time >= AddSaturating(outlier_, -max_jump) &&
                      time <= AddSaturating(outlier_, max_jump);
  if (agreed) now_ = std::min(time, outlier_);
  outlier_ = agreed ? kNoTime : time;
  return agreed;
}

}  // namespace sequitur::event
