// A pattern is cut at its `*` into segments. The first and the last are pinned
// to the ends of the value unless a `*` stands there; the rest are found left
// to right, each at its first place, which is always right for `*`.
//
// With many patterns, one scan for the longest literal of each says which ones
// are worth trying.

#include "eql/wildcard.h"

#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "eql/case_fold.h"
#include "eql/literal_scanner.h"
#include "eql/utf8.h"

namespace sequitur::eql {
namespace {

constexpr size_t kNotFound = absl::string_view::npos;
// Below this, trying each pattern is cheaper than scanning.
constexpr size_t kScanFrom = 9;

// Text between two `*`; each `?` in it is any one character.
struct Segment {
  std::string text;
  bool has_any = false;
};

// End of the segment when it matches at `at`, else kNotFound.
size_t MatchAt(absl::string_view value, size_t at, const Segment& segment) {
  if (!segment.has_any) {
    const bool matches = value.substr(at, segment.text.size()) == segment.text;
    return matches ? at + segment.text.size() : kNotFound;
  }
  for (char c : segment.text) {
    if (at >= value.size()) return kNotFound;
    if (c != '?' && c != value[at]) return kNotFound;
    at += c == '?' ? CharacterSize(value, at) : 1;
  }
  return at;
}

// Start of the segment when it matches the end of `value`, else kNotFound.
size_t MatchBefore(absl::string_view value, const Segment& segment) {
  size_t at = value.size();
  for (size_t i = segment.text.size(); i > 0; --i) {
    const char c = segment.text[i - 1];
    if (at == 0 || (c != '?' && c != value[at - 1])) return kNotFound;
    at -= c == '?' ? CharacterSizeBefore(value, at) : 1;
  }
  return at;
}

// End of the first match at or after `at`, else kNotFound.
size_t FindFrom(absl::string_view value, size_t at, const Segment& segment) {
  if (!segment.has_any) {
    const void* found =
        memmem(value.data() + at, value.size() - at, segment.text.data(), segment.text.size());
    if (found == nullptr) return kNotFound;
    return static_cast<const char*>(found) - value.data() + segment.text.size();
  }
  while (at < value.size()) {
    const size_t end = MatchAt(value, at, segment);
    if (end != kNotFound) return end;
    at += CharacterSize(value, at);
  }
  return kNotFound;
}

class Pattern {
 public:
  explicit Pattern(absl::string_view text) {
    starts_with_star_ = text.front() == '*';
    ends_with_star_ = text.back() == '*';
    has_star_ = text.find('*') != absl::string_view::npos;
    while (!text.empty()) {
      const size_t star = std::min(text.find('*'), text.size());
      AddSegment(text.substr(0, star));
      text.remove_prefix(std::min(star + 1, text.size()));
    }
  }

  bool Matches(absl::string_view value) const {
    if (!has_star_) return MatchAt(value, 0, segments_.front()) == value.size();
    size_t first = 0;
    size_t last = segments_.size();
    size_t at = 0;
    if (!starts_with_star_) at = MatchAt(value, 0, segments_[first++]);
    if (at == kNotFound) return false;
    if (!ends_with_star_) {
      const size_t tail = MatchBefore(value, segments_[--last]);
      if (tail == kNotFound || tail < at) return false;
      value = value.substr(0, tail);
    }
    for (; first < last; ++first) {
      at = FindFrom(value, at, segments_[first]);
      if (at == kNotFound) return false;
    }
    return true;
  }

 private:
  void AddSegment(absl::string_view text) {
    if (text.empty()) return;
    segments_.push_back({std::string(text), text.find('?') != absl::string_view::npos});
  }

  std::vector<Segment> segments_;
  bool starts_with_star_ = false;
  bool ends_with_star_ = false;
  bool has_star_ = false;
};

}  // namespace

struct WildcardSet::Compiled {
  Case letter_case;
  absl::flat_hash_set<std::string> literals;
  std::vector<Pattern> patterns;  // those the scanner knows come first, in its order
  size_t scanned = 0;
  std::optional<LiteralScanner> scanner;

  bool MatchesScanned(absl::string_view value) const;
};

// A pattern is tried once however often its literal occurs.
bool WildcardSet::Compiled::MatchesScanned(absl::string_view value) const {
  absl::InlinedVector<uint64_t, 64> tried;
  bool matched = false;
  scanner->Scan(value, [&](uint32_t i) {
    if (tried.empty()) tried.resize((scanned + 63) / 64, 0);
    const uint64_t bit = uint64_t{1} << (i % 64);
    if ((tried[i / 64] & bit) != 0) return true;
    tried[i / 64] |= bit;
    matched = patterns[i].Matches(value);
    return !matched;
  });
  return matched;
}

bool WildcardSet::HasWildcard(absl::string_view pattern) {
  return pattern.find_first_of("*?") != absl::string_view::npos;
}

absl::string_view WildcardSet::LongestPart(absl::string_view pattern) {
  absl::string_view longest;
  while (!pattern.empty()) {
    const absl::string_view run = pattern.substr(0, pattern.find_first_of("*?"));
    if (run.size() > longest.size()) longest = run;
    pattern.remove_prefix(std::min(run.size() + 1, pattern.size()));
  }
  return longest;
}

WildcardSet::WildcardSet(absl::Span<const std::string> patterns, Case letter_case) {
  auto compiled = std::make_unique<Compiled>();
  compiled->letter_case = letter_case;
  std::vector<Pattern> without_literal;
  std::vector<std::string> scan_for;
  for (const std::string& written : patterns) {
    std::string text = letter_case == Case::kInsensitive ? FoldCase(written) : written;
    if (!HasWildcard(text)) {
      compiled->literals.insert(std::move(text));
      continue;
    }
    Pattern pattern(text);
    std::string literal(LongestPart(text));
    auto& to = literal.empty() ? without_literal : compiled->patterns;
    to.push_back(std::move(pattern));
    if (!literal.empty()) scan_for.push_back(std::move(literal));
  }
  if (scan_for.size() >= kScanFrom) {
    compiled->scanned = scan_for.size();
    compiled->scanner.emplace(scan_for, LiteralScanner::Text::kExact);
  }
  for (Pattern& pattern : without_literal) compiled->patterns.push_back(std::move(pattern));
  compiled_ = std::move(compiled);
}

WildcardSet::~WildcardSet() = default;
WildcardSet::WildcardSet(WildcardSet&&) noexcept = default;
WildcardSet& WildcardSet::operator=(WildcardSet&&) noexcept = default;

bool WildcardSet::MatchesFolded(absl::string_view value) const {
  if (compiled_->literals.contains(value)) return true;
  for (size_t i = compiled_->scanned; i < compiled_->patterns.size(); ++i) {
    if (compiled_->patterns[i].Matches(value)) return true;
  }
  return compiled_->scanner.has_value() && compiled_->MatchesScanned(value);
}

bool WildcardSet::Matches(absl::string_view value) const {
  if (compiled_->letter_case == Case::kSensitive || IsFolded(value)) return MatchesFolded(value);
  absl::InlinedVector<char, 512> folded(MaxFoldedSize(value.size()));
  return MatchesFolded({folded.data(), FoldCaseInto(value, folded.data())});
}

}  // namespace sequitur::eql
