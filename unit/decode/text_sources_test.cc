#include "decode/text_sources.h"

#include "decode/detect.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

using ::testing::HasSubstr;

absl::Status CreateWith(SourceKind kind, absl::string_view format) {
  SourceOptions options;
  options.kind = kind;
  options.log_format = std::string(format);
  return TextSources::Create(options).status();
}

TEST(TextSources, RefusesAFormatWhereNoneIsRead) {
  EXPECT_TRUE(CreateWith(SourceKind::kAuto, "").ok());
  EXPECT_TRUE(CreateWith(SourceKind::kNginxAccess, "$remote_addr [$time_local]").ok());
  EXPECT_TRUE(CreateWith(SourceKind::kHttpdAccess, "%h %t \\\"%r\\\"").ok());
  EXPECT_THAT(CreateWith(SourceKind::kAuto, "$remote_addr").message(), HasSubstr("not auto"));
  EXPECT_THAT(CreateWith(SourceKind::kZeek, "$remote_addr").message(), HasSubstr("not zeek"));
}

TEST(TextSources, DecodesEveryKindItsRecogniserNames) {
  const event::FieldTable fields;
  event::Projection projection(fields);
  projection.AddAllKnown();
  event::Event event(projection);
  auto sources = TextSources::Create(SourceOptions());
  ASSERT_TRUE(sources.ok());
  LineMemory memory;
  LineContext lines;
  lines.memory = &memory;
  for (absl::string_view line : {
           R"(203.0.113.7 - - [24/Nov/2026:03:49:10 +0000] "GET / HTTP/1.1" 200 1 "-" "x")",
           R"(203.0.113.7 - - [24/Nov/2026:03:49:10 +0000] "GET / HTTP/1.1" 200 1)",
           "2026/11/24 03:49:10 [alert] 1#0: worker process 2 exited on signal 11",
           "[Tue Nov 24 03:49:10 2026] [error] [client 203.0.113.7] x",
           "[24-Nov-2026 03:49:10] WARNING: [pool www] child 7 exited on signal 11 (SIGSEGV)",
           "[2026-11-24T03:49:10.000Z] I santad: action=FORK|pid=1|ppid=1|uid=0|gid=0",
           "1795492150.0\tC1\t192.0.2.7\t50000\t203.0.113.9\t443\ttcp\tssl\t1.0\t1\t2\tSF\t-\t-"
           "\t0\t"
           "ShADadFf\t1\t1\t1\t1\t-",
       }) {
    event.Reset();
    const SourceKind kind = RecogniseLine(line, StreamHint());
    EXPECT_TRUE(HasTextLines(kind)) << line;
    EXPECT_EQ(sources->Decode(kind, line, lines, event), DecodeResult::kDecoded) << line;
    EXPECT_NE(event.time, event::kNoTime) << line;
  }
  EXPECT_EQ(sources->Decode(SourceKind::kEcs, "x", lines, event), DecodeResult::kNotRecognised);
}

TEST(TextSources, EveryKindIsLinesOrDocuments) {
  for (absl::string_view name : SourceKindNames()) {
    const SourceKind kind = *ParseSourceKind(name);
    EXPECT_EQ(HasTextLines(kind) || HasJsonDocuments(kind), kind != SourceKind::kAuto) << name;
  }
}

}  // namespace
}  // namespace sequitur::decode
