#pragma once

// Traffic: the everyday life of a machine, in which planted things hide:
// visitors, what serving them makes the services do, cron, administrators,
// name look-ups. All of it innocent.

#include "loadgen/machine.h"
#include "loadgen/visitors.h"

namespace sequitur::loadgen {

// Records per second of event time that one machine should write.
void StartTraffic(Machine& machine, double rate);

// The parts that planted things are dressed with.

// One request from its first byte to its access line.
Script Serve(Machine& machine, Visit visit);
// A service's declared child does its work.
Script Thumbnail(Machine& machine);
// An administrator logs in, looks around and runs `last`.
Script AdminSession(Machine& machine, Command last, ConnectionStart connection);

}  // namespace sequitur::loadgen
