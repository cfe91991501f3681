#pragma once

// CalendarScan: a time put together from what a line says in several places,
// as httpd's %{%Y-%m-%dT%H:%M:%S}t.%{usec_frac}t %{%z}t does.
//
// Bounds:   constant size.
// Threads:  none.

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "event/time.h"

namespace sequitur::decode {

class CalendarScan {
 public:
  // False when `format` has a conversion that Read cannot read.
  static bool Understands(absl::string_view format);

  // Reads by strftime's conversions; the number of bytes read, or npos.
  size_t Read(absl::string_view text, absl::string_view format);

  void SetInstant(event::TimeNs time) { instant_ = time; }
  void AddFraction(int64_t nanos) { nanos_ = nanos; }

  bool empty() const { return !instant_ && day_ == 0; }
  // nullopt when what was read is no time. `zone` for what had none.
  std::optional<event::TimeNs> Resolve(const absl::TimeZone& zone) const;
  // True when Resolve needs `zone`.
  bool NeedsZone() const { return !instant_ && !offset_; }

 private:
  bool ReadOne(char conversion, absl::string_view* text);
  bool ReadOffset(absl::string_view* text);
  bool ReadName(absl::string_view* text, bool is_month);

  std::optional<event::TimeNs> instant_;
  std::optional<int> offset_;  // seconds east of UTC
  int year_ = 1970;
  int month_ = 1;
  int day_ = 0;
  int hour_ = 0;
  int minute_ = 0;
  int second_ = 0;
  int64_t nanos_ = 0;
};

}  // namespace sequitur::decode
