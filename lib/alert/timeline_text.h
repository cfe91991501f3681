#pragma once

// The alert as a timeline to read aloud: one line a step, in order of the
// chain, with the time since the first, what happened, and where the record is.

#include <string>

#include "alert/alert.h"
#include "base/source_names.h"

namespace sequitur::alert {

enum class Colour { kNone, kAnsi };

std::string ToTimeline(const Alert& alert, const SourceNames& sources, Colour colour);

}  // namespace sequitur::alert
