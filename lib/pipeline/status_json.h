#pragma once

// /api/status: what the daemon knows of itself as one JSON document. Times are
// Unix seconds, 0 for never; totals count from the start of the process.

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "metrics/collector.h"
#include "metrics/report.h"
#include "pipeline/daemon.h"
#include "pipeline/recent_alerts.h"

namespace sequitur::pipeline {

std::string StatusJson(const metrics::Report& report, const Health& health,
                       const std::vector<RecentAlerts::Entry>& alerts, const metrics::Build& build,
                       absl::Time now);

}  // namespace sequitur::pipeline
