#pragma once

// The YAML files behind a list of paths, where a path is a file or a folder.

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/diagnostic.h"

namespace sequitur::yaml {

struct FileList {
  std::vector<std::string> paths;
  Diagnostics diagnostics;  // paths that do not exist or cannot be read
};

// Files as given; folders with all *.yaml and *.yml below them, by name. Names
// that begin with a dot are left out: editors' leftovers, and the `..data` of a
// mounted ConfigMap, whose files are there a second time as links. A file that
// is named twice is listed once.
//
// Bounds: kMaxFolderDepth levels, kMaxFiles files.
inline constexpr int kMaxFolderDepth = 16;
inline constexpr size_t kMaxFiles = 100'000;
FileList FindFiles(absl::Span<const std::string> paths);

}  // namespace sequitur::yaml
