#include "loadgen/command_line.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "loadgen/sink.h"

namespace sequitur::loadgen {
namespace {

using ::testing::HasSubstr;

TEST(CommandLine, TurnsTextsIntoTypes) {
  Arguments arguments;
  arguments.start = "2026-11-24T08:00:00Z";
  arguments.duration = "1h30m";
  arguments.disorder = "1500ms";
  arguments.streams = {"eslogger", "flows"};
  const absl::StatusOr<Options> options = ToOptions(arguments);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->start, 1'795'507'200 * kSecond);
  EXPECT_EQ(options->duration, 90 * kMinute);
  EXPECT_EQ(options->disorder, 1'500 * kMillisecond);
  EXPECT_EQ(options->streams,
            (1u << static_cast<int>(Stream::kEslogger)) | (1u << static_cast<int>(Stream::kFlows)));
}

TEST(CommandLine, SaysWhichOptionIsWrongAndWhatWouldDo) {
  const auto refused = [](void (*change)(Arguments&)) {
    Arguments arguments;
    change(arguments);
    return std::string(ToOptions(arguments).status().message());
  };
  EXPECT_THAT(refused([](Arguments& a) { a.duration = "ten"; }),
              HasSubstr("--duration ten: not a duration"));
  EXPECT_THAT(refused([](Arguments& a) { a.disorder = "-5s"; }), HasSubstr("--disorder -5s"));
  EXPECT_THAT(refused([](Arguments& a) { a.start = "yesterday"; }), HasSubstr("--start yesterday"));
  EXPECT_THAT(refused([](Arguments& a) { a.roles = {"mail"}; }), HasSubstr("nginx-php"));
  EXPECT_THAT(refused([](Arguments& a) { a.streams = {"dns"}; }), HasSubstr("eslogger"));
  EXPECT_THAT(refused([](Arguments& a) { a.only = {"exploit"}; }), HasSubstr("exploit-500"));
}

TEST(CommandLine, ListsEveryScenario) {
  const std::string list = ScenarioList();
  for (const char* name : {"exploit-500", "upload-exec", "installer-egress", "scan-404"}) {
    EXPECT_THAT(list, HasSubstr(name));
  }
}

}  // namespace
}  // namespace sequitur::loadgen
