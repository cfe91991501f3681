#pragma once

// Tree: what a Document owns: the text by lines, the nodes in one vector, and
// the problems reported so far. Private to lib/yaml.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/diagnostic.h"
#include "yaml/document.h"

namespace sequitur::yaml {

struct TreeNode {
  Node::Kind kind = Node::Kind::kNull;
  bool plain = false;
  int line = 0;    // 1-based
  int column = 0;  // 1-based, in bytes of the line
  std::string text;
  // Elements, or keys and values in turn. An alias shares its anchor's index.
  std::vector<uint32_t> children;
};

class Tree {
 public:
  Tree(absl::string_view text, absl::string_view file_name);

  // Parses the text; once.
  void Build();

  Node At(uint32_t index) { return Node(this, index); }
  Node root() { return At(root_); }
  const TreeNode& node(uint32_t index) const { return nodes_[index]; }
  absl::string_view file_name() const { return file_name_; }
  // The line's bytes, without its end; empty when there is no such line.
  absl::string_view Line(int line) const;

  struct Place {
    int line = 0;
    int column = 0;      // 1-based, in characters
    bool exact = false;  // else the start of the scalar
  };
  Place PlaceOf(uint32_t index) const;
  // Where (line, column) of the scalar's text stands in the file.
  Place PlaceWithin(uint32_t index, int line, int column) const;

  Diagnostic DiagnosticAt(Place place) const;
  void Report(Diagnostic::Severity severity, Place place, absl::string_view message);
  Diagnostics TakeDiagnostics();
  // Further problems are only counted.
  bool IsFull() const { return diagnostics_.size() >= Document::kMaxDiagnostics; }
  bool HasErrors() const { return has_errors_; }

 private:
  std::optional<Place> PlaceInBlock(const TreeNode& node, int line, int column) const;
  std::optional<Place> PlaceInLine(const TreeNode& node, int column) const;
  int CharacterColumn(int line, int byte_column) const;

  std::string text_;
  std::string file_name_;
  std::vector<absl::string_view> lines_;
  std::vector<TreeNode> nodes_;
  uint32_t root_ = 0;
  Diagnostics diagnostics_;
  size_t unreported_ = 0;  // beyond kMaxDiagnostics
  bool has_errors_ = false;
};

}  // namespace sequitur::yaml
