#pragma once

// The daemon's log on standard error: text or one JSON object a line. Whatever
// bytes a message carries, one message cannot look like two, and a line that
// repeats at once is written once.

#include "config/config.h"

namespace sequitur::cmd {

// Sets spdlog's default logger. May be called again: takes level and format.
void StartLog(const config::Log& log);

}  // namespace sequitur::cmd
