#include "yaml/builder.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "yaml/scalar.h"

namespace sequitur::yaml {
namespace {

// What a node costs when every alias in it is written out.
struct Extent {
  size_t nodes = 1;
  int height = 1;
};

// Collects nodes until a limit is passed; then it only lets the parser run out,
// since yaml-cpp knows no other way to stop than to throw.
class Collector : public YAML::EventHandler {
 public:
  explicit Collector(BuiltTree& tree) : tree_(tree) { Add(Node::Kind::kNull, {}, 0); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) {
      Stop(mark, "expected one YAML document per file, found a second one");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (stopped_) return;
    Place(Add(Node::Kind::kNull, mark, anchor), mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (stopped_) return;
    const uint32_t index = Add(Node::Kind::kScalar, mark, anchor);
    tree_.nodes[index].text = value;
    tree_.nodes[index].plain = tag == "?";
    Place(index, mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (stopped_) return;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end() || IsOpen(found->second)) {
      Stop(mark, "an alias cannot stand inside what it names");
      return;
    }
    Place(found->second, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(Node::Kind::kSequence, mark, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(Node::Kind::kMapping, mark, anchor);
  }
  void OnMapEnd() override {
    if (!stopped_) CheckKeys(tree_.nodes[open_.back()]);
    Close();
  }

  bool stopped() const { return stopped_; }
  int documents() const { return documents_; }

  // At the end of the text yaml-cpp has no place to name; then it is where the
  // list or mapping begins that was never closed.
  BuildProblem Damage(const YAML::Exception& error) const {
    BuildProblem problem{error.mark.line + 1, error.mark.column + 1,
                         absl::StrCat("not valid YAML: ", error.msg)};
    if (error.mark.line <= 0 && error.mark.column <= 0 && !open_.empty()) {
      problem.line = tree_.nodes[open_.back()].line;
      problem.byte_column = tree_.nodes[open_.back()].column;
    }
    return problem;
  }

 private:
  uint32_t Add(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    const auto index = static_cast<uint32_t>(tree_.nodes.size());
    TreeNode& node = tree_.nodes.emplace_back();
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    extents_.emplace_back();
    if (anchor != 0) anchors_[anchor] = index;
    return index;
  }

  void Open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (stopped_) return;
    if (open_.size() >= static_cast<size_t>(Document::kMaxDepth)) {
      Stop(mark, absl::StrCat("nested deeper than ", Document::kMaxDepth, " levels"));
      return;
    }
    open_.push_back(Add(kind, mark, anchor));
  }

  void Close() {
    if (stopped_) return;
    const uint32_t index = open_.back();
    open_.pop_back();
    const TreeNode& node = tree_.nodes[index];
    YAML::Mark mark;
    mark.line = node.line - 1;
    mark.column = node.column - 1;
    Place(index, mark);
  }

  // Makes a finished node a child of the innermost open one, or the root.
  void Place(uint32_t index, const YAML::Mark& mark) {
    if (open_.empty()) {
      tree_.root = index;
      return;
    }
    const uint32_t parent = open_.back();
    tree_.nodes[parent].children.push_back(index);
    Extent& extent = extents_[parent];
    extent.nodes += extents_[index].nodes;
    extent.height = std::max(extent.height, extents_[index].height + 1);
    if (extent.nodes > Document::kMaxNodes || tree_.nodes.size() > Document::kMaxNodes) {
      Stop(mark, absl::StrCat("more than ", Document::kMaxNodes, " values, aliases written out"));
    } else if (open_.size() + extents_[index].height > Document::kMaxDepth + size_t{1}) {
      Stop(mark, absl::StrCat("nested deeper than ", Document::kMaxDepth, " levels"));
    }
  }

  bool IsOpen(uint32_t index) const {
    return std::find(open_.begin(), open_.end(), index) != open_.end();
  }

  void CheckKeys(const TreeNode& mapping) {
    absl::flat_hash_map<absl::string_view, int> lines;
    for (size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
      const TreeNode& key = tree_.nodes[mapping.children[i]];
      if (key.kind != Node::Kind::kScalar) {
        Problem(key.line, key.column, "expected a plain word as key");
        continue;
      }
      const auto [first, inserted] = lines.emplace(key.text, key.line);
      if (inserted) continue;
      Problem(key.line, key.column,
              absl::StrCat("key ", Quoted(key.text), " stands here a second time (first on line ",
                           first->second, ")"));
    }
  }

  void Problem(int line, int column, std::string message) {
    if (tree_.problems.size() > Document::kMaxDiagnostics) return;
    tree_.problems.push_back({line, column, std::move(message)});
  }

  void Stop(const YAML::Mark& mark, std::string message) {
    stopped_ = true;
    Problem(mark.line + 1, mark.column + 1, std::move(message));
  }

  BuiltTree& tree_;
  std::vector<Extent> extents_;  // beside tree_.nodes
  std::vector<uint32_t> open_;
  absl::flat_hash_map<YAML::anchor_t, uint32_t> anchors_;
  int documents_ = 0;
  bool stopped_ = false;
};

BuiltTree Unreadable(std::vector<BuildProblem> problems) {
  BuiltTree tree;
  tree.nodes.emplace_back();
  tree.problems = std::move(problems);
  return tree;
}

}  // namespace

BuiltTree BuildTree(absl::string_view text) {
  BuiltTree tree;
  Collector collector(tree);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (collector.documents() < 2 && parser.HandleNextDocument(collector)) {
    }
  } catch (const YAML::DeepRecursion&) {
    // Reported by the collector, whose limit is the lower one, unless the depth
    // is all in one unfinished key.
    if (!collector.stopped()) return Unreadable({{1, 1, "nested too deeply"}});
  } catch (const YAML::Exception& error) {
    if (!collector.stopped()) {
      return Unreadable({collector.Damage(error)});
    }
  }
  if (collector.stopped()) return Unreadable(std::move(tree.problems));
  return tree;
}

}  // namespace sequitur::yaml
