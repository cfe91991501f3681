#include "rules/lists.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rules/testing.h"

namespace sequitur::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Lists, ReadsBothForms) {
  yaml::Document document = yaml::Document::Parse(
      "shells: [sh, bash]\n"
      "scanners:\n"
      "  description: ours\n"
      "  entries:\n"
      "    - 10.0.9.0/24\n"
      "    - fd00::/8\n"
      "nobody: []\n"
      "one: sh\n",
      "f");
  Lists lists;
  lists.Add(document);
  EXPECT_EQ(Problems(document), "");
  EXPECT_THAT(lists.Find("shells")->entries, ElementsAre("sh", "bash"));
  EXPECT_THAT(lists.Find("scanners")->entries, ElementsAre("10.0.9.0/24", "fd00::/8"));
  EXPECT_EQ(lists.Find("scanners")->description, "ours");
  EXPECT_THAT(lists.Find("nobody")->entries, IsEmpty());
  EXPECT_THAT(lists.Find("one")->entries, ElementsAre("sh"));
  EXPECT_EQ(lists.Find("Shells"), nullptr);
}

TEST(Lists, ReportsWhatIsNoList) {
  yaml::Document document = yaml::Document::Parse(
      "9x: [a]\n"
      "my-list: [a]\n"
      "a: {entrys: [x]}\n"
      "b: [x, [y]]\n",
      "f");
  Lists lists;
  lists.Add(document);
  EXPECT_EQ(Problems(document),
            "1:1: expected a list's name (a letter, then letters, digits or _), found '9x'\n"
            "2:1: expected a list's name (a letter, then letters, digits or _), found 'my-list'\n"
            "3:1: list 'a' needs 'entries'; an empty one is written []\n"
            "3:5: unknown key 'entrys' in a list; did you mean 'entries'?\n"
            "4:8: expected a string, found a list");
}

TEST(Lists, RefusesANameGivenInTwoFiles) {
  yaml::Document first = yaml::Document::Parse("# lists\na: [x]\n", "first.yaml");
  yaml::Document second = yaml::Document::Parse("a: [y]\n", "second.yaml");
  Lists lists;
  lists.Add(first);
  lists.Add(second);
  EXPECT_EQ(Problems(second), "1:1: list 'a' is already given in first.yaml:2");
  EXPECT_THAT(lists.Find("a")->entries, ElementsAre("x"));
}

TEST(Lists, RefusesAFileOfSomethingElse) {
  yaml::Document document = yaml::Document::Parse("[a, b]\n", "f");
  Lists lists;
  lists.Add(document);
  EXPECT_EQ(Problems(document), "1:1: expected lists by name, such as `scanners: [10.0.9.0/24]`");
}

}  // namespace
}  // namespace sequitur::rules
