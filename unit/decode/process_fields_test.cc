#include "decode/process_fields.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

namespace field = event::field;
using event::Event;
using event::Value;

class ProcessFieldsTest : public ::testing::Test {
 protected:
  ProcessFieldsTest() : projection_(All(table_)), event_(projection_) {}

  static event::Projection All(const event::FieldTable& table) {
    event::Projection projection(table);
    projection.AddAllKnown();
    return projection;
  }
  Value Strings(std::initializer_list<absl::string_view> texts) {
    Value* list = arena_.Allocate<Value>(texts.size());
    std::transform(texts.begin(), texts.end(), list, Value::String);
    return Value::List({list, texts.size()});
  }
  std::string Joined(std::initializer_list<absl::string_view> texts) {
    bool cut = false;
    const std::string out(JoinArguments(Strings(texts), arena_, &cut));
    EXPECT_FALSE(cut);
    return out;
  }

  Arena arena_;
  event::FieldTable table_;
  event::Projection projection_;
  Event event_;
};

TEST_F(ProcessFieldsTest, FoldsThePathsThatOnlyTheKernelWrites) {
  const std::pair<absl::string_view, absl::string_view> kCases[] = {
      {"/private/etc/passwd", "/etc/passwd"},
      {"/private/tmp", "/tmp"},
      {"/private/var/folders/x", "/var/folders/x"},
      {"/private/varnish", "/private/varnish"},
      {"/private/sftp/x", "/private/sftp/x"},
      {"/privateer/etc", "/privateer/etc"},
      {"/private", "/private"},
      {"/System/Volumes/Data/Users/a", "/Users/a"},
      {"/System/Volumes/Data/private/tmp/x", "/tmp/x"},
      {"/System/Volumes/Data", "/System/Volumes/Data"},
      {"/System/Volumes/Database/x", "/System/Volumes/Database/x"},
      {"/usr/bin/id", "/usr/bin/id"},
      {"", ""},
  };
  for (const auto& [path, folded] : kCases) EXPECT_EQ(FoldMacPath(path), folded) << path;
}

TEST_F(ProcessFieldsTest, TakesNamesAndExtensionsOffPaths) {
  struct Case {
    absl::string_view path, name, extension, directory;
  };
  const Case kCases[] = {
      {"/a/b.php", "b.php", "php", "/a"},
      {"/private/etc/pam.d/login", "login", "", "/etc/pam.d"},
      {"/Users/a/.zshenv", ".zshenv", "", "/Users/a"},
      {"/x", "x", "", "/"},
      {"rel.tar.gz", "rel.tar.gz", "gz", ""},
  };
  for (const Case& c : kCases) {
    event_.Reset();
    SetFile(event_, c.path);
    EXPECT_EQ(event_.Text(field::kFileName), c.name) << c.path;
    EXPECT_EQ(event_.Text(field::kFileExtension), c.extension) << c.path;
    EXPECT_EQ(event_.Text(field::kFileDirectory), c.directory) << c.path;
  }
}

TEST_F(ProcessFieldsTest, GivesAnImageOneEntityIdInEveryRole) {
  SetImage(event_, kProcessImage, {97391, 149092});
  SetImage(event_, kParentImage, {97391, 149092});
  SetImage(event_, kPreviousImage, {97391, 149091});
  const absl::string_view id = event_.Text(field::kProcessEntityId);
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(event_.Text(field::kProcessParentEntityId), id);
  EXPECT_NE(event_.Text(field::kProcessPreviousEntityId), id);
}

TEST_F(ProcessFieldsTest, GivesNoEntityIdWithoutPidVersion) {
  SetImage(event_, kProcessImage, {5, ImageId::kUnknown});
  EXPECT_EQ(event_.Get(field::kProcessPid), Value::Int(5));
  EXPECT_FALSE(event_.Has(field::kProcessEntityId));
  EXPECT_FALSE(event_.Has(field::kProcessPidVersion));
}

TEST_F(ProcessFieldsTest, KeepsTheRealParentOfAnOrphan) {
  EXPECT_EQ(TrueParent({40, 7}, 40).pid, 40);
  EXPECT_EQ(TrueParent({40, 7}, 41).pid, 40) << "a living parent is the parent";
  EXPECT_EQ(TrueParent({1, 1}, 40).pid, 40);
  EXPECT_EQ(TrueParent({1, 1}, 40).version, ImageId::kUnknown)
      << "launchd's version is not its own";
  EXPECT_EQ(TrueParent({1, 1}, 1).version, 1);
  EXPECT_EQ(TrueParent({1, 1}, std::nullopt).pid, 1);
  EXPECT_EQ(TrueParent({}, 40).pid, 40);
  EXPECT_FALSE(TrueParent({}, std::nullopt).has_pid());
}

