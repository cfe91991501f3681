#pragma once

// The command line of loadgen: texts to Options.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "loadgen/options.h"

namespace sequitur::loadgen {

// As typed; the defaults are what --help shows.
struct Arguments {
  std::string output;
  int hosts = 8;
  int first_host = 1;
  std::vector<std::string> roles;
  std::string start = "2026-11-24T08:00:00Z";
  std::string duration = "10m";
  double rate = 200;
  uint64_t seed = 1;
  int attacks = 12;
  int look_alikes = 8;
  std::vector<std::string> only;
  std::string disorder = "2s";
  std::string envelope = "filebeat";
  std::vector<std::string> streams;
};

absl::StatusOr<Options> ToOptions(const Arguments& arguments);

// The scenarios with a line about each, for --list.
std::string ScenarioList();

}  // namespace sequitur::loadgen
