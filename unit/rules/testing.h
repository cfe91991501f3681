#pragma once

// Diagnostics as the tests of this folder compare them.

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/diagnostic.h"
#include "yaml/document.h"

namespace sequitur::rules {

// One per line, as "line:column: message", warnings marked.
inline std::string Problems(const Diagnostics& diagnostics) {
  return absl::StrJoin(diagnostics, "\n", [](std::string* out, const Diagnostic& d) {
    absl::StrAppend(out, d.line, ":", d.column, ": ",
                    d.severity == Diagnostic::Severity::kWarning ? "warning: " : "", d.message);
  });
}

inline std::string Problems(yaml::Document& document) {
  return Problems(document.TakeDiagnostics());
}

}  // namespace sequitur::rules
