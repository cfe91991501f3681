#include "rules/links.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::rules {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<LinkSpec> Read(yaml::Document& document) {
  for (const auto& entry : document.root().Entries()) return ReadLinks(entry.value);
  return {};
}

TEST(Links, SayWhichStepsShareWhat) {
  auto document = yaml::Document::Parse(R"(
links:
  - steps: [2, 3]
    by:
      - {same: process.pid = sequitur.lineage.pid, within: service.name}
      - service.name = sequitur.lineage.service
  - {steps: [1, 3], prefer: [http.request.id]}
)",
                                        "rule.yaml");
  const auto links = Read(document);
  ASSERT_THAT(links, SizeIs(2));
  EXPECT_TRUE(document.TakeDiagnostics().empty());
  EXPECT_EQ(links[0].earlier, 2);
  EXPECT_EQ(links[0].later, 3);
  ASSERT_THAT(links[0].by, SizeIs(2));
  EXPECT_EQ(links[0].by[0].same.earlier, "process.pid");
  EXPECT_EQ(links[0].by[0].same.later, "sequitur.lineage.pid");
  EXPECT_EQ(links[0].by[0].within->later, "service.name");
  EXPECT_EQ(links[0].by[1].text, "service.name = sequitur.lineage.service");
  ASSERT_THAT(links[1].prefer, SizeIs(1));
  EXPECT_EQ(links[1].prefer[0].text, "http.request.id");
}

TEST(Links, WhatIsWrongIsSaidWhereItStands) {
  struct Case {
    const char* links;
    int line, column;
    const char* says;
  };
  for (const Case& c : {
           Case{"[{steps: [3, 2], by: [a]}]", 1, 17, "an earlier and a later step"},
           Case{"[{steps: [1, 2, 3], by: [a]}]", 1, 17, "an earlier and a later step"},
           Case{"[{steps: [1, 2]}]", 1, 9, "needs `by:`"},
           Case{"[{by: [a]}]", 1, 9, "steps"},
           Case{"[{steps: [1, 2], by: ['a = b = c']}]", 1, 30, "earlier.field = later.field"},
           Case{"[{steps: [1, 2], by: ['a = ']}]", 1, 30, "earlier.field = later.field"},
           Case{"[{steps: [1, 2], by: [{same: a, in: b}]}]", 1, 41, "unknown key 'in'"},
           Case{"[{steps: [1, 2], bye: [a]}]", 1, 26, "by"},
       }) {
    SCOPED_TRACE(c.links);
    auto document = yaml::Document::Parse(std::string("links: ") + c.links, "rule.yaml");
    Read(document);
    const Diagnostics diagnostics = document.TakeDiagnostics();
    ASSERT_FALSE(diagnostics.empty());
    EXPECT_EQ(diagnostics[0].line, c.line);
    EXPECT_THAT(diagnostics[0].message, HasSubstr(c.says));
  }
}

TEST(Links, AreBounded) {
  std::string text = "links: [{steps: [1, 2], by: [a";
  for (int i = 0; i < 20; ++i) text += ", b";
  text += "]}";
  for (int i = 0; i < 20; ++i) text += ", {steps: [1, 2], by: [a]}";
  auto document = yaml::Document::Parse(text + "]", "rule.yaml");
  const auto links = Read(document);
  EXPECT_THAT(links, SizeIs(Link::kMaxLinks));
  EXPECT_THAT(links[0].by, SizeIs(Link::kMaxTies));
  EXPECT_THAT(document.TakeDiagnostics(), SizeIs(2));
}

}  // namespace
}  // namespace sequitur::rules