TEST_F(ProcessFieldsTest, JoinsArgumentsSoThatTheirBoundsCanBeTold) {
  EXPECT_EQ(Joined({"ls", "-l"}), "ls -l");
  EXPECT_EQ(Joined({"sh", "-c", "id; uname"}), "sh -c \"id; uname\"");
  EXPECT_EQ(Joined({"echo", "", "say \"hi\\\" now"}), "echo \"\" \"say \\\"hi\\\\\\\" now\"");
  EXPECT_EQ(Joined({}), "");
}

TEST_F(ProcessFieldsTest, CutsALongCommandLineAndSaysSo) {
  const std::string long_argument(3 * kMaxCommandLine, 'x');
  SetArguments(event_, Strings({"sh", long_argument}));
  EXPECT_EQ(event_.Text(field::kProcessCommandLine).size(), kMaxCommandLine);
  EXPECT_EQ(event_.Get(field::kProcessArgs).list_value()[1].text().size(), long_argument.size());
  EXPECT_EQ(event_.Get(field::kSequiturFlags).ToString(), "[truncated]");
}

TEST_F(ProcessFieldsTest, SplitsCommandLines) {
  const std::pair<absl::string_view, absl::string_view> kCases[] = {
      {"", "null"},
      {"  ", "null"},
      {"id", "[id]"},
      {" ping  -c 4 ", "[ping, -c, 4]"},
      {"sh -c \"id; uname\" x", "[sh, -c, id; uname, x]"},
      {"sh -c 'id; uname'", "[sh, -c, id; uname]"},
      {"say \"a \\\" b\" c", "[say, a \\\" b, c]"},
      {"a \"never closed", "[a, \"never, closed]"},
      {"a=\"b c\" d", "[a=\"b, c\", d]"},
  };
  for (const auto& [line, args] : kCases) {
    EXPECT_EQ(SplitArguments(line, arena_).ToString(), args) << line;
  }
}

TEST_F(ProcessFieldsTest, KeepsWhatIsBeyondTheArgumentLimitInTheLast) {
  std::string line;
  for (size_t i = 0; i < kMaxArguments + 10; ++i) line += "x ";
  line += "evil";
  const Value args = SplitArguments(line, arena_);
  ASSERT_EQ(args.list_value().size(), kMaxArguments);
  EXPECT_THAT(std::string(args.list_value().back().text()), ::testing::EndsWith("evil"));
}

TEST_F(ProcessFieldsTest, TellsACrashFromAnExit) {
  struct Case {
    int64_t word;
    absl::string_view action, code, signal;
  };
  const Case kCases[] = {
      {0, "exit", "0", "null"},           {0x0100, "exit", "1", "null"},
      {0x8b00, "exit", "139", "null"},  // a shell that tells of its child's death did not crash
      {11, "worker_crash", "null", "11"}, {0x80 | 11, "worker_crash", "null", "11"},
      {4, "worker_crash", "null", "4"},   {5, "worker_crash", "null", "5"},
      {6, "worker_crash", "null", "6"},   {7, "worker_crash", "null", "7"},
      {8, "worker_crash", "null", "8"},   {9, "worker_crash", "null", "9"},
      {10, "worker_crash", "null", "10"}, {12, "worker_crash", "null", "12"},
      {1, "exit", "null", "1"},           {2, "exit", "null", "2"},
      {13, "exit", "null", "13"},         {15, "exit", "null", "15"},
  };
  for (const Case& c : kCases) {
    event_.Reset();
    SetExit(event_, ExitStatus::FromWaitWord(c.word));
    EXPECT_EQ(event_.Text(field::kEventAction), c.action) << c.word;
    EXPECT_EQ(event_.Get(field::kProcessExitCode).ToString(), c.code) << c.word;
    EXPECT_EQ(event_.Get(field::kSequiturExitSignal).ToString(), c.signal) << c.word;
    EXPECT_EQ(event_.Text(field::kEventType), "end");
  }
}

TEST_F(ProcessFieldsTest, PrintsModesAndUsersAsEcsHasThem) {
  SetFileMode(event_, 33261);
  EXPECT_EQ(event_.Text(field::kFileMode), "0755");
  EXPECT_EQ(PrintUserId(-2, arena_), "4294967294");
  EXPECT_EQ(PrintUserId(4294967294, arena_), "4294967294");
  EXPECT_EQ(PrintUserId(70, arena_), "70");
}

TEST_F(ProcessFieldsTest, JoinsPathsWithOneSlash) {
  EXPECT_EQ(JoinPath("/a/b", "c", arena_), "/a/b/c");
  EXPECT_EQ(JoinPath("/", "c", arena_), "/c");
  EXPECT_EQ(JoinPath("", "c", arena_), "c");
  EXPECT_EQ(JoinPath("/a", "", arena_), "/a");
}

}  // namespace
}  // namespace sequitur::decode
