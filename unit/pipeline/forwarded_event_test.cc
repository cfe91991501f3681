#include "pipeline/forwarded_event.h"

#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;
using event::Value;

constexpr absl::string_view kRaw("\xff\x00 raw", 6);  // neither UTF-8 nor a C string

class ForwardedEvent : public ::testing::Test {
 protected:
  ForwardedEvent() {
    custom_ = *fields_.Intern("custom.path");
    projection_ = event::Projection(fields_);
    projection_.AddAllKnown();
    projection_.Add(custom_);
    sent_sources_.Intern("other");
    topic_ = sent_sources_.Intern("nginx-access");
  }

  // An event with a value of every kind.
  void Fill(event::Event& event) {
    static const Value kArgs[] = {Value::String("sh"), Value::String(""), Value::Int(-7),
                                  Value::Bool(true), Value::Double(2.5)};
    event.time = -5;
    event.record_time = 1'700'000'000'000'000'123;
    event.sequence = 42;
    event.identity = 0xfedcba9876543210;
    event.position = {topic_, 3, int64_t{1} << 40, 2};
    event.claim.id = "4C4C";
    event.claim.name = "web-1";
    event.claim.agent_id = "a";
    event.claim.addresses = Value::List(addresses_);
    event.claim.role = event::HostClaim::Role::kSensor;
    event.SetString(field::kProcessName, "sh");
    event.Set(field::kProcessArgs, Value::List(kArgs));
    event.SetInt(field::kProcessPid, std::numeric_limits<int64_t>::min());
    event.Set(field::kSequiturLineageComplete, Value::Bool(false));
    event.Set(field::kEventDuration, Value::Double(0.1));
    event.SetString(custom_, kRaw);
    event.SetString(field::kUserName, "gone");
    event.Set(field::kUserName, Value());
  }

  std::string Written() {
    event::Event event(projection_);
    Fill(event);
    EventWriter writer(fields_, sent_sources_);
    std::string wire;
    writer.Write(event, wire);
    return wire;
  }

  event::FieldTable fields_;
  event::FieldId custom_ = 0;
  event::Projection projection_{fields_};
  SourceNames sent_sources_;
  uint32_t topic_ = 0;
  const Value addresses_[2] = {Value::String("10.0.0.1"), Value::String("fd00::1")};
};

TEST_F(ForwardedEvent, ComesOutAsItWentIn) {
  const std::string wire = Written();
  SourceNames sources;
  EventReader reader(projection_, sources);
  event::Event read(projection_), sent(projection_);
  Fill(sent);
  ASSERT_TRUE(reader.Read(wire, read));
  EXPECT_EQ(read.time, sent.time);
  EXPECT_EQ(read.record_time, sent.record_time);
  EXPECT_EQ(read.sequence, sent.sequence);
  EXPECT_EQ(read.identity, sent.identity);
  EXPECT_EQ(sources.name(read.position.source), "nginx-access");
  EXPECT_EQ(read.position.partition, 3);
  EXPECT_EQ(read.position.offset, int64_t{1} << 40);
  EXPECT_EQ(read.position.row, 2u);
  EXPECT_EQ(read.claim.id, "4C4C");
  EXPECT_EQ(read.claim.name, "web-1");
  EXPECT_EQ(read.claim.agent_id, "a");
  EXPECT_EQ(read.claim.addresses, sent.claim.addresses);
  EXPECT_EQ(read.claim.role, event::HostClaim::Role::kSensor);
  for (event::FieldId id = 0; id < projection_.size(); ++id) {
    EXPECT_EQ(read.Get(id), sent.Get(id)) << fields_.path(id);
  }
}

TEST_F(ForwardedEvent, KeepsTimesThatAreNotSet) {
  event::Event event(projection_);
  event.position.source = topic_;
  EventWriter writer(fields_, sent_sources_);
  std::string wire;
  writer.Write(event, wire);
  SourceNames sources;
  event::Event read(projection_);
  ASSERT_TRUE(EventReader(projection_, sources).Read(wire, read));
  EXPECT_EQ(read.time, event::kNoTime);
  EXPECT_EQ(read.record_time, event::kNoTime);
  EXPECT_EQ(read.sequence, event::Event::kNoSequence);
  EXPECT_EQ(read.position.partition, Position::kFile);
}

TEST_F(ForwardedEvent, ReachesAReaderThatNumbersFieldsDifferently) {
  event::FieldTable others;
  others.Intern("another.path");
  const event::FieldId custom = *others.Intern("custom.path");
  event::Projection wanted(others);
  wanted.Add(custom);
  SourceNames sources;
  event::Event read(wanted);
  const std::string wire = Written();
  ASSERT_TRUE(EventReader(wanted, sources).Read(wire, read));
  EXPECT_EQ(read.Text(custom), kRaw);
  EXPECT_FALSE(read.Has(field::kProcessName)) << "nobody reads it there";
}

