#include "yaml/document.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "yaml/scalar.h"
#include "yaml/tree.h"

namespace sequitur::yaml {
namespace {

// A longer word is no misspelling, and its edit distances would cost.
constexpr size_t kMaxSuggested = 64;

absl::string_view KindName(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kScalar:
      return "a single value";
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kMapping:
      return "a mapping";
  }
  return "";
}

std::string Found(const Node& node) {
  return node.is_scalar() ? Quoted(node.text()) : std::string(KindName(node.kind()));
}

// The value that `parse` makes of a scalar; else reports what was expected.
template <typename T>
std::optional<T> Parsed(const Node& node, absl::string_view expected,
                        std::optional<T> (*parse)(absl::string_view)) {
  std::optional<T> value;
  if (node.is_scalar()) value = parse(node.text());
  if (!value) node.AddError(absl::StrCat("expected ", expected, ", found ", Found(node)));
  return value;
}

}  // namespace

Node::Kind Node::kind() const { return tree_->node(index_).kind; }
bool Node::is_plain() const { return tree_->node(index_).plain; }
absl::string_view Node::text() const { return tree_->node(index_).text; }
absl::string_view Node::file() const { return tree_->file_name(); }
int Node::line() const { return tree_->PlaceOf(index_).line; }
int Node::column() const { return tree_->PlaceOf(index_).column; }

std::vector<Node> Node::Elements() const {
  if (is_null()) return {};
  if (!is_sequence()) return {*this};
  std::vector<Node> elements;
  for (const uint32_t child : tree_->node(index_).children) elements.push_back(tree_->At(child));
  return elements;
}

std::vector<Node::Entry> Node::Entries() const {
  std::vector<Entry> entries;
  if (!is_mapping()) return entries;
  const std::vector<uint32_t>& children = tree_->node(index_).children;
  for (size_t i = 0; i + 1 < children.size(); i += 2) {
    entries.push_back({tree_->At(children[i]), tree_->At(children[i + 1])});
  }
  return entries;
}

std::optional<std::string> Node::AsString() const {
  if (is_scalar()) return std::string(text());
  AddError(absl::StrCat("expected a string, found ", Found(*this)));
  return std::nullopt;
}

std::optional<int64_t> Node::AsInt(int64_t min, int64_t max) const {
  const auto value = Parsed(*this, "a whole number", ParseInt);
  if (!value || (*value >= min && *value <= max)) return value;
  constexpr int64_t kNoMax = std::numeric_limits<int64_t>::max();
  AddError(absl::StrCat("expected a whole number of at least ", min,
                        max == kNoMax ? "" : absl::StrCat(" and at most ", max), ", found ",
                        Found(*this)));
  return std::nullopt;
}

std::optional<double> Node::AsNumber() const { return Parsed(*this, "a number", ParseNumber); }

std::optional<bool> Node::AsBool() const { return Parsed(*this, "true or false", ParseBool); }

std::optional<absl::Duration> Node::AsDuration() const {
  return Parsed(*this, "a duration such as 250ms, 30s, 5m, 1h30m or 2d", ParseDuration);
}

std::optional<int64_t> Node::AsBytes() const {
  return Parsed(*this, "a size such as 512k, 64MiB or 1GiB", ParseBytes);
}

std::optional<size_t> Node::AsWord(absl::Span<const absl::string_view> words) const {
  const auto found = std::find(words.begin(), words.end(), text());
  if (is_scalar() && found != words.end()) return found - words.begin();
  absl::string_view meant;
  if (is_scalar() && text().size() <= kMaxSuggested) meant = DidYouMean(text(), words);
  AddError(absl::StrCat("expected one of ", absl::StrJoin(words, ", "), ", found ", Found(*this),
                        meant.empty() ? "" : absl::StrCat("; did you mean '", meant, "'?")));
  return std::nullopt;
}

std::vector<std::string> Node::AsStrings() const {
  std::vector<std::string> strings;
  for (const Node& element : Elements()) {
    if (auto text = element.AsString()) strings.push_back(*std::move(text));
  }
  return strings;
}

void Node::AddError(absl::string_view message) const {
  tree_->Report(Diagnostic::Severity::kError, tree_->PlaceOf(index_), message);
}

void Node::AddWarning(absl::string_view message) const {
  tree_->Report(Diagnostic::Severity::kWarning, tree_->PlaceOf(index_), message);
}

void Node::AddErrorWithin(int line, int column, absl::string_view message) const {
  ReportWithin(Diagnostic::Severity::kError, line, column, message);
}

void Node::AddWarningWithin(int line, int column, absl::string_view message) const {
  ReportWithin(Diagnostic::Severity::kWarning, line, column, message);
}

