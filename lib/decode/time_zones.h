#pragma once

// The zone that a shipper names (`event.timezone`): "+02:00", "-0200", "Z" or
// an IANA name.
//
// Bounds:   kMaxZones names are loaded in a worker's life; further ones, like
//           unknown ones, are no zone.
// Threads:  none; one per Decoder.

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sequitur::decode {

// absl::UTCTimeZone(), looked up once.
inline const absl::TimeZone& Utc() {
  static const absl::TimeZone utc = absl::UTCTimeZone();
  return utc;
}

class TimeZones {
 public:
  static constexpr size_t kMaxZones = 512;

  std::optional<absl::TimeZone> Find(absl::string_view name);

 private:
  absl::flat_hash_map<std::string, std::optional<absl::TimeZone>> zones_;
};

}  // namespace sequitur::decode
