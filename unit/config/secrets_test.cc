#include "config/secrets.h"

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/temp_folder.h"

namespace sequitur::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ResolveSecretsTest : public ::testing::Test {
 protected:
  ResolveSecretsTest() {
    setenv("SEQUITUR_TEST_SECRET", "hunter2", 1);
    setenv("SEQUITUR_TEST_EMPTY", "", 1);
    unsetenv("SEQUITUR_TEST_MISSING");
  }

  void Write(absl::string_view name, absl::string_view contents) {
    std::ofstream(folder_ / name, std::ios::binary) << contents;
  }
  std::string FileReference(absl::string_view name) const {
    return absl::StrCat("${file:", folder_ / name, "}");
  }
  static std::string Resolved(absl::string_view text) {
    const auto resolved = ResolveSecrets(text);
    EXPECT_TRUE(resolved.ok()) << resolved.status();
    return resolved.value_or("");
  }
  static std::string Problem(absl::string_view text) {
    const auto resolved = ResolveSecrets(text);
    EXPECT_FALSE(resolved.ok()) << *resolved;
    return std::string(resolved.status().message());
  }

  sequitur::testing::TempFolder folder_;
};

TEST_F(ResolveSecretsTest, LeavesOtherTextAlone) {
  for (absl::string_view text : {"", "plain", "$", "$$", "a$b}", "{env:X}", "$ {env:X}", "100%"}) {
    EXPECT_EQ(Resolved(text), text);
  }
}

TEST_F(ResolveSecretsTest, TakesVariablesAnywhere) {
  EXPECT_EQ(Resolved("${env:SEQUITUR_TEST_SECRET}"), "hunter2");
  EXPECT_EQ(Resolved("a ${env:SEQUITUR_TEST_SECRET}, ${env:SEQUITUR_TEST_SECRET}}"),
            "a hunter2, hunter2}");
  EXPECT_EQ(Resolved("<${env:SEQUITUR_TEST_EMPTY}>"), "<>") << "empty is not missing";
}

TEST_F(ResolveSecretsTest, EscapesAReference) {
  EXPECT_EQ(Resolved("$${env:SEQUITUR_TEST_SECRET}"), "${env:SEQUITUR_TEST_SECRET}");
  EXPECT_EQ(Resolved("$$${env:X}"), "$${env:X}");
  EXPECT_EQ(Resolved("$${"), "${");
}

TEST_F(ResolveSecretsTest, TakesFilesAndCutsOneNewline) {
  const std::pair<absl::string_view, absl::string_view> cases[] = {{"secret", "secret"},
                                                                   {"secret\n", "secret"},
                                                                   {"secret\r\n", "secret"},
                                                                   {"secret\n\n", "secret\n"},
                                                                   {"a\nb\n", "a\nb"},
                                                                   {"secret \r", "secret \r"},
                                                                   {"", ""}};
  for (const auto& [contents, expected] : cases) {
    Write("s", contents);
    EXPECT_EQ(Resolved(absl::StrCat("<", FileReference("s"), ">")),
              absl::StrCat("<", expected, ">"));
  }
}

TEST_F(ResolveSecretsTest, DoesNotLookIntoWhatComesIn) {
  Write("s", "${env:SEQUITUR_TEST_SECRET}$${");
  EXPECT_EQ(Resolved(FileReference("s")), "${env:SEQUITUR_TEST_SECRET}$${");
}

TEST_F(ResolveSecretsTest, StartsRelativeFilesFromTheFolder) {
  Write("s", "secret\n");
  EXPECT_EQ(ResolveSecrets("${file:s}", folder_.path()).value_or(""), "secret");
  EXPECT_EQ(ResolveSecrets(FileReference("s"), "/nonexistent").value_or(""), "secret");
}

TEST_F(ResolveSecretsTest, NamesWhatIsMissing) {
  EXPECT_EQ(Problem("${env:SEQUITUR_TEST_MISSING}"),
            "the environment variable 'SEQUITUR_TEST_MISSING' is not set");
  EXPECT_EQ(Problem("${file:/nonexistent/s}"),
            "cannot read the file '/nonexistent/s': No such file or directory");
  EXPECT_THAT(Problem(absl::StrCat("${file:", folder_.path(), "}")), HasSubstr("Is a directory"));
}

TEST_F(ResolveSecretsTest, RefusesFilesThatAreNoSecrets) {
  Write("most", std::string(kMaxSecretBytes, 'x'));
  EXPECT_EQ(Resolved(FileReference("most")).size(), kMaxSecretBytes);
  Write("more", std::string(kMaxSecretBytes + 1, 'x'));
  EXPECT_THAT(Problem(FileReference("more")), HasSubstr("larger than 64 KiB"));
  Write("binary", absl::string_view("se\0cret", 7));
  EXPECT_THAT(Problem(FileReference("binary")), HasSubstr("zero byte"));
}

TEST_F(ResolveSecretsTest, ShowsNothingOfAReferenceItCannotRead) {
  for (absl::string_view text :
       {"pa55${w0rd}", "pa55${w0rd", "pa55${}", "pa55${env:}", "pa55${file:}", "pa55${ENV:w0rd}"}) {
    const std::string problem = Problem(text);
    EXPECT_THAT(problem, HasSubstr("${env:NAME}")) << text;
    EXPECT_THAT(problem, Not(HasSubstr("pa55"))) << text;
    EXPECT_THAT(problem, Not(HasSubstr("w0rd"))) << text;
  }
  EXPECT_THAT(Problem("${env:SEQUITUR_TEST_SECRET}${env:SEQUITUR_TEST_MISSING}"),
              Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace sequitur::config
