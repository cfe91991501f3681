#include "yaml/document.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/temp_folder.h"

namespace sequitur::yaml {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// The diagnostics, one per line, as "line:column: message".
std::string Problems(Document& document) {
  return absl::StrJoin(document.TakeDiagnostics(), "\n", [](std::string* out, const Diagnostic& d) {
    absl::StrAppend(out, d.line, ":", d.column, ": ",
                    d.severity == Diagnostic::Severity::kWarning ? "warning: " : "", d.message);
  });
}

std::string ParseProblems(absl::string_view text) {
  Document document = Document::Parse(text, "f.yaml");
  return Problems(document);
}

Node Only(const Document& document, absl::string_view key) {
  return *Mapping(document.root(), "the file").Get(key);
}

TEST(Document, KeepsThePlaceOfEveryNode) {
  Document document = Document::Parse("a: 1\nb:\n  - x\n  - {c: é, d: 'y'}\n", "f.yaml");
  const Node list = Only(document, "b");
  EXPECT_EQ(list.line(), 3);
  EXPECT_EQ(list.column(), 3);
  const std::vector<Node> elements = list.Elements();
  ASSERT_EQ(elements.size(), 2u);
  const Node d = *Mapping(elements[1], "an element").Get("d");
  EXPECT_EQ(d.line(), 4);
  EXPECT_EQ(d.column(), 15) << "columns count characters, not bytes";
  EXPECT_FALSE(d.is_plain());
  EXPECT_EQ(d.text(), "y");
  EXPECT_EQ(d.file(), "f.yaml");
}

TEST(Document, ShowsTheLineAndACaret) {
  Document document = Document::Parse("top:\n\tnothing", "f.yaml");
  Document with_warning = Document::Parse("a: é x\n", "dir/f.yaml");
  Only(with_warning, "a").AddWarning("looks odd");
  EXPECT_EQ(with_warning.TakeDiagnostics()[0].ToString(),
            "dir/f.yaml:1:4: warning: looks odd\n  a: é x\n     ^");
}

struct BrokenCase {
  absl::string_view text;
  absl::string_view problems;
};

TEST(Document, ReportsWhatIsNotYaml) {
  const BrokenCase cases[] = {
      {"a: [1, 2", "1:4: not valid YAML: end of sequence flow not found"},
      {"a: b: c", "1:5: not valid YAML: illegal map value"},
      {"a: *x", "1:4: not valid YAML: the referenced anchor is not defined"},
      {"a: 1\nb: 2\na: 3\n", "3:1: key 'a' stands here a second time (first on line 1)"},
      {"? [x]\n: 1\n", "1:3: expected a plain word as key"},
      {"a: 1\n---\nb: 2\n", "2:1: expected one YAML document per file, found a second one"},
      {"a: &x [1, *x]\n", "1:11: an alias cannot stand inside what it names"},
      {absl::string_view("a: \0", 4), "1:1: not a text: it contains a zero byte"},
  };
  for (const BrokenCase& c : cases) EXPECT_EQ(ParseProblems(c.text), c.problems) << c.text;
}

TEST(Document, IsNullWhenEmptyOrBroken) {
  for (absl::string_view text : {"", "# only a comment\n", "\xEF\xBB\xBF", "a: [", "---\n---\n"}) {
    EXPECT_TRUE(Document::Parse(text, "f").root().is_null()) << text;
  }
}

TEST(Document, ReadsAliasesAsWhatTheyName) {
  Document document = Document::Parse("a: &x [1, 2]\nb: *x\n", "f");
  EXPECT_THAT(Only(document, "b").AsStrings(), ElementsAre("1", "2"));
}

TEST(Document, RefusesAliasBombs) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string inner = absl::StrCat("*a", i - 1, " ");
    absl::StrAppend(&bomb, "a", i, ": &a", i, " [", inner, ",", inner, ",", inner, "]\n");
  }
  EXPECT_THAT(ParseProblems(bomb), HasSubstr("more than 1048576 values, aliases written out"));

  std::string heavy = absl::StrCat("- &a ", std::string(100'000, 'x'), "\n");
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&heavy, "- *a\n");
  EXPECT_THAT(ParseProblems(heavy), HasSubstr("larger than 16 MiB with aliases written out"));
}

