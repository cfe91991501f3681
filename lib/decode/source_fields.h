#pragma once

// What each kind of source can say: the fields its decoder sets, for whoever
// must tell whether a rule can see anything at a site. A test holds it against
// what the decoders make of samples of every kind.
//
// Threads: none of its own; constant.

#include <vector>

#include "absl/strings/string_view.h"
#include "decode/source.h"
#include "event/field_table.h"

namespace sequitur::decode {

// True when events of this kind may have the field. ECS documents bring whatever
// they like but `sequitur.*`; kAuto may be any kind.
bool CanSet(SourceKind kind, absl::string_view path);

// True when the kind makes events of this `event.category`.
bool CanMake(SourceKind kind, absl::string_view category);

// Of `path`, the kinds other than ecs and auto that can set it.
std::vector<SourceKind> KindsThatSet(absl::string_view path);

}  // namespace sequitur::decode
