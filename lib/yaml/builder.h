#pragma once

// Runs yaml-cpp over a text and collects its events as TreeNodes. The only file
// pair that knows yaml-cpp; its exceptions end here.

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "yaml/tree.h"

namespace sequitur::yaml {

struct BuildProblem {
  int line = 0;         // 1-based
  int byte_column = 0;  // 1-based
  std::string message;
};

struct BuiltTree {
  std::vector<TreeNode> nodes;  // never empty: index 0 is a null node
  uint32_t root = 0;
  std::vector<BuildProblem> problems;
};

BuiltTree BuildTree(absl::string_view text);

}  // namespace sequitur::yaml
