#pragma once

// The kinds of telemetry that can be decoded, and what can be said of a source
// in the configuration: the left half of `[SOURCE=]PATH` and `sources:` in YAML.

#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace sequitur::decode {

enum class SourceKind : uint8_t {
  kAuto,  // told from the content of each record
  kNginxAccess,
  kNginxError,
  kHttpdAccess,
  kHttpdError,
  kPhpFpm,
  kEslogger,
  kEcs,
  kOsquery,
  kSanta,
  kZeek,
  kSuricata,
  kGoflow2,
};
inline constexpr size_t kSourceKinds = 13;

// "auto", "nginx-access", "nginx-error", "httpd-access", "httpd-error",
// "php-fpm", "eslogger", "ecs", "osquery", "santa", "zeek", "suricata", "goflow2".
absl::string_view SourceKindName(SourceKind kind);
std::optional<SourceKind> ParseSourceKind(absl::string_view name);
absl::Span<const absl::string_view> SourceKindNames();

struct SourceOptions {
  SourceKind kind = SourceKind::kAuto;
  // nginx `log_format` or httpd `LogFormat` / `ErrorLogFormat` of the lines;
  // empty: the stock formats, told apart line by line.
  std::string log_format;
  // Zone of timestamps that carry none (error logs); unset: the record's
  // event.timezone, else UTC, and the event is flagged time_assumed_utc.
  std::optional<absl::TimeZone> time_zone;
  // The same for single hosts, by lower-case name or id; `time_zone` wins.
  absl::flat_hash_map<std::string, absl::TimeZone> host_zones;
  // Host of records that name none.
  std::string host;
  // Whether documents may bring their own `sequitur.*` fields: only the test
  // runner's may; from the outside they would be forgeries.
  bool trust_own_fields = false;
};

// Why a record gave no event. The first group is damage, counted as errors;
// the second is records that are fine and of no use, counted as ignored.
enum class DecodeResult : uint8_t {
  kDecoded,
  // Damage.
  kEmpty,          // no bytes, or only blanks
  kTooLarge,       // above the record limit
  kMalformedJson,  // not one JSON value
  kTooDeep,        // nested beyond kMaxJsonDepth
  kNotRecognised,  // no source's shape
  kMalformedLine,  // the source's shape, broken within
  kNoTimestamp,    // nothing says when
  kBadTimestamp,   // says when, unreadably
  // No use.
  kNotAnEvent,  // header, state dump, statistics, removed row ...
  kUnusedKind,  // an event no rule or enrichment reads
};
inline constexpr size_t kDecodeResults = 11;

// snake_case, as in metrics and summaries.
absl::string_view DecodeResultName(DecodeResult result);
constexpr bool IsDecodeError(DecodeResult r) {
  return r != DecodeResult::kDecoded && r < DecodeResult::kNotAnEvent;
}

}  // namespace sequitur::decode
