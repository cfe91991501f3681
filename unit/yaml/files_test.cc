#include "yaml/files.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/temp_folder.h"

namespace sequitur::yaml {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FindFilesTest : public ::testing::Test {
 protected:
  std::string Path(absl::string_view name) { return absl::StrCat(root_, "/", name); }
  void Write(absl::string_view name) {
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    std::ofstream(Path(name)) << "a: 1\n";
  }

  const sequitur::testing::TempFolder folder_;
  const std::string root_ = folder_ / "root";
};

TEST_F(FindFilesTest, ListsYamlBelowAFolderByName) {
  for (const char* name : {"b.yml", "a.yaml", "sub/c.yaml", "notes.txt", ".hidden.yaml"})
    Write(name);
  const FileList list = FindFiles({root_});
  EXPECT_THAT(list.paths, ElementsAre(Path("a.yaml"), Path("b.yml"), Path("sub/c.yaml")));
  EXPECT_THAT(list.diagnostics, IsEmpty());
}

TEST_F(FindFilesTest, ReadsAMountedConfigMapOnce) {
  Write("..2026_11_24/rule.yaml");
  std::filesystem::create_directory_symlink(Path("..2026_11_24"), Path("..data"));
  std::filesystem::create_symlink(Path("..data/rule.yaml"), Path("rule.yaml"));
  EXPECT_THAT(FindFiles({root_}).paths, ElementsAre(Path("rule.yaml")));
}

TEST_F(FindFilesTest, KeepsTheOrderGivenAndDropsRepeats) {
  Write("a.yaml");
  Write("z.txt");
  EXPECT_THAT(FindFiles({Path("z.txt"), root_, Path("./a.yaml")}).paths,
              ElementsAre(Path("z.txt"), Path("a.yaml")));
}

TEST_F(FindFilesTest, NamesWhatDoesNotExist) {
  const FileList list = FindFiles({Path("missing.yaml")});
  EXPECT_THAT(list.paths, IsEmpty());
  ASSERT_EQ(list.diagnostics.size(), 1u);
  EXPECT_EQ(list.diagnostics[0].ToString(),
            absl::StrCat(Path("missing.yaml"), ": error: no such file or folder"));
}

}  // namespace
}  // namespace sequitur::yaml