TEST_F(ForwardedEvent, IsRefusedWhenItIsNotWhole) {
  const std::string wire = Written();
  SourceNames sources;
  EventReader reader(projection_, sources);
  event::Event read(projection_);
  for (size_t size = 0; size < wire.size(); ++size) {
    EXPECT_FALSE(reader.Read(absl::string_view(wire).substr(0, size), read)) << size;
  }
  EXPECT_FALSE(reader.Read(wire + "x", read));
  std::string newer = wire;
  newer[2] = 9;
  EXPECT_FALSE(reader.Read(newer, read)) << "another version";
}

TEST_F(ForwardedEvent, LeavesNothingOfTheEventBefore) {
  event::Event empty(projection_);
  empty.position.source = topic_;
  std::string wire;
  EventWriter(fields_, sent_sources_).Write(empty, wire);
  const std::string full = Written();
  SourceNames sources;
  EventReader reader(projection_, sources);
  event::Event read(projection_);
  ASSERT_TRUE(reader.Read(full, read));
  const uint32_t topic = read.position.source;
  ASSERT_TRUE(reader.Read(wire, read));
  EXPECT_TRUE(read.present().empty());
  EXPECT_TRUE(read.claim.addresses.is_null());
  EXPECT_EQ(read.identity, 0u);
  EXPECT_EQ(read.position.source, topic) << "one topic, one number";
}

TEST_F(ForwardedEvent, LosesOnlyTheFieldsThatNobodyReads) {
  event::Projection wanted(fields_);
  wanted.Add(field::kProcessArgs);
  const std::string wire = Written();
  SourceNames sources;
  event::Event read(wanted), sent(projection_);
  Fill(sent);
  ASSERT_TRUE(EventReader(wanted, sources).Read(wire, read));
  EXPECT_THAT(read.present(), ::testing::ElementsAre(field::kProcessArgs));
  EXPECT_EQ(read.Get(field::kProcessArgs), sent.Get(field::kProcessArgs));
}

// A build of yesterday has to read what a build of today writes. Where this
// fails, the layout has changed: that takes another version and a new seed.
TEST_F(ForwardedEvent, HasTheBytesItAlwaysHad) {
  std::ifstream file(SEQUITUR_SOURCE_DIR "/unit/pipeline/corpus/forwarded_event/fields",
                     std::ios::binary);
  const std::string seed(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(absl::BytesToHexString(Written()), absl::BytesToHexString(seed));
}

TEST_F(ForwardedEvent, IsRefusedOrSafeWhenItIsGarbage) {
  std::mt19937_64 random(20240229);
  const std::string wire = Written();
  SourceNames sources;
  EventReader reader(projection_, sources);
  event::Event read(projection_);
  for (int round = 0; round < 20000; ++round) {
    // Half of them noise behind a good magic, half of them a few flipped bytes.
    std::string bytes = wire;
    const size_t edits = round % 2 == 0 ? wire.size() : 1 + random() % 3;
    for (size_t i = 0; i < edits; ++i) {
      bytes[3 + random() % (bytes.size() - 3)] = static_cast<char>(random());
    }
    if (!reader.Read(bytes, read)) continue;
    for (event::FieldId id : read.present()) read.Get(id).ToString();
    read.claim.addresses.ToString();
  }
}

TEST_F(ForwardedEvent, RefusesListsThatAreNotOfScalars) {
  event::Event event(projection_);
  event.position.source = topic_;
  EventWriter writer(fields_, sent_sources_);
  std::string wire;
  writer.Write(event, wire);
  ASSERT_EQ(wire.substr(wire.size() - 2), std::string(2, '\0')) << "addresses, count of fields";
  const std::string head = wire.substr(0, wire.size() - 2);
  const auto with = [&](absl::string_view addresses) {
    return absl::StrCat(head, addresses, absl::string_view("\0", 1));
  };
  SourceNames sources;
  EventReader reader(projection_, sources);
  EXPECT_TRUE(reader.Read(with("\x05\x01\x02\x04"), event)) << "[2]";
  EXPECT_FALSE(reader.Read(with("\x05\x01\x05\x01\x02\x04"), event)) << "[[2]]";
  EXPECT_FALSE(reader.Read(with(absl::string_view("\x05\x01\0", 3)), event)) << "[null]";
  EXPECT_FALSE(reader.Read(with("\x05\xff\xff\xff\xff\x0f\x02\x04"), event)) << "4294967295 long";
  EXPECT_FALSE(reader.Read(with("\x06"), event)) << "no such kind";
}

TEST_F(ForwardedEvent, CheckFieldHashesNamesBothFieldsOfAClash) {
  projection_.Add(*fields_.Intern("labels.n1592"));
  EXPECT_TRUE(CheckFieldHashes(projection_).ok());
  const event::FieldId other = *fields_.Intern("labels.n111377");
  EXPECT_TRUE(CheckFieldHashes(projection_).ok()) << "nobody reads the other";
  projection_.Add(other);
  const absl::Status status = CheckFieldHashes(projection_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              ::testing::AllOf(::testing::HasSubstr("'labels.n1592'"),
                               ::testing::HasSubstr("'labels.n111377'")));
}

TEST_F(ForwardedEvent, CheckFieldHashesFindsNoClashAmongKnownFields) {
  EXPECT_TRUE(CheckFieldHashes(projection_).ok());
}

}  // namespace
}  // namespace sequitur::pipeline
