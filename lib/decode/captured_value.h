#pragma once

// Reading one captured JSON value as the type a decoder wants, whatever the
// writer made of it: protobuf and osquery print integers as strings, shippers
// print times in several ways.
//
// Threads: none of these keeps state.

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "absl/strings/string_view.h"
#include "decode/json_reader.h"
#include "event/event.h"

namespace sequitur::decode {

// The first element as an integer: a number without fraction, or decimal text.
std::optional<int64_t> CapturedInt(const event::Value& value);

// The first element as a bool: true/false, or a number or text of 0 and 1.
std::optional<bool> CapturedBool(const event::Value& value);

// The first element as an instant. Text is ISO 8601 (UTC when it names no zone)
// or digits; a number below 1e11 with a fraction is epoch seconds, an integer
// is milliseconds as in Elasticsearch, unless its size says seconds,
// microseconds or nanoseconds.
std::optional<event::TimeNs> CapturedTime(const event::Value& value);

// Decimal digits in the arena: ECS has most identifiers as keywords.
absl::string_view PrintInt(int64_t i, Arena& arena);

// A path that no real document fills.
inline constexpr absl::string_view kUnfilledPath = "\x01";

// Registers `path` when one of `fields` is read by somebody. Otherwise gives
// kUnfilledPath, so that the decoder needs no second case.
PathId AddWanted(JsonPaths& paths, const event::Projection& projection, absl::string_view path,
                 std::initializer_list<event::FieldId> fields);

}  // namespace sequitur::decode
