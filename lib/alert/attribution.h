#pragma once

// Attribution: what ties the steps of an alert together beyond its key, and what
// else could have begun it. Of rules with links only.

#include <string>
#include <vector>

#include "alert/alert.h"
#include "correlate/links.h"

namespace sequitur::alert {

// Where in the evidence a step stands: one with runs fills several places. A link
// is from the last of the earlier step's to the first of the later one's.
struct Places {
  size_t first = 0;
  size_t last = 0;
};
Places PlacesOf(const rules::Rule& rule, uint16_t stage);

struct HeldLink {
  const rules::Link* link = nullptr;
  const rules::Tie* tie = nullptr;  // null: nothing of it could be compared
};

// The rule's links, in its order. They point into the alert's rule.
std::vector<HeldLink> LinksOf(const Alert& alert);

// What ties `candidate` to the steps after the first, most telling first, as written
// in the rule; each once.
std::vector<std::string> TiesOf(const Alert& alert, const event::Snapshot& candidate);

}  // namespace sequitur::alert
