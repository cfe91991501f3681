// Any text as YAML, read in every way a Document can be: never a crash, never
// more than its limits, and every problem with a line that is in the text.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "absl/strings/string_view.h"
#include "yaml/document.h"
#include "yaml/json.h"

namespace {

using sequitur::Diagnostic;
using sequitur::yaml::Document;
using sequitur::yaml::Mapping;
using sequitur::yaml::Node;

void Check(bool holds) {
  if (!holds) std::abort();
}

void ReadScalar(const Node& node) {
  node.AsString();
  node.AsInt(0, 100);
  node.AsNumber();
  node.AsBool();
  node.AsDuration();
  node.AsBytes();
  node.AddErrorWithin(1, 2, "within");
  node.AddErrorWithin(3, 70, "within");
}

// Visits at most `budget` nodes, breadth first.
void ReadTree(const Node& root, size_t budget) {
  std::vector<Node> todo = {root};
  for (size_t i = 0; i < todo.size() && i < budget; ++i) {
    const Node node = todo[i];
    Check(node.line() >= 1 && node.column() >= 1);
    if (node.is_scalar()) ReadScalar(node);
    if (node.is_sequence()) {
      for (const Node& element : node.Elements()) todo.push_back(element);
    }
    Mapping mapping(node, "a mapping");
    mapping.GetStrings("key");
    mapping.Finish();
    for (const Node::Entry& entry : node.Entries()) todo.push_back(entry.value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  Document document = Document::Parse(text, "f.yaml");
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  Check(!sequitur::yaml::ToJson(document.root()).empty());
  ReadTree(document.root(), 1000);
  const auto diagnostics = document.TakeDiagnostics();
  Check(diagnostics.size() <= Document::kMaxDiagnostics + 1);
  for (const Diagnostic& diagnostic : diagnostics) {
    Check(!diagnostic.message.empty() && diagnostic.line >= 0 && diagnostic.line <= lines + 1);
  }
  return 0;
}
