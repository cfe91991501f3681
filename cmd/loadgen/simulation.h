#pragma once

// Simulation: a fleet, its everyday traffic and what is planted in it, played
// from the start to the end of the asked-for time. Deterministic: the same
// options give the same bytes.
//
//   hosts -> scripts on the Timeline -> lines -> Shipper -> Arrivals -> Sink
//                                                              └-> Truth
//
// Bounds:   memory holds the scripts under way and the records on their way;
//           neither grows with the duration.
// Threads:  none.
// Lifetime: borrows the sink, which must outlive it.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "loadgen/arrivals.h"
#include "loadgen/machine.h"
#include "loadgen/options.h"
#include "loadgen/scenario.h"
#include "loadgen/truth.h"

namespace sequitur::loadgen {

class Simulation {
 public:
  // Told now and then which share of the time has been played.
  using Progress = std::function<void(double share, int64_t records)>;

  Simulation(const Options& options, Sink& sink, Progress progress);

  absl::Status Run();

  const Truth& Planted() const { return truth_; }
  const Arrivals& Delivered() const { return arrivals_; }
  // Scenarios that no host of this fleet can play.
  const std::vector<std::string>& Unplayable() const { return unplayable_; }

 private:
  void MakeMachines(Random& random);
  void Plant(std::vector<Scenario> scenarios, int count, Random random);
  Machine* LeastUsedFit(const Scenario& scenario, Random& random);
  Script Play(const Scenario* scenario, Machine* machine, TimeNs at);
  Script Watch();

  const Options options_;
  Sink& sink_;
  Progress progress_;
  Arrivals arrivals_;
  Truth truth_;
  std::vector<Host> hosts_;
  Host sensor_host_;
  std::vector<std::unique_ptr<std::vector<Scenario>>> scenarios_;
  std::vector<std::string> unplayable_;
  std::vector<int> planted_on_;  // by machine
  std::unique_ptr<Shipper> sensor_;
  std::unique_ptr<ZeekLog> zeek_;
  std::vector<std::unique_ptr<Machine>> machines_;
  // Last, so that scripts go before what they refer to.
  Timeline timeline_;
};

}  // namespace sequitur::loadgen