TEST(Document, RefusesDepthInEveryNotation) {
  for (absl::string_view unit : {"[", "{a: ", "- ", "? "}) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) absl::StrAppend(&text, unit);
    EXPECT_THAT(ParseProblems(text), HasSubstr("nested")) << unit;
  }
  std::string by_alias = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i) absl::StrAppend(&by_alias, "a", i, ": &a", i, " [*a", i - 1, "]\n");
  EXPECT_THAT(ParseProblems(by_alias), HasSubstr("nested deeper than 64 levels"));
}

TEST(Document, RefusesTooLargeATextWithoutParsingIt) {
  EXPECT_EQ(ParseProblems(std::string(Document::kMaxBytes + 1, '[')), "0:0: larger than 16 MiB");
}

TEST(Document, CapsTheNumberOfProblemsShown) {
  std::string text;
  for (int i = 0; i < 5000; ++i) absl::StrAppend(&text, "k", i, ": 1\n");
  Document document = Document::Parse(text, "f");
  Mapping(document.root(), "the file").Finish();
  EXPECT_TRUE(document.HasErrors());
  const Diagnostics diagnostics = document.TakeDiagnostics();
  ASSERT_EQ(diagnostics.size(), Document::kMaxDiagnostics + 1);
  EXPECT_EQ(diagnostics.back().message, "4900 further problems in this file are not shown");
  EXPECT_THAT(document.TakeDiagnostics(), IsEmpty());
}

TEST(Document, LoadNamesAFileItCannotRead) {
  Document document = Document::Load("/nonexistent/rules.yaml");
  EXPECT_TRUE(document.root().is_null());
  EXPECT_EQ(document.TakeDiagnostics()[0].ToString(),
            "/nonexistent/rules.yaml: error: cannot read the file: No such file or directory");
  EXPECT_TRUE(Document::Load("/").HasErrors()) << "a directory is no file";
}

