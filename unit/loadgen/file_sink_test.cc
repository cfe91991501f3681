#include "loadgen/file_sink.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/temp_folder.h"

namespace sequitur::loadgen {
namespace {

using ::testing::HasSubstr;

std::string Contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(FileSink, NumbersTheLinesOfEachStream) {
  const sequitur::testing::TempFolder temp;
  const std::string folder = temp / "logs";
  FileSink sink(folder, FileSink::Layout::kFilePerStream);
  EXPECT_EQ(sink.Write(Stream::kEslogger, "web-01", 0, "{\"a\":1}").line, 1);
  EXPECT_EQ(sink.Write(Stream::kFlows, "web-01", 0, "{}").line, 1);
  const Place place = sink.Write(Stream::kEslogger, "web-02", 0, "{\"a\":2}");
  EXPECT_EQ(place.line, 2);
  EXPECT_EQ(place.file, "eslogger.ndjson");
  ASSERT_TRUE(sink.Close().ok());
  EXPECT_EQ(Contents(folder + "/eslogger.ndjson"), "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_EQ(Contents(folder + "/flows.ndjson"), "{}\n");
}

TEST(FileSink, KeepsHostsApartWhenLinesDoNotNameThem) {
  const sequitur::testing::TempFolder temp;
  const std::string folder = temp / "logs";
  FileSink sink(folder, FileSink::Layout::kFolderPerHost);
  EXPECT_EQ(sink.Write(Stream::kNginxAccess, "web-01", 0, "a").file, "web-01/nginx-access.log");
  EXPECT_EQ(sink.Write(Stream::kNginxAccess, "web-02", 0, "b").file, "web-02/nginx-access.log");
  ASSERT_TRUE(sink.Close().ok());
  EXPECT_EQ(Contents(folder + "/web-02/nginx-access.log"), "b\n");
}

TEST(FileSink, ReportsAFolderThatCannotBe) {
  const sequitur::testing::TempFolder temp;
  const std::string blocked = temp / "blocked";
  std::ofstream(blocked) << "a file";
  FileSink sink(blocked + "/below", FileSink::Layout::kFilePerStream);
  EXPECT_EQ(sink.Write(Stream::kFlows, "web-01", 0, "{}").line, 0);
  EXPECT_TRUE(sink.Failed());
  const absl::Status status = sink.Close();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(blocked + "/below"));
}

}  // namespace
}  // namespace sequitur::loadgen
