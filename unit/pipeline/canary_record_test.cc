#include "pipeline/canary_record.h"

#include "base/source_names.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pipeline/forwarded_event.h"

namespace sequitur::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CanaryRecordTest, ReadsWhatWasWritten) {
  const std::string bytes = WriteCanary(0xfedcba9876543210, 7, {"first", "", "third"});
  EXPECT_TRUE(IsCanary(bytes));
  CanaryRecord record;
  ASSERT_TRUE(ReadCanary(bytes, record));
  EXPECT_EQ(record.sender, 0xfedcba9876543210);
  EXPECT_EQ(record.number, 7);
  EXPECT_THAT(record.events, ElementsAre("first", "", "third"));
  ASSERT_TRUE(ReadCanary(WriteCanary(1, 2, {}), record));
  EXPECT_THAT(record.events, IsEmpty());
}

TEST(CanaryRecordTest, RefusesWhatIsCutAnywhereInAnEvent) {
  const std::string whole = WriteCanary(1, 2, {"event"});
  const std::string empty = WriteCanary(1, 2, {});
  CanaryRecord record;
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(ReadCanary(whole.substr(0, size), record), size == empty.size()) << size;
  }
}

TEST(CanaryRecordTest, RefusesAnEventLongerThanTheRecord) {
  std::string bytes = WriteCanary(1, 2, {"event"});
  bytes[bytes.size() - 6] = '\x7f';  // the highest byte of its length
  CanaryRecord record;
  EXPECT_FALSE(ReadCanary(bytes, record));
}

TEST(CanaryRecordTest, AnotherVersionIsACanaryThatIsNotRead) {
  std::string bytes = WriteCanary(1, 2, {"event"});
  bytes[2] = '\x02';
  CanaryRecord record;
  EXPECT_TRUE(IsCanary(bytes));
  EXPECT_FALSE(ReadCanary(bytes, record));
}

// What decides is how ingest begins an event, not what the event says.
TEST(CanaryRecordTest, AnEventHandedOnIsNeverOne) {
  event::FieldTable fields;
  event::Projection projection(fields);
  projection.Add(event::field::kHostName);
  event::Event event(projection);
  event.claim.name = "sequitur-canary-0";
  event.SetString(event::field::kHostName, "SC\x01");
  SourceNames sources;
  event.position.source = sources.Intern("SC\x01");
  std::string bytes;
  EventWriter(fields, sources).Write(event, bytes);
  EXPECT_FALSE(IsCanary(bytes));
}

}  // namespace
}  // namespace sequitur::pipeline
