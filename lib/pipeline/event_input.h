#pragma once

// EventInput: what a CorrelateWorker reads, and how a record of it becomes events.
// ForwardedInput is the shuffle's, KeyedInput the keyed placement's.
//
// Threads: none; one per worker.

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "bus/consumer.h"
#include "bus/record.h"
#include "event/event.h"
#include "event/host_table.h"
#include "metrics/report.h"

namespace sequitur::pipeline {

class Site;

class EventInput {
 public:
  using EachEvent = absl::FunctionRef<void(event::Event&)>;

  virtual ~EventInput() = default;

  virtual const std::vector<std::string>& topics() const = 0;
  // Whether these can be worked; what is remembered of earlier ones is forgotten.
  virtual absl::Status Assigned(bus::Consumer& consumer,
                                absl::Span<const bus::Assignment> assigned) = 0;
  // Reads for another site of the same environment from now on; only for an input
  // that says so, others are made anew.
  virtual void Adopt(const Site&) {}
  // Reads into `event` and gives it, as often as the record holds a new one.
  // `live`: the record was not read before.
  virtual void Read(const bus::Record& record, bool live, event::Event& event, EachEvent each) = 0;
  // The event has been through the engine of this partition, which knows its host.
  virtual void Processed(int32_t, const event::Event&, const event::HostTable&) {}
  virtual void Report(metrics::WorkerReport&) const {}
};

}  // namespace sequitur::pipeline
