#pragma once

// What baselines have learnt as a file: to be read, corrected and put into
// version control, and for replay and run to start from.
//
//   baselines:
//     - name: web_service_peer
//       fields: [host.name, destination.ip]
//       learning_since: 2026-11-01T00:00:00Z
//       tuples:
//         - {values: ["web-1", "192.0.2.7"], first: 2026-..., last: 2026-..., seen: 12}
//
// Bounds: those of yaml::Document: some 80,000 tuples a file.

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/diagnostic.h"
#include "config/config.h"
#include "enrich/novelty.h"

namespace sequitur::pipeline {

// Of `configured`, which says the fields. Tuples most often seen first; those that
// were new, and so reported if a rule asks for them, have a comment.
std::string BaselinesToYaml(std::vector<enrich::BaselineState> states,
                            const std::vector<config::Baseline>& configured);

// Everything in the file counts as learnt. A baseline that is not configured, or
// is of other fields, is a problem of the file.
std::vector<enrich::BaselineState> ParseBaselines(absl::string_view text, absl::string_view file,
                                                  const std::vector<config::Baseline>& configured,
                                                  Diagnostics& diagnostics);

}  // namespace sequitur::pipeline
