#include "pipeline/line_reader.h"

#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/named_pipe.h"
#include "testing/temp_folder.h"

namespace sequitur::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class LineReaderTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& content) {
    std::ofstream(folder_ / "plain", std::ios::binary) << content;
    return folder_ / "plain";
  }
  // `mode` of gzopen: "ab" puts another member behind those there are.
  std::string WriteGzip(const std::string& content, const char* mode = "wb") {
    const std::string path = folder_ / "packed";
    gzFile file = gzopen(path.c_str(), mode);
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

TEST_F(LineReaderTest, GzipFilesInOneAreReadOneAfterTheOther) {
  std::vector<std::string> expected;
  for (const int lines : {1, 100'000, 0, 70'000, 1}) {
    std::string content;
    for (int i = 0; i < lines; ++i) {
      expected.push_back(std::to_string(i * 7919 % 100'003));
      content += expected.back() + "\n";
    }
    WriteGzip(content, "ab");
  }
  const std::string path = folder_ / "packed";
  EXPECT_EQ(Read(path), expected);
  std::ofstream(path, std::ios::binary | std::ios::app) << "\x1fpadding";
  EXPECT_EQ(Read(path), expected);
  EXPECT_TRUE(status_.ok()) << status_;
}

TEST_F(LineReaderTest, HalfOfGzipsMagicIsText) {
  EXPECT_THAT(Read(Write("\x1f")), ElementsAre("\x1f"));
  EXPECT_THAT(Read(Write("\x1f\n\x8b")), ElementsAre("\x1f", "\x8b"));
}

TEST_F(LineReaderTest, APipeGivesALineOnceItIsThere) {
  testing::NamedPipe pipe(folder_ / "pipe");
  const auto reader = *LineReader::Open(pipe.path());
  EXPECT_TRUE(reader->WouldWait());
  pipe.Write("one\ntwo\nthr");
  absl::string_view line;
  ASSERT_TRUE(reader->Next(&line));
  EXPECT_EQ(line, "one");
  EXPECT_FALSE(reader->WouldWait());
  ASSERT_TRUE(reader->Next(&line));
  EXPECT_EQ(line, "two");
  EXPECT_TRUE(reader->WouldWait());
  pipe.Write("ee\n");
  ASSERT_TRUE(reader->Next(&line));
  EXPECT_EQ(line, "three");
  pipe.Close();
  EXPECT_FALSE(reader->Next(&line));
  EXPECT_TRUE(reader->status().ok());
}

TEST_F(LineReaderTest, SoDoesAPipeOfGzip) {
  std::ifstream file(WriteGzip("one\n"), std::ios::binary);
  const std::string packed{std::istreambuf_iterator<char>(file), {}};
  testing::NamedPipe pipe(folder_ / "pipe");
  const auto reader = *LineReader::Open(pipe.path());
  for (const char* say : {"first", "second"}) {
    pipe.Write(packed);
    absl::string_view line;
    ASSERT_TRUE(reader->Next(&line)) << say;
    EXPECT_EQ(line, "one");
  }
}

TEST_F(LineReaderTest, AFileNeverWaits) {
  const auto reader = *LineReader::Open(Write("a"));
  EXPECT_FALSE(reader->WouldWait());
}

TEST_F(LineReaderTest, BytesReadAreThoseOfTheFile) {
  const std::string path = WriteGzip(std::string(1 << 20, 'x') + "\nend\n");
  const auto reader = *LineReader::Open(path);
  EXPECT_EQ(reader->bytes_total(), static_cast<int64_t>(std::filesystem::file_size(path)));
  absl::string_view line;
  while (reader->Next(&line)) {
  }
  EXPECT_EQ(reader->bytes_read(), reader->bytes_total());
}

TEST_F(LineReaderTest, DamageIsSaidAfterWhatCouldBeRead) {
  std::string content;
  for (int i = 0; i < 100'000; ++i) content += std::to_string(i * 7919 % 100'003) + "\n";
  const std::string path = WriteGzip(content);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const auto lines = Read(path);
  ASSERT_FALSE(lines.empty());
  // The last one is cut off.
  EXPECT_THAT(
      std::string(status_.message()),
      EndsWith(absl::StrCat("packed: unexpected end of file after line ", lines.size() - 1)));
}

TEST_F(LineReaderTest, DamageInTheMiddleOfGzipIsSaidToo) {
  const std::string path = WriteGzip("a\nb\n");
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(-8, std::ios::end);  // the checksum
  file.put('\0').put('\0');
  file.close();
  EXPECT_THAT(Read(path), ElementsAre("a", "b"));
  EXPECT_THAT(status_.message(), HasSubstr("packed: incorrect data check after line 2"));
}

TEST_F(LineReaderTest, WhatCannotBeOpenedIsSaid) {
  Read(folder_ / "missing");
  EXPECT_THAT(status_.message(), HasSubstr("missing: No such file or directory"));
  Read(folder_.path());
  EXPECT_THAT(status_.message(), HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace sequitur::pipeline
