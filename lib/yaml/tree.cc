#include "yaml/tree.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "yaml/builder.h"

namespace sequitur::yaml {
namespace {

bool IsUtf8Continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

size_t CountCharacters(absl::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !IsUtf8Continuation(c); }));
}

// Skips a node's `!tag` and `&anchor`.
absl::string_view SkipProperties(absl::string_view text) {
  while (absl::StartsWith(text, "!") || absl::StartsWith(text, "&")) {
    const size_t blank = text.find_first_of(" \t");
    if (blank == absl::string_view::npos) return {};
    text = absl::StripLeadingAsciiWhitespace(text.substr(blank));
  }
  return text;
}

}  // namespace

Tree::Tree(absl::string_view text, absl::string_view file_name)
    : text_(absl::StripPrefix(text, "\xEF\xBB\xBF")), file_name_(file_name), nodes_(1) {}

void Tree::Build() {
  const Place start{1, 1, true};
  if (text_.size() > Document::kMaxBytes) {
    Report(Diagnostic::Severity::kError, {},
           absl::StrCat("larger than ", Document::kMaxBytes >> 20, " MiB"));
    return;
  }
  lines_ = absl::StrSplit(text_, '\n');
  for (absl::string_view& line : lines_) line = absl::StripSuffix(line, "\r");
  if (text_.find('\0') != std::string::npos) {
    Report(Diagnostic::Severity::kError, start, "not a text: it contains a zero byte");
    return;
  }
  BuiltTree built = BuildTree(text_);
  nodes_ = std::move(built.nodes);
  root_ = built.root;
  for (const BuildProblem& problem : built.problems) {
    Report(Diagnostic::Severity::kError,
           {problem.line, CharacterColumn(problem.line, problem.byte_column), true},
           problem.message);
  }
}

absl::string_view Tree::Line(int line) const {
  if (line < 1 || static_cast<size_t>(line) > lines_.size()) return {};
  return lines_[static_cast<size_t>(line) - 1];
}

int Tree::CharacterColumn(int line, int byte_column) const {
  if (byte_column < 1) return 1;
  return static_cast<int>(CountCharacters(Line(line).substr(
             0, std::min(Line(line).size(), static_cast<size_t>(byte_column) - 1)))) +
         1;
}

Tree::Place Tree::PlaceOf(uint32_t index) const {
  const TreeNode& node = nodes_[index];
  if (node.line == 0) return {1, 1, true};
  return {node.line, CharacterColumn(node.line, node.column), true};
}

Tree::Place Tree::PlaceWithin(uint32_t index, int line, int column) const {
  const TreeNode& node = nodes_[index];
  if (const auto place = PlaceInBlock(node, line, column)) return *place;
  if (const auto place = line == 1 ? PlaceInLine(node, column) : std::nullopt) return *place;
  Place start = PlaceOf(index);
  start.exact = false;
  return start;
}

// A literal block (`|`) keeps its lines: line n of the text is the n-th line
// after the indicator, less the indent that YAML took away.
std::optional<Tree::Place> Tree::PlaceInBlock(const TreeNode& node, int line, int column) const {
  const absl::string_view from =
      Line(node.line).substr(std::min<size_t>(Line(node.line).size(), node.column - 1));
  if (node.plain || !absl::StartsWith(SkipProperties(from), "|")) return std::nullopt;
  const std::vector<absl::string_view> content = absl::StrSplit(node.text, '\n');
  const size_t wanted = std::min(static_cast<size_t>(std::max(line, 1)), content.size()) - 1;
  const int file_line = node.line + 1 + static_cast<int>(wanted);
  // The indent is the same on every line that has text; the wanted one may not.
  for (size_t i = 0; i < content.size(); ++i) {
    if (content[i].empty()) continue;
    const absl::string_view raw = Line(node.line + 1 + static_cast<int>(i));
    if (!absl::EndsWith(raw, content[i])) return std::nullopt;
    const size_t indent = raw.size() - content[i].size();
    return Place{file_line, static_cast<int>(indent) + std::max(column, 1), true};
  }
  return std::nullopt;
}

// A scalar on one line that says what is written there, quotes aside.
std::optional<Tree::Place> Tree::PlaceInLine(const TreeNode& node, int column) const {
  const absl::string_view line = Line(node.line);
  absl::string_view from = line.substr(std::min<size_t>(line.size(), node.column - 1));
  from = SkipProperties(from);
  if (!node.plain) from = from.substr(std::min<size_t>(from.size(), 1));
  if (!absl::StartsWith(from, node.text)) return std::nullopt;
  const size_t start = CountCharacters(line.substr(0, line.size() - from.size()));
  return Place{node.line, static_cast<int>(start) + std::max(column, 1), true};
}

Diagnostic Tree::DiagnosticAt(Place place) const {
  // A line longer than this is no help on a terminal.
  constexpr size_t kMaxShownLine = 400;
  Diagnostic diagnostic;
  diagnostic.file = file_name_;
  diagnostic.line = place.line;
  diagnostic.column = place.column;
  const absl::string_view line = Line(place.line);
  if (line.size() <= kMaxShownLine) diagnostic.source_line = std::string(line);
  return diagnostic;
}

void Tree::Report(Diagnostic::Severity severity, Place place, absl::string_view message) {
  if (severity == Diagnostic::Severity::kError) has_errors_ = true;
  if (IsFull()) {
    ++unreported_;
    return;
  }
  diagnostics_.push_back(DiagnosticAt(place));
  diagnostics_.back().severity = severity;
  diagnostics_.back().message = std::string(message);
}

Diagnostics Tree::TakeDiagnostics() {
  std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                   [](const Diagnostic& a, const Diagnostic& b) {
                     return std::pair(a.line, a.column) < std::pair(b.line, b.column);
                   });
  if (unreported_ > 0) {
    Diagnostic& last = diagnostics_.emplace_back();
    last.severity = has_errors_ ? Diagnostic::Severity::kError : Diagnostic::Severity::kWarning;
    last.file = file_name_;
    last.message = absl::StrCat(unreported_, " further problems in this file are not shown");
    unreported_ = 0;
  }
  return std::exchange(diagnostics_, {});
}

}  // namespace sequitur::yaml
