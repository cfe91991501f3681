#pragma once

// Join keys: the tuple of values that the events of one sequence share,
// encoded as bytes so that equal tuples are equal strings.
//
// A number and its decimal text are one key, as they are in an index that maps
// a field to one type whatever the sources send. `host.id` and `host.name`
// stand for the canonical host, which is an implicit part of every key: a
// source that knows only the name joins with one that knows only the id.

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "eql/query.h"
#include "event/event.h"

namespace sequitur::correlate {

// List-valued fields make an event act on the product of their elements; no
// more than this many keys of one event are used, and the rest are counted.
inline constexpr size_t kMaxKeysPerEvent = 64;

// Whether a key field stands for the canonical host.
bool IsHostField(event::FieldId field);

// Calls `each` once per distinct key of the event under these fields: never
// when a mandatory field is null, once for a scalar tuple. Returns how many
// keys were left out for being more than kMaxKeysPerEvent. `scratch` is used
// as memory and holds the key passed to `each`.
size_t ForEachJoinKey(const event::Event& event, absl::Span<const eql::KeyField> fields,
                      std::string& scratch, absl::FunctionRef<void(const std::string& key)> each);

// Whether two scalars make the same key.
bool SameInKey(const event::Value& a, const event::Value& b);

// The components as text, in order; nullopt for null. For the host fields the
// text is empty: the caller knows the host.
std::vector<std::optional<std::string>> DecodeJoinKey(absl::string_view key);

}  // namespace sequitur::correlate
