#pragma once

// Scenario: something that can be planted on a machine: an attack, with the
// rules that should tell of it, or a look-alike that no rule may take for one.

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "loadgen/machine.h"
#include "loadgen/truth.h"

namespace sequitur::loadgen {

struct Scenario {
  absl::string_view name;
  Expectation expectation = Expectation::kAttack;
  absl::string_view rule;
  // Suffixes of the rule's id that are as right; "" is the rule itself.
  std::vector<absl::string_view> variants;
  bool (*fits)(const Host& host) = nullptr;
  Script (*play)(Machine& machine, Planted* planted) = nullptr;
  absl::string_view note;
};

// All of them, by file: web_exploits.cc, other_attacks.cc, look_alikes.cc.
std::vector<Scenario> WebExploits();
std::vector<Scenario> OtherAttacks();
std::vector<Scenario> LookAlikes();
std::vector<Scenario> AllScenarios();

}  // namespace sequitur::loadgen
