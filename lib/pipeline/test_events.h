#pragma once

// The events of a rule's test, decoded as the test says: `sequitur test` feeds them
// to an engine, canaries put them on the events topic.

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "event/event.h"
#include "pipeline/site.h"
#include "rules/rule_test.h"

namespace sequitur::pipeline {

// Gives each event of the test's `events`, in order, those that can be decoded;
// an event dies when `each` returns. Its position is its place in the test. Returns
// what was wrong, as lines for people.
std::vector<std::string> DecodeTestEvents(const Site& site, const rules::RuleTest& test,
                                          absl::FunctionRef<void(event::Event&)> each);

}  // namespace sequitur::pipeline
