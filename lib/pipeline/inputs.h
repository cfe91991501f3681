#pragma once

// Inputs: the `[SOURCE=]PATH` arguments of replay, turned into the files to
// read: folders are walked, names sorted, kinds and per-file options resolved.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "decode/source.h"

namespace sequitur::pipeline {

struct Input {
  std::string path;  // "-" is standard input
  decode::SourceKind kind = decode::SourceKind::kAuto;
};

struct InputList {
  std::vector<Input> inputs;
  std::vector<std::string> problems;  // what could not be read, for people
};

// "ecs=alerts.ndjson" names the kind; the part before '=' is a kind only if it
// is one, or if no such file exists (then it is a mistake and reported so).
// Hidden files in folders are passed over.
InputList ListInputs(absl::Span<const std::string> arguments);

}  // namespace sequitur::pipeline
