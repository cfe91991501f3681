#include "pipeline/record_reader.h"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/named_pipe.h"
#include "testing/temp_folder.h"

namespace sequitur::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class RecordReaderTest : public ::testing::Test {
 protected:
  // Records with the number of the line they begin on.
  std::vector<std::pair<int64_t, std::string>> Read(const std::string& content) {
    const std::string path = folder_ / "file";
    std::ofstream(path, std::ios::binary) << content;
    auto lines = LineReader::Open(path);
    if (!lines.ok()) return {};
    RecordReader reader(*std::move(lines));
    std::vector<std::pair<int64_t, std::string>> out;
    absl::string_view record;
    while (reader.Next(&record) == RecordReader::Found::kRecord) {
      out.emplace_back(reader.line_number(), std::string(record));
    }
    return out;
  }

  testing::TempFolder folder_;
};

TEST_F(RecordReaderTest, ALineIsARecord) {
  EXPECT_THAT(Read(""), IsEmpty());
  EXPECT_THAT(Read("a\r\n\nb"), ElementsAre(Pair(1, "a"), Pair(2, ""), Pair(3, "b")));
  // Cut off lines of JSON cost only themselves.
  EXPECT_THAT(Read("{\"a\":\n{\"b\":1}\n"), ElementsAre(Pair(1, "{\"a\":"), Pair(2, "{\"b\":1}")));
}

TEST_F(RecordReaderTest, AnIndentedDocumentIsOne) {
  EXPECT_THAT(Read("{\n  \"a\": [\n    {\n      \"b\": \"}\\\"}\"\n    }\n  ]\n}\n{\"c\":1}\n"),
              ElementsAre(Pair(1, "{\n  \"a\": [\n    {\n      \"b\": \"}\\\"}\"\n    }\n  ]\n}"),
                          Pair(8, "{\"c\":1}")));
}

TEST_F(RecordReaderTest, ACutOffDocumentEndsBeforeTheNext) {
  EXPECT_THAT(Read("{\n \"a\": 1,\n{\n \"b\": 2\n}\n"),
              ElementsAre(Pair(1, "{\n \"a\": 1,"), Pair(3, "{\n \"b\": 2\n}")));
}

TEST_F(RecordReaderTest, ElementsOfAnArrayAreRecords) {
  EXPECT_THAT(Read("[\n  {\n    \"a\": 1\n  },\n  {\"b\": 2},\n  {\n    \"c\": 3\n  }\n]\n"),
              ElementsAre(Pair(2, "  {\n    \"a\": 1\n  }"), Pair(5, "{\"b\": 2}"),
                          Pair(6, "  {\n    \"c\": 3\n  }")));
  // Further down a bracket is a line like any other.
  EXPECT_THAT(Read("a\n[\n"), ElementsAre(Pair(1, "a"), Pair(2, "[")));
}

TEST_F(RecordReaderTest, ATooLongDocumentIsCutSoThatItsSizeIsRefused) {
  std::string content = "{\n";
  while (content.size() < 3 * LineReader::kMaxLine) content += std::string(99, ' ') + "\n";
  const auto records = Read(content + "}\nnext\n");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_GT(records[0].second.size(), LineReader::kMaxLine);
  EXPECT_LT(records[0].second.size(), 2 * LineReader::kMaxLine);
  EXPECT_EQ(records[1].second, "next");
}

TEST_F(RecordReaderTest, GoesOnWithADocumentThatCameInParts) {
  testing::NamedPipe pipe(folder_ / "pipe");
  RecordReader reader(*LineReader::Open(pipe.path()));
  absl::string_view record;
  EXPECT_EQ(reader.Next(&record, RecordReader::Wait::kNo), RecordReader::Found::kNotYet);
  pipe.Write("first\n{\n  \"a\":");
  ASSERT_EQ(reader.Next(&record), RecordReader::Found::kRecord);
  EXPECT_EQ(record, "first");
  // What there is of the document is read, and kept.
  EXPECT_EQ(reader.Next(&record, RecordReader::Wait::kNo), RecordReader::Found::kNotYet);
  pipe.Write(" 1,\n  \"b\": {\n");
  EXPECT_EQ(reader.Next(&record, RecordReader::Wait::kNo), RecordReader::Found::kNotYet);
  pipe.Write("}}\nlast");
  ASSERT_EQ(reader.Next(&record), RecordReader::Found::kRecord);
  EXPECT_EQ(record, "{\n  \"a\": 1,\n  \"b\": {\n}}");
  EXPECT_EQ(reader.line_number(), 2);
  pipe.Close();
  ASSERT_EQ(reader.Next(&record), RecordReader::Found::kRecord);
  EXPECT_EQ(record, "last");
  EXPECT_EQ(reader.Next(&record), RecordReader::Found::kEnd);
}

}  // namespace
}  // namespace sequitur::pipeline
