#pragma once

// What one event says, in a few words a person can read aloud:
// "203.0.113.7 GET /cgi-bin/x (500)", "php-fpm spawned sh -c id". Safe to show:
// outside text is made printable and cut.

#include <string>

#include "event/snapshot.h"

namespace sequitur::alert {

std::string Phrase(const event::Snapshot& event);

}  // namespace sequitur::alert
