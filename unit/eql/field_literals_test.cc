#include "eql/field_literals.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "eql/case_fold.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::eql {
namespace {

using event::Value;
using Kinds = FieldLiterals::Kinds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<uint32_t> Find(const FieldLiterals& literals, const Value& value, Kinds kinds = 1) {
  Arena texts;
  std::vector<uint32_t> found;
  literals.Find(value, kinds, texts, [&](uint32_t literal) { found.push_back(literal); });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::vector<uint32_t> Find(const FieldLiterals& literals, absl::string_view text) {
  return Find(literals, Value::String(text));
}

FieldLiterals Compiled(absl::Span<const RequiredLiterals> all) {
  FieldLiterals literals;
  for (const RequiredLiterals& each : all) literals.Add(each, 1);
  literals.Compile();
  return literals;
}

TEST(FieldLiterals, LooksInThePlaceOfEach) {
  const auto literals = Compiled({{{0, Place::kWhole, false, {"bash"}},
                                   {0, Place::kStart, false, {"/tmp/"}},
                                   {0, Place::kEnd, false, {".php"}},
                                   {0, Place::kAnywhere, false, {"curl", "/etc/shadow"}}}});
  EXPECT_EQ(literals.size(), 5u);
  EXPECT_THAT(Find(literals, "bash"), ElementsAre(0));
  EXPECT_THAT(Find(literals, "BASH"), ElementsAre(0));
  EXPECT_THAT(Find(literals, "bash2"), IsEmpty());
  EXPECT_THAT(Find(literals, "/tmp/x.PHP"), ElementsAre(1, 2));
  EXPECT_THAT(Find(literals, "/var/tmp/x.php5"), IsEmpty());
  EXPECT_THAT(Find(literals, "sh -c cat /etc/Shadow | CURL -d @-"), ElementsAre(3, 4));
  EXPECT_THAT(Find(literals, ""), IsEmpty());
}

TEST(FieldLiterals, GivesEqualLiteralsOneNumber) {
  FieldLiterals literals;
  EXPECT_THAT(literals.Add({0, Place::kWhole, false, {"a", "b"}}, 1), ElementsAre(0, 1));
  EXPECT_THAT(literals.Add({0, Place::kAnywhere, false, {"b"}}, 1), ElementsAre(2));
  EXPECT_THAT(literals.Add({0, Place::kWhole, false, {"c", "b"}}, 1), ElementsAre(3, 1));
}

TEST(FieldLiterals, LooksAtEachElement) {
  const auto literals = Compiled({{{0, Place::kWhole, false, {"a", "b", "true", "7"}}}});
  const Value elements[] = {Value::String("b"), Value::Bool(true), Value::Int(7)};
  EXPECT_THAT(Find(literals, Value::List(elements)), ElementsAre(1, 2, 3));
  EXPECT_THAT(Find(literals, Value()), IsEmpty());
}

TEST(FieldLiterals, KnowsANumberHoweverItIsSpelt) {
  const auto numbers = Compiled({{{0, Place::kWhole, true, {"443", "0.5", "-1"}}}});
  EXPECT_THAT(Find(numbers, Value::Int(443)), ElementsAre(0));
  EXPECT_THAT(Find(numbers, Value::Double(443)), ElementsAre(0));
  EXPECT_THAT(Find(numbers, "0443.0"), ElementsAre(0));
  EXPECT_THAT(Find(numbers, Value::Double(0.5)), ElementsAre(1));
  EXPECT_THAT(Find(numbers, ".50"), ElementsAre(1));
  EXPECT_THAT(Find(numbers, Value::Int(-1)), ElementsAre(2));
  EXPECT_THAT(Find(numbers, Value::Int(1)), IsEmpty());
  const auto texts = Compiled({{{0, Place::kWhole, false, {"443"}}}});
  EXPECT_THAT(Find(texts, Value::Int(443)), ElementsAre(0));
  EXPECT_THAT(Find(texts, "0443.0"), IsEmpty());
}

TEST(FieldLiterals, ScansOnlyForKindsThatMatter) {
  FieldLiterals literals;
  literals.Add({0, Place::kAnywhere, false, {"a long one"}}, 2);
  literals.Add({0, Place::kAnywhere, false, {"short"}}, 4);
  literals.Compile();
  const Value both = Value::String("short, and a long one");
  EXPECT_THAT(Find(literals, both, 1), IsEmpty());
  EXPECT_THAT(Find(literals, both, 2), ElementsAre(0));
  EXPECT_THAT(Find(literals, both, 6), ElementsAre(0, 1));
}

// Misses nothing that the folded text holds, whatever it is made of.
TEST(FieldLiterals, MissesNothing) {
  std::mt19937 random(1);
  // Folding makes some longer, some shorter; some bytes are no UTF-8.
  constexpr absl::string_view kParts[] = {"a",    "B",    "b",        "7",   "é",         "É",
                                          "Ⱥ",    "ſ",    "\u212A",   "k",   "\x80",      "\xC3",
                                          "/tmp", ".php", "LongPart", "x y", "0123456789"};
  const auto any_text = [&](size_t parts) {
    std::string text;
    while (parts-- > 0) absl::StrAppend(&text, kParts[random() % std::size(kParts)]);
    return text;
  };
  const auto holds = [](absl::string_view text, Place place, absl::string_view literal) {
    if (place == Place::kWhole) return text == literal;
    const size_t at = place == Place::kEnd ? text.rfind(literal) : text.find(literal);
    if (place == Place::kStart) return at == 0;
    if (place == Place::kEnd && at + literal.size() != text.size()) return false;
    return at != absl::string_view::npos;
  };
  size_t total = 0, other = 0;
  for (int round = 0; round < 500; ++round) {
    std::vector<RequiredLiterals> required;
    for (int i = 0; i < 8; ++i) {
      const auto place = static_cast<Place>(random() % 4);
      required.push_back({0, place, false, {FoldCase(any_text(1 + random() % 4))}});
    }
    FieldLiterals literals;
    std::vector<uint32_t> numbers;
    for (const auto& each : required) numbers.push_back(literals.Add(each, 1).front());
    literals.Compile();
    for (int i = 0; i < 40; ++i) {
      const std::string text = any_text(random() % 8);
      const std::vector<uint32_t> found = Find(literals, text);
      for (size_t r = 0; r < required.size(); ++r) {
        const bool expected = holds(FoldCase(text), required[r].place, required[r].literals[0]);
        const bool has = std::binary_search(found.begin(), found.end(), numbers[r]);
        if (expected) {
          ASSERT_TRUE(has) << required[r].literals[0] << " in " << text;
        }
        total += expected ? 1 : 0;
        other += has && !expected ? 1 : 0;
      }
    }
  }
  EXPECT_GT(total, 3'000u);
  EXPECT_LT(other, total / 5) << "what only looks like a literal, or is one in another place";
}

}  // namespace
}  // namespace sequitur::eql
