#pragma once

// The alert as one ECS document (design: "The alert"): one line, valid UTF-8,
// attacker bytes replaced where they are not.

#include <string>

#include "alert/alert.h"
#include "base/source_names.h"
#include "event/field_table.h"

namespace sequitur::alert {

std::string ToJson(const Alert& alert, const event::FieldTable& fields, const SourceNames& sources);

// "web-exploit-chain on web-03: GET /x (500) → nginx spawned sh → ..., 2.4 s".
std::string Headline(const Alert& alert);

}  // namespace sequitur::alert
