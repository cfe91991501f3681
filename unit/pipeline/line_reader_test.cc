#include "pipeline/line_reader.h"

#include <zlib.h>

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
using ::testing::SizeIs;

class LineReaderTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& content) {
    std::ofstream(folder_ / "plain", std::ios::binary) << content;
    return folder_ / "plain";
  }
  std::string WriteGzip(const std::string& content) {
    const std::string path = folder_ / "packed";
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
    return path;
  }
  std::vector<std::string> Read(const std::string& path) {
    auto reader = LineReader::Open(path);
    if (!reader.ok()) {
      status_ = reader.status();
      return {};
    }
    std::vector<std::string> lines;
    absl::string_view line;
    while ((*reader)->Next(&line)) lines.emplace_back(line);
    status_ = (*reader)->status();
    return lines;
  }

  testing::TempFolder folder_;
  absl::Status status_;
};

TEST_F(LineReaderTest, EndsOfLinesAndTheMissingLastOne) {
  EXPECT_THAT(Read(Write("a\r\n\nb\rc\nd")), ElementsAre("a", "", "b\rc", "d"));
  EXPECT_THAT(Read(Write("")), SizeIs(0));
  EXPECT_TRUE(status_.ok());
}

TEST_F(LineReaderTest, LinesOverTheBuffersEdge) {
  std::string content;
  for (int i = 0; i < 40; ++i)
    content += std::string(10'007, static_cast<char>('a' + i % 26)) + "\n";
  const auto lines = Read(Write(content));
  ASSERT_THAT(lines, SizeIs(40));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(lines[i], std::string(10'007, 'a' + i % 26)) << i;
}

TEST_F(LineReaderTest, ALongLineIsCutAndTheNextIsWhole) {
  const auto lines = Read(Write(std::string(5 << 20, 'x') + "\nnext\n"));
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], SizeIs(LineReader::kMaxLine + 1));
  EXPECT_EQ(lines[1], "next");
}

TEST_F(LineReaderTest, GzipIsToldByContent) {
  EXPECT_THAT(Read(WriteGzip("a\nb\n")), ElementsAre("a", "b"));
}

TEST_F(LineReaderTest, DamageIsSaidAfterWhatCouldBeRead) {
  std::string content;
  for (int i = 0; i < 100'000; ++i) content += std::to_string(i * 7919 % 100'003) + "\n";
  const std::string path = WriteGzip(content);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_FALSE(Read(path).empty());
  EXPECT_THAT(status_.message(), HasSubstr("packed: unexpected end of file after line"));
}

TEST_F(LineReaderTest, WhatCannotBeOpenedIsSaid) {
  Read(folder_ / "missing");
  EXPECT_THAT(status_.message(), HasSubstr("missing: No such file or directory"));
  Read(folder_.path());
  EXPECT_THAT(status_.message(), HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace sequitur::pipeline
