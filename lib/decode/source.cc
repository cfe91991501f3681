#include "decode/source.h"

#include <algorithm>
#include <iterator>

namespace sequitur::decode {
namespace {

constexpr absl::string_view kKindNames[] = {
    "auto", "nginx-access", "nginx-error", "httpd-access", "httpd-error", "php-fpm", "eslogger",
    "ecs",  "osquery",      "santa",       "zeek",         "suricata",    "goflow2"};
static_assert(std::size(kKindNames) == kSourceKinds);

constexpr absl::string_view kResultNames[] = {"decoded",        "empty",        "too_large",
                                              "malformed_json", "too_deep",     "not_recognised",
                                              "malformed_line", "no_timestamp", "bad_timestamp",
                                              "not_an_event",   "unused_kind"};
static_assert(std::size(kResultNames) == kDecodeResults);

}  // namespace

absl::string_view SourceKindName(SourceKind kind) { return kKindNames[static_cast<size_t>(kind)]; }

std::optional<SourceKind> ParseSourceKind(absl::string_view name) {
  const auto* found = std::find(std::begin(kKindNames), std::end(kKindNames), name);
  if (found == std::end(kKindNames)) return std::nullopt;
  return static_cast<SourceKind>(found - std::begin(kKindNames));
}

absl::Span<const absl::string_view> SourceKindNames() { return kKindNames; }

absl::string_view DecodeResultName(DecodeResult result) {
  return kResultNames[static_cast<size_t>(result)];
}

}  // namespace sequitur::decode
