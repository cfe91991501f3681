#pragma once

// The status page: one HTML document without outside resources, which draws what
// /api/status says every two seconds.

namespace sequitur::pipeline {

extern const char kStatusPage[];

}  // namespace sequitur::pipeline
