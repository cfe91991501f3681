#pragma once

// Document: one YAML file as a tree that remembers line and column, read with
// typed getters that report what they do not like instead of failing. Every
// YAML file of a site (rules, lists, services, configuration) comes in here.
//
//   Document document = Document::Load("config/sequitur.yaml");
//   Mapping site(document.root(), "the site configuration");
//   config.lateness = site.GetDuration("lateness").value_or(config.lateness);
//   site.Finish();                       // unknown keys are errors
//   Append(document.TakeDiagnostics());  // all of them, in order of lines
//
// Bounds:   kMaxBytes of text, kMaxNodes nodes, kMaxDepth levels, each with
//           aliases counted as if written out; a file beyond them has one error
//           and an empty tree. kMaxDiagnostics problems are shown.
// Threads:  none.
// Lifetime: a Node or Mapping is a handle into its Document, which may be moved
//           but must outlive it; text() is a view into the Document.

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/diagnostic.h"

namespace sequitur::yaml {

class Tree;

class Node {
 public:
  enum class Kind : uint8_t { kNull, kScalar, kSequence, kMapping };
  struct Entry;

  Kind kind() const;
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_scalar() const { return kind() == Kind::kScalar; }
  bool is_sequence() const { return kind() == Kind::kSequence; }
  bool is_mapping() const { return kind() == Kind::kMapping; }
  // A scalar without quotes: `5` may be a number, `"5"` is a string.
  bool is_plain() const;
  // The scalar's text; empty for anything else.
  absl::string_view text() const;
  absl::string_view file() const;
  int line() const;    // 1-based
  int column() const;  // 1-based, in characters

  // The elements of a sequence; anything else is its own only element, and
  // null has none. So `a` and `[a]` read alike.
  std::vector<Node> Elements() const;
  // The entries of a mapping, in order; empty for anything else.
  std::vector<Entry> Entries() const;

  // Each reports what was expected and returns nullopt when the node is not it.
  std::optional<std::string> AsString() const;
  std::optional<int64_t> AsInt(int64_t min = std::numeric_limits<int64_t>::min(),
                               int64_t max = std::numeric_limits<int64_t>::max()) const;
  std::optional<double> AsNumber() const;
  std::optional<bool> AsBool() const;
  std::optional<absl::Duration> AsDuration() const;  // 250ms, 30s, 5m, 1h30m, 2d
  std::optional<int64_t> AsBytes() const;            // 512k, 64MiB, 1GiB
  // The index of the scalar among `words`.
  std::optional<size_t> AsWord(absl::Span<const absl::string_view> words) const;
  // One string or a list of them; elements that are no strings are left out.
  std::vector<std::string> AsStrings() const;

  void AddError(absl::string_view message) const;
  void AddWarning(absl::string_view message) const;
  // For a language inside a scalar (a `query: |` block): line and column are
  // 1-based within text(). The problem is reported where that character stands
  // in the file; where escapes or folding make that unknowable, at the scalar's
  // start, with the line and column in the message.
  void AddErrorWithin(int line, int column, absl::string_view message) const;
  void AddWarningWithin(int line, int column, absl::string_view message) const;
  // A problem of this node, with no message yet, for what can only be judged
  // when the Document is gone.
  Diagnostic Here() const;

 private:
  friend class Tree;
  friend class Document;
  Node(Tree* tree, uint32_t index) : tree_(tree), index_(index) {}
  void ReportWithin(Diagnostic::Severity severity, int line, int column,
                    absl::string_view message) const;

  Tree* tree_;
  uint32_t index_;
};

struct Node::Entry {
  Node key;
  Node value;
};

// Reads one mapping and knows which of its keys were asked for. An entry
// without a value (`key:`) counts as absent, so that a block whose lines are
// all commented out means the defaults.
class Mapping {
 public:
  // `what` names the mapping in messages: "a rule", "the site configuration".
  // A node that is not a mapping is reported, null excepted, and reads as empty.
  Mapping(Node node, absl::string_view what);

  Node node() const { return node_; }
  std::optional<Node> Get(absl::string_view key);
  // Reports a missing one.
  std::optional<Node> Require(absl::string_view key);

  std::optional<std::string> GetString(absl::string_view key);
  std::optional<int64_t> GetInt(absl::string_view key,
                                int64_t min = std::numeric_limits<int64_t>::min(),
                                int64_t max = std::numeric_limits<int64_t>::max());
  std::optional<double> GetNumber(absl::string_view key);
  std::optional<bool> GetBool(absl::string_view key);
  std::optional<absl::Duration> GetDuration(absl::string_view key);
  std::optional<int64_t> GetBytes(absl::string_view key);
  std::vector<std::string> GetStrings(absl::string_view key);
  std::optional<std::string> RequireString(absl::string_view key);

  // Reports every key that was never asked for, with the one it may have been
  // meant to be. Call it last.
  void Finish();

 private:
  Node node_;
  std::string what_;
  std::vector<Node::Entry> entries_;
  std::vector<bool> read_;
  std::vector<std::string> known_;
};

class Document {
 public:
  static constexpr size_t kMaxBytes = 16 << 20;
  static constexpr size_t kMaxNodes = 1 << 20;
  static constexpr int kMaxDepth = 64;
  static constexpr size_t kMaxDiagnostics = 100;

  static Document Parse(absl::string_view text, absl::string_view file_name);
  // A file that cannot be read is a diagnostic like any other.
  static Document Load(absl::string_view path);

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  // Null when the text is empty or could not be parsed.
  Node root() const;
  bool HasErrors() const;
  // What was reported so far, in order of lines; leaves none behind.
  Diagnostics TakeDiagnostics();

 private:
  explicit Document(std::unique_ptr<Tree> tree);

  std::unique_ptr<Tree> tree_;
};

}  // namespace sequitur::yaml
