#pragma once

// Runs the `tests:` blocks of rules: each test's events go through a fresh
// engine of the whole site, decoding and enrichment included, and the alerts
// of its rule are counted.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pipeline/site.h"
#include "rules/rule_test.h"

namespace sequitur::pipeline {

struct TestOutcome {
  bool passed = false;
  int64_t alerts = 0;                    // of the test's own rule
  std::map<std::string, int64_t> fired;  // by rule id, all rules
  std::vector<std::string> headlines;    // what fired, for people
  std::vector<std::string> problems;     // events that could not be decoded
};

TestOutcome RunTest(const Site& site, const rules::RuleTest& test);

}  // namespace sequitur::pipeline
