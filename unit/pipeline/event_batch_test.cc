#include "pipeline/event_batch.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;
using event::Value;
using ::testing::SizeIs;

class EventBatchTest : public ::testing::Test {
 protected:
  EventBatchTest() { projection_.AddAllKnown(); }

  void EndRecord(int64_t line = 1) {
    batch_.EndRecord(decode::DecodeResult::kDecoded, decode::SourceKind::kEcs, line);
  }

  event::FieldTable fields_;
  event::Projection projection_{fields_};
  event::Event event_{projection_};
  event::Event restored_{projection_};
  EventBatch batch_;
};

TEST_F(EventBatchTest, AnEventComesBackAfterItsRecordIsGone) {
  std::string record = "nginx|10.0.0.1|10.0.0.2|id-1|web-1|agent";
  const absl::string_view view(record);
  const Value addresses[] = {Value::String(view.substr(6, 8)), Value::String(view.substr(15, 8))};
  event_.SetInt(field::kProcessPid, 7);
  event_.SetString(field::kProcessName, view.substr(0, 5));
  event_.Set(field::kTags, Value::List(addresses));
  event_.SetString(field::kUserName, "taken back");
  event_.Set(field::kUserName, Value::Null());
  event_.time = 5;
  event_.record_time = 6;
  event_.sequence = 7;
  event_.identity = 8;
  event_.position = {1, Position::kFile, 9, 2};
  event_.clamped = true;
  event_.claim = {view.substr(24, 4), view.substr(29, 5), view.substr(35), Value::List(addresses),
                  event::HostClaim::Role::kSensor};
  batch_.Add(event_);
  EndRecord();
  record.assign(record.size(), 'x');
  event_.Reset();

  restored_.SetString(field::kUserId, "of before");
  batch_.Restore(0, restored_);
  EXPECT_EQ(restored_.Get(field::kProcessPid), Value::Int(7));
  EXPECT_EQ(restored_.Text(field::kProcessName), "nginx");
  EXPECT_EQ(restored_.Get(field::kTags).ToString(), restored_.claim.addresses.ToString());
  EXPECT_THAT(restored_.Get(field::kTags).ToString(), ::testing::HasSubstr("10.0.0.2"));
  EXPECT_FALSE(restored_.Has(field::kUserName));
  EXPECT_FALSE(restored_.Has(field::kUserId));
  EXPECT_EQ(restored_.time, 5);
  EXPECT_EQ(restored_.record_time, 6);
  EXPECT_EQ(restored_.sequence, 7);
  EXPECT_EQ(restored_.identity, 8u);
  EXPECT_EQ(restored_.position, (Position{1, Position::kFile, 9, 2}));
  EXPECT_TRUE(restored_.clamped);
  EXPECT_EQ(restored_.claim.id, "id-1");
  EXPECT_EQ(restored_.claim.name, "web-1");
  EXPECT_EQ(restored_.claim.agent_id, "agent");
  EXPECT_EQ(restored_.claim.role, event::HostClaim::Role::kSensor);
}

TEST_F(EventBatchTest, RecordsSayWhichEventsAreTheirs) {
  batch_.Add(event_);
  EndRecord(1);
  batch_.EndRecord(decode::DecodeResult::kEmpty, decode::SourceKind::kAuto, 2);
  batch_.Add(event_);
  batch_.Add(event_);
  EndRecord(3);
  ASSERT_THAT(batch_.records(), SizeIs(3));
  EXPECT_EQ(batch_.records()[1].events, 0u);
  EXPECT_EQ(batch_.records()[1].result, decode::DecodeResult::kEmpty);
  EXPECT_EQ(batch_.records()[2].first_event, 1u);
  EXPECT_EQ(batch_.records()[2].events, 2u);
  EXPECT_EQ(batch_.records()[2].line, 3);
  batch_.Clear();
  EXPECT_THAT(batch_.records(), SizeIs(0));
  EXPECT_EQ(batch_.bytes(), 0u);
}

TEST_F(EventBatchTest, WhatManyEventsOfARecordShareIsCopiedOnce) {
  const std::string shared(100'000, 's');
  const std::vector<Value> list(10'000, Value::Int(1)), texts(3, Value::String(shared));
  for (int i = 0; i < 1000; ++i) {
    event_.Reset(event::Event::Keep::kArena);
    event_.SetString(field::kProcessCommandLine, shared);
    event_.Set(field::kTags, Value::List(list));
    event_.Set(field::kProcessArgs, Value::List(texts));
    event_.claim.name = shared;
    batch_.Add(event_);
  }
  EndRecord();
  EXPECT_LT(batch_.bytes(), 2'000'000u);
  for (const size_t number : {0, 1, 999}) {
    batch_.Restore(number, restored_);
    EXPECT_EQ(restored_.Text(field::kProcessCommandLine), shared);
    EXPECT_EQ(restored_.claim.name, shared);
    EXPECT_THAT(restored_.Get(field::kTags).elements(), SizeIs(10'000));
    EXPECT_EQ(restored_.Text(field::kProcessArgs), shared);
  }
}

TEST_F(EventBatchTest, TheNextRecordIsCopiedAnew) {
  std::string text(1000, ' ');
  for (const char letter : {'a', 'b'}) {
    text.assign(text.size(), letter);
    event_.SetString(field::kProcessCommandLine, text);
    batch_.Add(event_);
    batch_.Add(event_);
    EndRecord();
  }
  for (size_t number = 0; number < 4; ++number) {
    batch_.Restore(number, restored_);
    EXPECT_EQ(restored_.Text(field::kProcessCommandLine),
              std::string(1000, number < 2 ? 'a' : 'b'));
  }
}

}  // namespace
}  // namespace sequitur::pipeline
