#pragma once

// ClockText: an instant as the logs write it, in UTC. The calendar part of the
// last second is kept, since most lines share it with the line before.
//
// Threads:  none.

#include <string>

#include "loadgen/timeline.h"

namespace sequitur::loadgen {

class ClockText {
 public:
  std::string Iso(TimeNs time, int fraction_digits);  // 2026-11-24T08:00:00.123Z
  std::string NginxAccess(TimeNs time);               // 24/Nov/2026:08:00:00 +0000
  std::string NginxError(TimeNs time);                // 2026/11/24 08:00:00
  std::string HttpdError(TimeNs time);                // Tue Nov 24 08:00:00.123456 2026
  std::string PhpFpm(TimeNs time);                    // 24-Nov-2026 08:00:00

 private:
  struct Calendar {
    int64_t second = -1;
    int year = 0, day = 0, hour = 0, minute = 0, seconds = 0;
    int month = 0;
    absl::string_view month_name, weekday_name;
  };
  const Calendar& At(TimeNs time);

  Calendar last_;
};

// Seconds with a fraction, cut: "1764000000.123456", "0.042".
std::string DecimalSeconds(TimeNs time, int fraction_digits);

}  // namespace sequitur::loadgen
