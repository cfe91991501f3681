#include "eql/literal_scanner.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/ascii.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::eql {
namespace {

using Found = std::vector<uint32_t>;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Found Scan(const LiteralScanner& scanner, absl::string_view text) {
  Found found;
  scanner.Scan(text, [&](uint32_t literal) {
    found.push_back(literal);
    return true;
  });
  std::sort(found.begin(), found.end());
  return found;
}

Found Search(const std::vector<std::string>& literals, absl::string_view text) {
  Found found;
  for (uint32_t i = 0; i < literals.size(); ++i) {
    for (size_t at = 0; at + literals[i].size() <= text.size(); ++at) {
      if (text.substr(at, literals[i].size()) == literals[i]) found.push_back(i);
    }
  }
  return found;
}

std::string InUpperCase(std::string text, std::mt19937& random) {
  for (char& c : text) c = random() % 2 == 0 ? absl::ascii_toupper(c) : c;
  return text;
}

TEST(LiteralScanner, FindsEveryOccurrenceOfEveryLiteral) {
  std::mt19937 random(1);
  // Few letters, so that literals overlap; '!' and 'a' share their lower six bits.
  constexpr absl::string_view kLetters = "ab!c\xC3\xFF";
  const auto any_text = [&](size_t size) {
    std::string text;
    while (text.size() < size) text.push_back(kLetters[random() % kLetters.size()]);
    return text;
  };
  size_t total = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::string> literals;
    const size_t shortest = 1 + round % 10;  // windows of each width and distance
    for (size_t i = 0; i < 1 + random() % 12; ++i) {
      literals.push_back(any_text(shortest + random() % 5));
    }
    const LiteralScanner exact(literals, LiteralScanner::Text::kExact);
    const LiteralScanner folded(literals, LiteralScanner::Text::kFolded);
    for (int i = 0; i < 10; ++i) {
      std::string text = any_text(random() % 40);
      if (i % 2 == 0) text += literals[random() % literals.size()] + any_text(random() % 8);
      const Found expected = Search(literals, text);
      total += expected.size();
      ASSERT_EQ(Scan(exact, text), expected) << text;
      ASSERT_EQ(Scan(folded, InUpperCase(text, random)), expected) << text;
    }
  }
  EXPECT_GT(total, 10'000u);
}

TEST(LiteralScanner, TellsCasesApartWhereItShould) {
  const std::string literals[] = {"needle-in-a-text"};
  EXPECT_THAT(Scan({literals, LiteralScanner::Text::kExact}, "a Needle-in-a-text"), IsEmpty());
  EXPECT_THAT(Scan({literals, LiteralScanner::Text::kFolded}, "a Needle-in-a-text"),
              ElementsAre(0));
}

TEST(LiteralScanner, StopsWhenTold) {
  const std::string literals[] = {"aa", "aaa"};
  const LiteralScanner scanner(literals, LiteralScanner::Text::kExact);
  int calls = 0;
  scanner.Scan("aaaaaaaa", [&](uint32_t) { return ++calls < 4; });
  EXPECT_EQ(calls, 4);
}

}  // namespace
}  // namespace sequitur::eql