TEST(Document, LoadReadsAFile) {
  const sequitur::testing::TempFolder folder;
  const std::string path = folder / "document.yaml";
  std::ofstream(path) << "a: " << std::string(200'000, 'x') << "\n";
  Document document = Document::Load(path);
  EXPECT_EQ(Only(document, "a").text().size(), 200'000u);
}

TEST(Node, ReadsTypedScalars) {
  Document document =
      Document::Parse("{i: 12, n: 1.5, b: true, d: 1h30m, s: 64MiB, t: \"12\", l: [a, b]}", "f");
  Mapping m(document.root(), "the file");
  EXPECT_EQ(m.GetInt("i"), 12);
  EXPECT_EQ(m.GetNumber("n"), 1.5);
  EXPECT_EQ(m.GetBool("b"), true);
  EXPECT_EQ(m.GetDuration("d"), absl::Minutes(90));
  EXPECT_EQ(m.GetBytes("s"), 64 << 20);
  EXPECT_EQ(m.GetString("t"), "12");
  EXPECT_THAT(m.GetStrings("l"), ElementsAre("a", "b"));
  EXPECT_THAT(m.GetStrings("t"), ElementsAre("12"));
  m.Finish();
  EXPECT_EQ(Problems(document), "");
}

TEST(Node, SaysWhatItExpected) {
  Document document = Document::Parse(
      "i: x\nr: 200\nb: yes\nd: 5 minutes\ns: big\nt: [1]\nl: [a, {b: c}]\nlow: -1\n", "f");
  Mapping m(document.root(), "the file");
  EXPECT_EQ(m.GetInt("i"), std::nullopt);
  EXPECT_EQ(m.GetInt("r", 0, 100), std::nullopt);
  EXPECT_EQ(m.GetBool("b"), std::nullopt);
  EXPECT_EQ(m.GetDuration("d"), std::nullopt);
  EXPECT_EQ(m.GetBytes("s"), std::nullopt);
  EXPECT_EQ(m.GetString("t"), std::nullopt);
  EXPECT_THAT(m.GetStrings("l"), ElementsAre("a"));
  EXPECT_EQ(m.GetInt("low", 0), std::nullopt);
  EXPECT_EQ(Problems(document),
            "1:4: expected a whole number, found 'x'\n"
            "2:4: expected a whole number of at least 0 and at most 100, found '200'\n"
            "3:4: expected true or false, found 'yes'\n"
            "4:4: expected a duration such as 250ms, 30s, 5m, 1h30m or 2d, found '5 minutes'\n"
            "5:4: expected a size such as 512k, 64MiB or 1GiB, found 'big'\n"
            "6:4: expected a string, found a list\n"
            "7:8: expected a string, found a mapping\n"
            "8:6: expected a whole number of at least 0, found '-1'");
}

TEST(Mapping, RefusesUnknownKeysAndSaysWhichWasMeant) {
  Document document = Document::Parse("severty: high\nzzz: 1\nname: x\n", "f");
  Mapping m(document.root(), "a rule");
  m.GetString("severity");
  m.GetString("name");
  m.Finish();
  EXPECT_EQ(Problems(document),
            "1:1: unknown key 'severty' in a rule; did you mean 'severity'?\n"
            "2:1: unknown key 'zzz' in a rule");
}

TEST(Mapping, TakesAKeyWithoutValueAsAbsent) {
  Document document = Document::Parse("tuning:\n  # all commented out\nlateness: ~\nid:\n", "f");
  Mapping m(document.root(), "the file");
  EXPECT_EQ(m.Get("tuning"), std::nullopt);
  EXPECT_EQ(m.GetDuration("lateness"), std::nullopt);
  EXPECT_EQ(m.Require("id"), std::nullopt);
  m.Finish();
  EXPECT_EQ(Problems(document), "1:1: the file needs 'id'");
}

TEST(Mapping, ReportsWhatIsNoMappingOnce) {
  Document document = Document::Parse("- a\n", "f");
  Mapping m(document.root(), "the site configuration");
  m.Require("x");
  m.Finish();
  EXPECT_EQ(Problems(document),
            "1:1: expected the site configuration as a mapping (key: value), found a list");
}

// Places an error at (line, column) of the scalar `q` and says where it lands.
std::string Within(absl::string_view text, int line, int column) {
  Document document = Document::Parse(text, "f");
  Only(document, "q").AddErrorWithin(line, column, "here");
  const Diagnostic d = document.TakeDiagnostics()[0];
  return absl::StrCat(d.line, ":", d.column, d.message == "here" ? "" : " inexact");
}

TEST(AddErrorWithin, FindsTheCharacterInTheFile) {
  EXPECT_EQ(Within("q: |\n  ab\n   cd\n", 2, 2), "3:4");
  EXPECT_EQ(Within("x: 1\nq: |-\n\n      ab\n\n      cd\n", 2, 1), "4:7") << "leading blank line";
  EXPECT_EQ(Within("q: |2\n    ab\n  cd\n", 1, 3), "2:5") << "indent given, text starts deeper";
  EXPECT_EQ(Within("q: &anchor |  # comment\n ab\n", 1, 2), "2:3");
  EXPECT_EQ(Within("q: |\r\n  ab\r\n  cd\r\n", 2, 1), "3:3");
  EXPECT_EQ(Within("q: |\n  é€ cd\n", 1, 4), "2:6");
  EXPECT_EQ(Within("q: ab cd\n", 1, 4), "1:7");
  EXPECT_EQ(Within("é: 1\nq: \"ab cd\"\n", 1, 4), "2:8");
  EXPECT_EQ(Within("{é: 1, q: 'ab cd'}\n", 1, 4), "1:15");
}

TEST(AddErrorWithin, SaysWhenItCannotKnow) {
  EXPECT_EQ(Within("q: >\n  ab\n  cd\n", 1, 4), "1:4 inexact");
  EXPECT_EQ(Within("q: \"a\\tb\"\n", 1, 3), "1:4 inexact");
  EXPECT_EQ(Within("q: ab\n  cd\n", 1, 4), "1:4 inexact");
  EXPECT_EQ(Within("q: \"ab\n\n  cd\"\n", 2, 1), "1:4 inexact");
}

TEST(AddErrorWithin, StaysInsideWhateverIsAsked) {
  EXPECT_EQ(Within("q: |\n  ab\n", 99, 1), "3:3");
  EXPECT_EQ(Within("q: |\n  ab\n", -5, -5), "2:3");
}

}  // namespace
}  // namespace sequitur::yaml
