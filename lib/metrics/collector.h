#pragma once

// The report as Prometheus families. What each metric means and what to do about
// it stands in deploy/OPERATING.md; this is the one place that names them.
//
// Threads: none of its own: a function of its argument and of /proc/self.

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "metrics/report.h"
#include "prometheus/metric_family.h"

namespace sequitur::metrics {

struct Build {
  std::string version;
  std::string librdkafka;
};

// `now` is what lags are measured against.
std::vector<prometheus::MetricFamily> Families(const Report& report, const Build& build,
                                               absl::Time now);

// In Prometheus' text format.
std::string ToText(const std::vector<prometheus::MetricFamily>& families);

// What the process uses, under the names every exporter has (process_*).
std::vector<prometheus::MetricFamily> ProcessFamilies();

}  // namespace sequitur::metrics
