#include "eql/match_set.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eql/scalar.h"

namespace sequitur::eql {

using event::Value;

namespace {

// So many texts are compared faster than one is hashed.
constexpr size_t kFew = 4;

Place PlaceOf(absl::string_view part, absl::string_view pattern) {
  if (part.size() == pattern.size()) return Place::kWhole;
  if (part.data() == pattern.data()) return Place::kStart;
  const bool at_end = part.data() + part.size() == pattern.data() + pattern.size();
  return at_end ? Place::kEnd : Place::kAnywhere;
}

}  // namespace

MatchSet::MatchSet(Kind kind, std::vector<Literal> entries)
    : kind_(kind), entries_(std::move(entries)) {
  std::sort(entries_.begin(), entries_.end());
  entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
  Arena arena;
  std::vector<std::string> patterns;
  for (const Literal& entry : entries_) {
    const Value value = LiteralValue(entry);
    const Value number = ScalarNumber(value);
    if (kind_ == Kind::kWildcard) {
      patterns.emplace_back(ScalarText(value, arena));
    } else if (!value.is_number()) {
      few_texts_.emplace_back(ScalarText(value, arena));
    }
    if (kind_ == Kind::kWildcard || number.is_null()) continue;
    const bool is_int = number.kind() == Value::Kind::kInt;
    if (is_int) (value.is_number() ? ints_ : spelt_ints_).insert(number.int_value());
    if (!is_int) (value.is_number() ? doubles_ : spelt_doubles_).insert(number.double_value());
  }
  if (few_texts_.size() > kFew) {
    texts_.insert(few_texts_.begin(), few_texts_.end());
    few_texts_.clear();
  }
  // Values come folded already when the set is to ignore case.
  if (kind_ == Kind::kWildcard) patterns_.emplace(patterns, WildcardSet::Case::kSensitive);
}

bool MatchSet::ContainsText(absl::string_view text) const {
  if (!texts_.empty()) return texts_.contains(text);
  return std::any_of(few_texts_.begin(), few_texts_.end(),
                     [&](const std::string& each) { return each == text; });
}

bool MatchSet::ContainsNumber(const Value& number) const {
  if (number.kind() == Value::Kind::kInt) return ints_.contains(number.int_value());
  return number.kind() == Value::Kind::kDouble && doubles_.contains(number.double_value());
}

bool MatchSet::Contains(const Value& scalar, Arena& arena) const {
  if (patterns_) return patterns_->MatchesFolded(ScalarText(scalar, arena));
  if (!scalar.is_number()) {
    if (ContainsText(ScalarText(scalar, arena))) return true;
    const bool has_numbers = !ints_.empty() || !doubles_.empty();
    return has_numbers && ContainsNumber(ScalarNumber(scalar));
  }
  const Value number = ScalarNumber(scalar);
  if (ContainsNumber(number)) return true;
  if (number.kind() == Value::Kind::kInt) return spelt_ints_.contains(number.int_value());
  return spelt_doubles_.contains(number.double_value());
}

std::optional<MatchSet::EntryTexts> MatchSet::Texts() const {
  Arena arena;
  EntryTexts out;
  for (const Literal& entry : entries_) {
    const Value value = LiteralValue(entry);
    const absl::string_view text = ScalarText(value, arena);
    if (kind_ == Kind::kWildcard && WildcardSet::HasWildcard(text)) return std::nullopt;
    const Value number = ScalarNumber(value);
    if (kind_ == Kind::kExact && value.is_number()) {
      out.numbers = true;
      out.texts.emplace_back(ScalarText(number, arena));
      continue;
    }
    if (kind_ == Kind::kExact && !number.is_null() && ScalarText(number, arena) != text) {
      return std::nullopt;
    }
    out.texts.emplace_back(text);
  }
  return out;
}

std::vector<MatchSet::Part> MatchSet::Parts() const {
  if (kind_ != Kind::kWildcard) return {};
  std::vector<Part> parts;
  Arena arena;
  for (const Literal& entry : entries_) {
    const absl::string_view pattern = ScalarText(LiteralValue(entry), arena);
    const absl::string_view part = WildcardSet::LongestPart(pattern);
    if (part.empty() && !pattern.empty()) return {};
    parts.push_back({std::string(part), PlaceOf(part, pattern)});
  }
  return parts;
}

std::string MatchSet::Key() const {
  std::string key = kind_ == Kind::kWildcard ? "like" : "in";
  for (const Literal& entry : entries_) {
    const std::string text = LiteralText(entry);
    absl::StrAppend(&key, " ", entry.index(), ":", text.size(), ":", text);
  }
  return key;
}

std::string LiteralText(const Literal& literal) {
  if (const std::string* text = std::get_if<std::string>(&literal)) {
    return absl::StrCat("\"", absl::CEscape(*text), "\"");
  }
  Arena arena;
  const Value value = LiteralValue(literal);
  return value.is_null() ? "null" : std::string(ScalarText(value, arena));
}

}  // namespace sequitur::eql
