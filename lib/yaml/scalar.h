#pragma once

// What a YAML scalar's text means as a number, duration, size or truth value.
// YAML 1.2's core schema: `yes` is a string, `0o17` and `0x1f` are numbers.

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sequitur::yaml {

std::optional<bool> ParseBool(absl::string_view text);
std::optional<int64_t> ParseInt(absl::string_view text);
// Finite numbers only.
std::optional<double> ParseNumber(absl::string_view text);
// Whole numbers with units, largest first or not: 250ms, 30s, 5m, 1h30m, 2d. A
// bare 0 needs no unit. Never negative, at most kMaxDuration.
inline constexpr absl::Duration kMaxDuration = absl::Hours(24 * 366 * 100);
std::optional<absl::Duration> ParseDuration(absl::string_view text);
// Bytes: a bare number; k, m, g or KiB, MiB, GiB (1024); kB, MB, GB (1000).
std::optional<int64_t> ParseBytes(absl::string_view text);

// The text for a message: in single quotes, cut when long, control characters
// made visible.
std::string Quoted(absl::string_view text);

}  // namespace sequitur::yaml
