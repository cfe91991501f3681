#pragma once

// FamilyList: writes down metric families, one sample at a time.
// Threads: none.

#include <deque>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "metrics/histogram.h"
#include "prometheus/metric_family.h"

namespace sequitur::metrics {

using Labels = std::vector<prometheus::ClientMetric::Label>;

class Family {
 public:
  Family(prometheus::MetricFamily& family) : family_(family) {}

  Family& Add(Labels labels, double value) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    if (family_.type == prometheus::MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    family_.metric.push_back(std::move(metric));
    return *this;
  }
  template <const auto& bounds>
  Family& Add(Labels labels, const Histogram<bounds>& histogram) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    uint64_t cumulative = 0;
    for (size_t i = 0; i < histogram.counts.size(); ++i) {
      cumulative += histogram.counts[i];
      const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({cumulative, bound});
    }
    metric.histogram.sample_count = cumulative;
    metric.histogram.sample_sum = histogram.sum;
    family_.metric.push_back(std::move(metric));
    return *this;
  }

 private:
  prometheus::MetricFamily& family_;
};

class FamilyList {
 public:
  Family Counter(std::string name, std::string help) {
    return New(std::move(name), std::move(help), prometheus::MetricType::Counter);
  }
  Family Gauge(std::string name, std::string help) {
    return New(std::move(name), std::move(help), prometheus::MetricType::Gauge);
  }
  Family HistogramOf(std::string name, std::string help) {
    return New(std::move(name), std::move(help), prometheus::MetricType::Histogram);
  }

  // Families without a sample are left out.
  std::vector<prometheus::MetricFamily> Take() {
    std::erase_if(families_, [](const auto& family) { return family.metric.empty(); });
    return std::vector(std::make_move_iterator(families_.begin()),
                       std::make_move_iterator(families_.end()));
  }

 private:
  Family New(std::string name, std::string help, prometheus::MetricType type) {
    prometheus::MetricFamily& family = families_.emplace_back();
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = type;
    return Family(family);
  }

  std::deque<prometheus::MetricFamily> families_;  // stable: a Family points into it
};

}  // namespace sequitur::metrics
