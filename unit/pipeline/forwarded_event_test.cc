#include "pipeline/forwarded_event.h"

#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::pipeline {
namespace {

namespace field = event::field;
using event::Value;

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
    event.SetString(custom_, "\xff\x00 raw");
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
  EXPECT_EQ(read.sequence, event::Event::kNoSequence);
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
  EXPECT_EQ(read.Text(custom), "\xff");
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

TEST_F(ForwardedEvent, CheckFieldHashesFindsNoClashAmongKnownFields) {
  EXPECT_TRUE(CheckFieldHashes(projection_).ok());
}

}  // namespace
}  // namespace sequitur::pipeline
