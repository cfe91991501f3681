#pragma once

// A YAML node as one line of JSON, for events that people write in YAML.
//
// Plain scalars are typed as YAML 1.2 types them (null, true, 12, 0x1f, 1.5);
// quoted ones are strings. Mappings keep their order.

#include <string>

#include "absl/strings/string_view.h"
#include "yaml/document.h"

namespace sequitur::yaml {

std::string ToJson(const Node& node);

// The text as a JSON string, quotes included.
std::string JsonString(absl::string_view text);

}  // namespace sequitur::yaml
