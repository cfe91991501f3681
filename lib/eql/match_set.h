#pragma once

// MatchSet: the right side of `==`, `in`, `like` and `:`: is a value one of
// these? However many entries, a few look-ups.
//
// Threads:  const after construction.

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "base/arena.h"
#include "eql/ast.h"
#include "eql/required_literals.h"
#include "eql/wildcard.h"
#include "event/value.h"

namespace sequitur::eql {

class MatchSet {
 public:
  enum class Kind : uint8_t { kExact, kWildcard };

  // Entries are scalars, folded already when values will be; for kWildcard
  // they are strings.
  MatchSet(Kind kind, std::vector<Literal> entries);

  bool Contains(const event::Value& scalar, Arena& arena) const;

  Kind kind() const { return kind_; }
  // Sorted, each once.
  const std::vector<Literal>& entries() const { return entries_; }
  // The entries as texts, of which a value in the set has one as its ScalarText, or
  // as that of its ScalarNumber: a string then only where `numbers`, written as such,
  // are among the entries. nullopt when there are patterns, or a "007", which equals
  // the number 7.
  struct EntryTexts {
    std::vector<std::string> texts;
    bool numbers = false;
  };
  std::optional<EntryTexts> Texts() const;
  // Of a wildcard set: texts of which a value that is in it holds at least one there,
  // for each entry its longest plain part. Empty when an entry has none.
  struct Part {
    std::string text;
    Place place = Place::kAnywhere;
  };
  std::vector<Part> Parts() const;
  // Names the content, for finding equal sets.
  std::string Key() const;

 private:
  bool ContainsText(absl::string_view text) const;
  bool ContainsNumber(const event::Value& number) const;

  Kind kind_;
  std::vector<Literal> entries_;
  std::optional<WildcardSet> patterns_;
  // Of kExact; booleans too, as "true" and "false".
  std::vector<std::string> few_texts_;
  absl::flat_hash_set<std::string> texts_;  // where they are many
  // Written as numbers: they equal a string that spells them. Numbers written
  // as strings equal only numbers.
  absl::flat_hash_set<int64_t> ints_;
  absl::flat_hash_set<double> doubles_;
  absl::flat_hash_set<int64_t> spelt_ints_;
  absl::flat_hash_set<double> spelt_doubles_;
};

// A literal as a query would write it.
std::string LiteralText(const Literal& literal);

}  // namespace sequitur::eql
