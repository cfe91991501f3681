#include "eql/wildcard.h"

#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eql/case_fold.h"
#include "eql/utf8.h"
#include "gtest/gtest.h"

namespace sequitur::eql {
namespace {

using Case = WildcardSet::Case;

bool Matches(const std::string& pattern, absl::string_view value,
             Case letter_case = Case::kSensitive) {
  const std::string patterns[] = {pattern};
  return WildcardSet(patterns, letter_case).Matches(value);
}

TEST(WildcardSet, MatchesWholeValues) {
  struct Row {
    std::string pattern;
    std::string value;
    bool matches;
  };
  const Row rows[] = {
      {"abc", "abc", true},
      {"abc", "abcd", false},
      {"abc", "ABC", false},
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "anything", true},
      {"?", "", false},
      {"?", "a", true},
      {"?", "\xC3\xA9", true},
      {"?", "\xF0\x9F\x98\x80", true},
      {"??", "\xC3\xA9", false},
      {"a*", "a", true},
      {"*a", "ba", true},
      {"*a", "ab", false},
      {"a*a", "a", false},
      {"a*a", "aa", true},
      {"*ab*ab*", "ab", false},
      {"*ab*ab*", "xabxabx", true},
      {"a*b*c", "abbc", true},
      {"a*b*c", "acb", false},
      {"*a?c*", "xxaacxx", true},
      {"*a?c", "aacabc", true},
      {"*?", "", false},
      {"?*?", "a", false},
      {"?*?", "ab", true},
      {"C:\\*\\x.exe", "C:\\Windows\\x.exe", true},
      {"a\\*", "a\\b", true},
      {"a**b", "ab", true},
      {"*.\xC3\xA9?", "x.\xC3\xA9\xC3\xA9", true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Matches(row.pattern, row.value), row.matches) << row.pattern << " on " << row.value;
  }
}

TEST(WildcardSet, CountsEachStrayByteAsOneCharacter) {
  EXPECT_TRUE(Matches("?", "\xFF"));
  EXPECT_TRUE(Matches("??", "\xE2\x82"));
  EXPECT_FALSE(Matches("a?b", "a\x80zb"));
  EXPECT_TRUE(Matches("*??", "\xC3\xA9\xA9"));
  EXPECT_FALSE(Matches("*???", "\xC3\xA9\xA9"));
  EXPECT_TRUE(Matches("*evil*",
                      "\xFF\xC3"
                      "evil\x80"));
}

TEST(WildcardSet, FoldsCaseByCodePoint) {
  EXPECT_TRUE(Matches("PowerShell*", "POWERSHELL.exe", Case::kInsensitive));
  EXPECT_TRUE(Matches("\xC3\x89t\xC3\xA9", "\xC3\xA9T\xC3\x89", Case::kInsensitive));
  EXPECT_TRUE(Matches("\xD0\x9F*", "\xD0\xBF\xD1\x80", Case::kInsensitive));  // Cyrillic
  EXPECT_TRUE(Matches("k", "\xE2\x84\xAA", Case::kInsensitive));              // Kelvin sign
  EXPECT_FALSE(Matches("\xC3\x89", "\xC3\xA9", Case::kSensitive));
}

TEST(WildcardSet, OfNothingMatchesNothing) {
  EXPECT_FALSE(WildcardSet({}, Case::kSensitive).Matches(""));
}

TEST(WildcardSet, FindsOnePatternAmongThousands) {
  std::vector<std::string> patterns;
  for (int i = 0; i < 3000; ++i) patterns.push_back(absl::StrCat("*/dir", i, "/*.sh"));
  for (int i = 0; i < 3000; ++i) patterns.push_back(absl::StrCat("literal-", i));
  const WildcardSet set(patterns, Case::kInsensitive);
  EXPECT_TRUE(set.Matches("/tmp/DIR2999/x.sh"));
  EXPECT_FALSE(set.Matches("/tmp/dir3000/x.sh"));
  EXPECT_FALSE(set.Matches("/tmp/dir2999/x.py"));
  EXPECT_TRUE(set.Matches("Literal-7"));
  EXPECT_FALSE(set.Matches("literal-7 "));
}

// The textbook recursion over characters, as the meaning of a pattern.
bool Obvious(const std::vector<uint32_t>& pattern, size_t p, const std::vector<uint32_t>& value,
             size_t v) {
  if (p == pattern.size()) return v == value.size();
  if (pattern[p] == '*') {
    return Obvious(pattern, p + 1, value, v) ||
           (v < value.size() && Obvious(pattern, p, value, v + 1));
  }
  if (v == value.size()) return false;
  return (pattern[p] == '?' || pattern[p] == value[v]) && Obvious(pattern, p + 1, value, v + 1);
}

std::vector<uint32_t> Characters(absl::string_view text) {
  std::vector<uint32_t> out;
  for (size_t at = 0; at < text.size(); at += CharacterSize(text, at)) {
    const Character c = CharacterAt(text, at);
    out.push_back(c.valid ? FoldCharacter(c.code) : 0x110000 + c.code);
  }
  return out;
}

TEST(WildcardSet, AgreesWithTheTextbookOnRandomPatterns) {
  std::mt19937 random(7);
  const std::string pattern_alphabet[] = {"a", "B", "*", "?", "\xC3\xA9"};
  const std::string value_alphabet[] = {"a", "b", "A", "\xC3\x89", "\xC3\xA9", "\xA9", "\xC3"};
  for (int round = 0; round < 4000; ++round) {
    std::vector<std::string> patterns(1 + random() % 14);
    for (std::string& pattern : patterns) {
      for (int i = random() % 7; i > 0; --i) pattern += pattern_alphabet[random() % 5];
    }
    const WildcardSet set(patterns, Case::kInsensitive);
    for (int tries = 0; tries < 8; ++tries) {
      std::string value;
      for (int i = random() % 9; i > 0; --i) value += value_alphabet[random() % 7];
      bool expected = false;
      for (const std::string& pattern : patterns) {
        expected = expected || Obvious(Characters(pattern), 0, Characters(value), 0);
      }
      ASSERT_EQ(set.Matches(value), expected) << patterns[0] << " ... on " << value;
    }
  }
}

TEST(WildcardSet, StaysLinearOnHostileValues) {
  const std::string value(1 << 20, 'a');
  EXPECT_FALSE(Matches("*a*a*a*a*a*a*a*a*b", value));
  EXPECT_FALSE(Matches("*aaaaaaaaaaaaaaaaaaab*", value));
  std::vector<std::string> patterns(40, "*a*b*");
  EXPECT_FALSE(WildcardSet(patterns, Case::kInsensitive).Matches(value));
}

}  // namespace
}  // namespace sequitur::eql