void Node::ReportWithin(Diagnostic::Severity severity, int line, int column,
                        absl::string_view message) const {
  const Tree::Place place =
      tree_->IsFull() ? Tree::Place() : tree_->PlaceWithin(index_, line, column);
  tree_->Report(severity, place,
                place.exact
                    ? std::string(message)
                    : absl::StrCat(message, " (line ", line, ", column ", column,
                                   " of this text; write it as a `|` block to have problems "
                                   "shown in place)"));
}

Diagnostic Node::Here() const { return tree_->DiagnosticAt(tree_->PlaceOf(index_)); }

Mapping::Mapping(Node node, absl::string_view what)
    : node_(node), what_(what), entries_(node.Entries()), read_(entries_.size()) {
  if (!node.is_mapping() && !node.is_null()) {
    node.AddError(
        absl::StrCat("expected ", what, " as a mapping (key: value), found ", Found(node)));
  }
}

std::optional<Node> Mapping::Get(absl::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].key.text() != key || !entries_[i].key.is_scalar()) continue;
    read_[i] = true;
    if (entries_[i].value.is_null()) return std::nullopt;
    return entries_[i].value;
  }
  return std::nullopt;
}

std::optional<Node> Mapping::Require(absl::string_view key) {
  auto value = Get(key);
  if (!value && node_.is_mapping()) {
    node_.AddError(absl::StrCat(what_, " needs ", Quoted(key)));
  }
  return value;
}

std::optional<std::string> Mapping::GetString(absl::string_view key) {
  const auto value = Get(key);
  return value ? value->AsString() : std::nullopt;
}

std::optional<std::string> Mapping::RequireString(absl::string_view key) {
  const auto value = Require(key);
  return value ? value->AsString() : std::nullopt;
}

std::optional<int64_t> Mapping::GetInt(absl::string_view key, int64_t min, int64_t max) {
  const auto value = Get(key);
  return value ? value->AsInt(min, max) : std::nullopt;
}

std::optional<double> Mapping::GetNumber(absl::string_view key) {
  const auto value = Get(key);
  return value ? value->AsNumber() : std::nullopt;
}

std::optional<bool> Mapping::GetBool(absl::string_view key) {
  const auto value = Get(key);
  return value ? value->AsBool() : std::nullopt;
}

std::optional<absl::Duration> Mapping::GetDuration(absl::string_view key) {
  const auto value = Get(key);
  return value ? value->AsDuration() : std::nullopt;
}

std::optional<int64_t> Mapping::GetBytes(absl::string_view key) {
  const auto value = Get(key);
  return value ? value->AsBytes() : std::nullopt;
}

std::vector<std::string> Mapping::GetStrings(absl::string_view key) {
  const auto value = Get(key);
  return value ? value->AsStrings() : std::vector<std::string>();
}

void Mapping::Finish() {
  const std::vector<absl::string_view> known(known_.begin(), known_.end());
  // A file with thousands of unknown keys is not worth the edit distances.
  size_t suggestions = Document::kMaxDiagnostics;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Node& key = entries_[i].key;
    if (read_[i] || !key.is_scalar()) continue;  // a key that is no scalar was reported
    absl::string_view meant;
    if (suggestions > 0 && key.text().size() <= kMaxSuggested)
      meant = DidYouMean(key.text(), known);
    if (suggestions > 0) --suggestions;
    key.AddError(absl::StrCat("unknown key ", Quoted(key.text()), " in ", what_,
                              meant.empty() ? "" : absl::StrCat("; did you mean '", meant, "'?")));
  }
}

Document::Document(std::unique_ptr<Tree> tree) : tree_(std::move(tree)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Document Document::Parse(absl::string_view text, absl::string_view file_name) {
  auto tree = std::make_unique<Tree>(text, file_name);
  tree->Build();
  return Document(std::move(tree));
}

Document Document::Load(absl::string_view path) {
  std::ifstream file{std::string(path), std::ios::binary};
  std::string text;
  std::vector<char> chunk(64 << 10);
  // Reading on until there is too much leaves it to Parse to say so.
  while (file && text.size() <= kMaxBytes) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    text.append(chunk.data(), static_cast<size_t>(file.gcount()));
  }
  if (file.is_open() && !file.bad()) return Parse(text, path);
  Document document(std::make_unique<Tree>("", path));
  document.tree_->Report(Diagnostic::Severity::kError, {},
                         absl::StrCat("cannot read the file: ", std::strerror(errno)));
  return document;
}

Node Document::root() const { return tree_->root(); }
bool Document::HasErrors() const { return tree_->HasErrors(); }
Diagnostics Document::TakeDiagnostics() { return tree_->TakeDiagnostics(); }

}  // namespace sequitur::yaml
