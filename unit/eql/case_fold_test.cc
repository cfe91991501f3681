#include "eql/case_fold.h"

#include <random>

#include "eql/utf8.h"
#include "gtest/gtest.h"

namespace sequitur::eql {
namespace {

// Character by character, as the header says it.
std::string FoldSlowly(absl::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Character c = CharacterAt(text, at);
    char bytes[4] = {text[at]};
    const size_t size = c.valid ? EncodeUtf8(FoldCharacter(c.code), bytes) : 1;
    out.append(bytes, size);
    at += c.size;
  }
  return out;
}

TEST(CaseFold, IsTheSameWhereverACharacterStands) {
  std::mt19937 random(1);
  const std::string pieces[] = {"A",
                                "z",
                                "@",
                                "[",
                                "`",
                                "{",
                                "Ä",
                                "ß",
                                "\u212A",
                                "\xff",
                                "\xc3",
                                std::string(1, '\0'),
                                "lower case text",
                                "UPPER CASE TEXT"};
  int folded = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (size_t n = random() % 8; n > 0; --n) text += pieces[random() % std::size(pieces)];
    const std::string expected = FoldSlowly(text);
    Arena arena;
    ASSERT_EQ(FoldCase(text), expected) << text;
    ASSERT_EQ(FoldCase(text, arena), expected) << text;
    ASSERT_EQ(IsFolded(text), text == expected) << text;
    folded += text == expected ? 1 : 0;
  }
  EXPECT_GT(folded, 100);
}

}  // namespace
}  // namespace sequitur::eql
