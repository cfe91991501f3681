#include "decode/captured_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "decode/time_zones.h"

namespace sequitur::decode {

using event::TimeNs;
using event::Value;

namespace {

// Exactly representable in a double, so that the cast is defined and lossless.
constexpr double kExactLimit = 9007199254740992.0;

std::optional<TimeNs> Scale(int64_t i, int64_t unit) {
  TimeNs out = 0;
  if (__builtin_mul_overflow(i, unit, &out)) return std::nullopt;
  return out;
}

// Epoch milliseconds as Elasticsearch has it. Real clocks (1973 to 5138) differ
// enough in size by unit that other units can be told; what is smaller than all
// of them is a test's milliseconds.
std::optional<TimeNs> FromEpochInt(int64_t i) {
  if (i >= 100'000'000'000'000'000) return i;
  if (i >= 100'000'000'000'000) return Scale(i, event::kMicrosecond);
  if (i >= 100'000'000 && i < 100'000'000'000) return Scale(i, event::kSecond);
  return Scale(i, event::kMillisecond);
}

}  // namespace

std::optional<int64_t> CapturedInt(const Value& value) {
  const Value first = value.first();
  if (first.kind() == Value::Kind::kInt) return first.int_value();
  int64_t parsed = 0;
  if (first.is_string() && event::ParseInt(first.string_value(), &parsed)) return parsed;
  if (first.kind() != Value::Kind::kDouble) return std::nullopt;
  const double d = first.double_value();
  if (!(std::fabs(d) < kExactLimit) || d != std::trunc(d)) return std::nullopt;
  return static_cast<int64_t>(d);
}

std::optional<bool> CapturedBool(const Value& value) {
  const Value first = value.first();
  if (first.kind() == Value::Kind::kBool) return first.bool_value();
  if (first.text() == "true") return true;
  if (first.text() == "false") return false;
  const auto i = CapturedInt(first);
  if (!i || (*i != 0 && *i != 1)) return std::nullopt;
  return *i == 1;
}

std::optional<TimeNs> CapturedTime(const Value& value) {
  const Value first = value.first();
  if (first.kind() == Value::Kind::kDouble) {
    const double d = first.double_value();
    return event::FromEpochSeconds(std::fabs(d) < 1e11 ? d : d / 1000);
  }
  // Mostly it is text, and no text is both a date and a number.
  if (first.is_string()) {
    if (const auto iso = event::ParseIso8601(first.string_value(), &Utc())) return iso;
  }
  if (const auto i = CapturedInt(first)) return FromEpochInt(*i);
  if (!first.is_string()) return std::nullopt;
  return event::ParseEpochSeconds(first.string_value());
}

absl::string_view PrintInt(int64_t i, Arena& arena) {
  constexpr size_t kLongest = 20;  // -9223372036854775808
  char* out = arena.Allocate<char>(kLongest);
  const auto end = std::to_chars(out, out + kLongest, i).ptr;
  return {out, static_cast<size_t>(end - out)};
}

PathId AddWanted(JsonPaths& paths, const event::Projection& projection, absl::string_view path,
                 std::initializer_list<event::FieldId> fields) {
  const bool wanted = std::any_of(fields.begin(), fields.end(),
                                  [&](event::FieldId id) { return projection.Has(id); });
  return paths.Add(wanted ? path : kUnfilledPath);
}

}  // namespace sequitur::decode
