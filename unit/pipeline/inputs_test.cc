#include "pipeline/inputs.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/temp_folder.h"

namespace sequitur::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class InputsTest : public ::testing::Test {
 protected:
  std::string Touch(const std::string& name) {
    const std::string path = folder_ / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << "x\n";
    return path;
  }
  static std::vector<std::string> Paths(const InputList& list) {
    std::vector<std::string> paths;
    for (const Input& input : list.inputs) paths.push_back(input.path);
    return paths;
  }

  testing::TempFolder folder_;
};

TEST_F(InputsTest, FoldersAreWalkedInOrderWithoutHiddenNames) {
  const std::string b = Touch("b.log"), a = Touch("sub/a.log"), z = Touch("z.gz");
  Touch(".hidden");
  Touch(".git/config");
  const InputList list = ListInputs({folder_.path()});
  EXPECT_THAT(Paths(list), ElementsAre(b, a, z));
  EXPECT_THAT(list.problems, IsEmpty());
}

TEST_F(InputsTest, AnEmptyFolderIsSaid) {
  EXPECT_THAT(ListInputs({folder_.path()}).problems, ElementsAre(HasSubstr(": no files")));
}

TEST_F(InputsTest, AKindStandsBeforeEquals) {
  const std::string odd = Touch("ecs=odd.log");
  const std::string named = "suricata=" + folder_.path();
  const InputList list = ListInputs({"zeek=-", "ecs=x.json", odd, named, "/a/b=c.log"});
  EXPECT_THAT(Paths(list), ElementsAre("-", "x.json", odd, odd, "/a/b=c.log"));
  EXPECT_EQ(list.inputs[0].kind, decode::SourceKind::kZeek);
  EXPECT_EQ(list.inputs[1].kind, decode::SourceKind::kEcs);
  EXPECT_EQ(list.inputs[2].kind, decode::SourceKind::kAuto);
  EXPECT_EQ(list.inputs[3].kind, decode::SourceKind::kSuricata);
}

TEST_F(InputsTest, MistakesAreSaidAndReadNothing) {
  const InputList list = ListInputs({"eslogge=x.json", "ecs="});
  EXPECT_THAT(list.inputs, IsEmpty());
  EXPECT_THAT(list.problems, ElementsAre(HasSubstr("did you mean 'eslogger'?"),
                                         HasSubstr("expected a path, or -, behind '='")));
}

}  // namespace
}  // namespace sequitur::pipeline
