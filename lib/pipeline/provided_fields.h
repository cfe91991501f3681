#pragma once

// ProvidedFields: which fields an event of this site can have at all, from the
// kinds its sources are configured as and from the enrichments. It is how a rule
// that can see nothing here is told from one that has seen nothing yet.
//
// Threads: immutable.

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "config/config.h"
#include "decode/source.h"

namespace sequitur::pipeline {

class ProvidedFields {
 public:
  explicit ProvidedFields(const config::Config& config);

  // False when every topic is known to be of a kind. Otherwise any document may
  // come, and with it any field.
  bool open() const { return open_; }
  bool Has(absl::string_view path) const;
  // Whether events of this `event.category` come.
  bool Makes(absl::string_view category) const;
  // Set by a decoder of whatever kind, or an enrichment: not only by documents
  // that happen to bring it.
  static bool IsNative(absl::string_view path);
  // "eslogger, nginx-access": the configured kinds.
  std::string KindNames() const;

 private:
  std::vector<decode::SourceKind> kinds_;  // each once
  bool open_ = false;
};

}  // namespace sequitur::pipeline
