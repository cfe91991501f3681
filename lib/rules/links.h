#pragma once

// Links: what two steps of one sequence share, beyond the key that all its steps
// share. An extension beside EQL, whose queries stay as they are:
//
//   links:
//     - steps: [2, 3]                    # an earlier and a later step, from 1
//       by:                              # the first that can be compared decides
//         - same: process.pid = sequitur.lineage.pid
//           within: service.name = sequitur.lineage.service
//         - sequitur.service.reaches = sequitur.lineage.service
//     - steps: [1, 2]
//       prefer: [http.request.id, process.pid]   # most telling first; forbids nothing
//
// A tie reads `earlier step's field = later step's field`, or one field for both.
// It can be compared where both events have a value; lists agree in any element.
// With `within` it can only where that tie holds too: a pid says something among
// processes of one service. Where nothing of `by` can be compared the steps may
// be joined: what telemetry does not say, it does not forbid.
//
// Bounds:   kMaxLinks a rule, kMaxTies a list.
// Threads:  values; immutable within a RuleSet.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "event/field_table.h"
#include "yaml/document.h"

namespace sequitur::rules {

struct FieldPair {
  event::FieldId earlier = 0;
  event::FieldId later = 0;
};

struct Tie {
  FieldPair same;
  std::optional<FieldPair> within;
  std::string text;  // `same` as written, for people
};

struct Link {
  static constexpr size_t kMaxLinks = 8;
  static constexpr size_t kMaxTies = 14;

  uint16_t earlier = 0;  // indices into Rule::stages
  uint16_t later = 0;
  std::vector<Tie> by;
  std::vector<Tie> prefer;
};

// A link before its fields have numbers.
struct LinkSpec {
  struct PairSpec {
    std::string earlier;
    std::string later;
  };
  struct TieSpec {
    PairSpec same;
    std::optional<PairSpec> within;
    std::string text;
  };

  explicit LinkSpec(yaml::Node node) : node(node) {}

  yaml::Node node;
  int earlier = 1;  // steps, from 1
  int later = 2;
  std::vector<TieSpec> by;
  std::vector<TieSpec> prefer;
};

// Every pair of fields that a link, or each of the links, compares.
template <typename Each>
void ForEachPair(const Link& link, Each each) {
  for (const auto* ties : {&link.by, &link.prefer}) {
    for (const Tie& tie : *ties) {
      each(tie.same);
      if (tie.within) each(*tie.within);
    }
  }
}
template <typename Each>
void ForEachPair(const std::vector<Link>& links, Each each) {
  for (const Link& link : links) ForEachPair(link, each);
}

// The value of `links:`. Problems are added to the node's document, and what has
// one is left out.
std::vector<LinkSpec> ReadLinks(const yaml::Node& node);

}  // namespace sequitur::rules
