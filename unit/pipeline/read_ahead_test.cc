#include "pipeline/read_ahead.h"

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pipeline/replay_site.h"
#include "testing/named_pipe.h"

namespace sequitur::pipeline {
namespace {

class ReadAheadTest : public ::testing::TestWithParam<size_t> {
 protected:
  std::string Write(const std::string& name, int records) {
    std::ofstream file(folder_ / name);
    for (int i = 0; i < records; ++i) file << ProcessRecord("x", i) << "\n";
    return folder_ / name;
  }
  std::unique_ptr<ReadAhead> Read(const std::vector<std::string>& paths) {
    std::vector<std::unique_ptr<InputReader>> inputs;
    for (const std::string& path : paths) {
      inputs.push_back(*InputReader::Open(*site_, {path}, static_cast<uint32_t>(inputs.size())));
    }
    return std::make_unique<ReadAhead>(site_->projection(), std::move(inputs), GetParam());
  }

  testing::TempFolder folder_;
  std::unique_ptr<const Site> site_ = TwoStepSite(folder_);
};

TEST_P(ReadAheadTest, GivesEveryRecordInItsOrderAndThenNothing) {
  const auto ahead = Read({Write("empty", 0), Write("one", 1), Write("many", 5000)});
  EXPECT_EQ(ahead->Next(0), nullptr);
  ASSERT_NE(ahead->Next(1), nullptr);
  EXPECT_EQ(ahead->Next(1), nullptr);
  int64_t line = 0, bytes = 0;
  while (const EventBatch* batch = ahead->Next(2)) {
    ASSERT_FALSE(batch->records().empty());
    ASSERT_LE(batch->records().size(), InputReader::kMaxRecords);
    for (const auto& record : batch->records()) ASSERT_EQ(record.line, ++line);
    EXPECT_GE(batch->bytes_read(), bytes);
    bytes = batch->bytes_read();
  }
  EXPECT_EQ(line, 5000);
  EXPECT_EQ(ahead->Next(2), nullptr);
}

TEST_P(ReadAheadTest, PipesThatSayNothingHoldUpNoFile) {
  testing::NamedPipe first(folder_ / "first"), second(folder_ / "second");
  const auto ahead = Read({first.path(), second.path(), Write("file", 5000)});
  size_t records = 0;
  while (const EventBatch* batch = ahead->Next(2)) records += batch->records().size();
  EXPECT_EQ(records, 5000u);
  // And what one says is there at once, before its end.
  for (int i = 0; i < 3; ++i) {
    second.Write(ProcessRecord("a", i) + "\n");
    const EventBatch* batch = ahead->Next(1);
    ASSERT_NE(batch, nullptr);
    EXPECT_EQ(batch->records().size(), 1u);
  }
  first.Close();
  second.Close();
  EXPECT_EQ(ahead->Next(0), nullptr);
  EXPECT_EQ(ahead->Next(1), nullptr);
}

// Inputs whose records are larger than their share of the memory.
TEST_P(ReadAheadTest, LargeRecordsOfManyInputsComeToo) {
  constexpr int kInputs = 60, kRecords = 4;
  std::vector<std::string> paths;
  for (int i = 0; i < kInputs; ++i) {
    paths.push_back(folder_ / absl::StrCat("large", i));
    std::ofstream file(paths.back());
    for (int record = 0; record < kRecords; ++record) {
      file << ProcessRecord(std::string(400'000, 'x'), record) << "\n";
    }
  }
  const auto ahead = Read(paths);
  for (int record = 0; record < kRecords; ++record) {
    for (int i = 0; i < kInputs; ++i) {
      const EventBatch* batch = ahead->Next(i);
      ASSERT_NE(batch, nullptr);
      ASSERT_EQ(batch->records().size(), 1u);
      EXPECT_EQ(batch->records()[0].line, record + 1);
    }
  }
  for (int i = 0; i < kInputs; ++i) EXPECT_EQ(ahead->Next(i), nullptr);
}

TEST_P(ReadAheadTest, EndsWithoutHavingBeenReadToTheEnd) {
  const auto ahead = Read({Write("many", 5000), Write("more", 5000)});
  ASSERT_NE(ahead->Next(1), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Readers, ReadAheadTest, ::testing::Values(0, 1, 4));

}  // namespace
}  // namespace sequitur::pipeline
