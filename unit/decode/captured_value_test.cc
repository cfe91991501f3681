#include "decode/captured_value.h"

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using event::Value;

TEST(CapturedValue, ReadsIntegersHoweverTheyArePrinted) {
  EXPECT_EQ(CapturedInt(Value::Int(9007199254740993)), 9007199254740993);
  EXPECT_EQ(CapturedInt(Value::String("9007199254740993")), 9007199254740993);
  EXPECT_EQ(CapturedInt(Value::Double(4.0)), 4);
  EXPECT_EQ(CapturedInt(Value::Double(4.5)), std::nullopt);
  EXPECT_EQ(CapturedInt(Value::Double(1e300)), std::nullopt);
  EXPECT_EQ(CapturedInt(Value::String("1f")), std::nullopt);
  EXPECT_EQ(CapturedInt(Value::Bool(true)), std::nullopt);
  EXPECT_EQ(CapturedInt(Value()), std::nullopt);
  const Value list[] = {Value::Int(1), Value::Int(2)};
  EXPECT_EQ(CapturedInt(Value::List(list)), 1);
}

TEST(CapturedValue, ReadsBooleans) {
  EXPECT_EQ(CapturedBool(Value::Bool(false)), false);
  EXPECT_EQ(CapturedBool(Value::String("true")), true);
  EXPECT_EQ(CapturedBool(Value::Int(1)), true);
  EXPECT_EQ(CapturedBool(Value::String("0")), false);
  EXPECT_EQ(CapturedBool(Value::Int(2)), std::nullopt);
  EXPECT_EQ(CapturedBool(Value()), std::nullopt);
}

TEST(CapturedValue, ReadsTimesInEveryUnit) {
  constexpr int64_t kNanos = 1'610'620'550'520'000'000;
  const Value kSame[] = {
      Value::String("2021-01-14T10:35:50.520Z"),
      Value::String("2021-01-14T10:35:50.520"),
      Value::String("2021-01-14T11:35:50.520+0100"),
      Value::Int(1610620550520),
      Value::Int(1610620550520000),
      Value::Int(1610620550520000000),
      Value::Double(1610620550.52),
      Value::Double(1610620550520.0),
      Value::String("1610620550520"),
      Value::String("1610620550.520"),
  };
  for (const Value& value : kSame) EXPECT_EQ(CapturedTime(value), kNanos) << value.ToString();
  EXPECT_EQ(CapturedTime(Value::Int(1610620550)), 1'610'620'550'000'000'000);
  EXPECT_EQ(CapturedTime(Value::Int(1500)), 1'500'000'000) << "small integers are milliseconds";
}

TEST(CapturedValue, RefusesWhatIsNoTime) {
  for (const Value& value : {Value(), Value::Bool(true), Value::String("yesterday"),
                             Value::String(""), Value::Double(1e300), Value::Double(-1e300)}) {
    EXPECT_EQ(CapturedTime(value), std::nullopt) << value.ToString();
  }
}

TEST(CapturedValue, PrintsEveryInt) {
  Arena arena;
  EXPECT_EQ(PrintInt(0, arena), "0");
  EXPECT_EQ(PrintInt(INT64_MIN, arena), "-9223372036854775808");
  EXPECT_EQ(PrintInt(INT64_MAX, arena), "9223372036854775807");
}

TEST(CapturedValue, RegistersOnlyWhatSomebodyReads) {
  event::FieldTable table;
  event::Projection projection(table);
  projection.Add(event::field::kFileSize);
  JsonPaths paths;
  const PathId wanted = AddWanted(paths, projection, "size", {event::field::kFileSize});
  const PathId unwanted = AddWanted(paths, projection, "inode", {event::field::kFileInode});
  Arena arena;
  JsonCaptures found;
  ASSERT_EQ(JsonReader(paths).Read(R"({"size":1,"inode":2})", arena, found),
            DecodeResult::kDecoded);
  EXPECT_EQ(found.Get(wanted), Value::Int(1));
  EXPECT_FALSE(found.Has(unwanted));
}

}  // namespace
}  // namespace sequitur::decode
