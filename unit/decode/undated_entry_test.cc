#include "decode/undated_entry.h"

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

constexpr event::TimeNs kMoment = 1795492150 * event::kSecond + 250 * event::kMillisecond;

absl::string_view Date(SourceKind kind, absl::string_view line, Arena& arena) {
  return DateEntry(kind, line, kMoment, absl::FixedTimeZone(3600), arena);
}

TEST(DateEntry, WritesTheDateAsTheLogFileHasIt) {
  Arena arena;
  EXPECT_EQ(Date(SourceKind::kHttpdError, "[core:notice] [pid 7] AH00052: x", arena),
            "[Tue Nov 24 04:49:10.250000 2026] [core:notice] [pid 7] AH00052: x");
  EXPECT_EQ(Date(SourceKind::kHttpdError, "[rewrite:trace3] [pid 7] x", arena),
            "[Tue Nov 24 04:49:10.250000 2026] [rewrite:trace3] [pid 7] x");
  EXPECT_EQ(Date(SourceKind::kPhpFpm, "[WARNING] [pool www] child 7 exited", arena),
            "[24-Nov-2026 04:49:10] WARNING: [pool www] child 7 exited");
}

TEST(DateEntry, LeavesOtherLinesAlone) {
  Arena arena;
  for (absl::string_view line : {"", "[", "[] x", "[notice]", "sh: not found", "[WARNING] x",
                                 "[core:loud] x", "[Tue Nov 24 03:49:10 2026] [error] x"}) {
    EXPECT_EQ(Date(SourceKind::kHttpdError, line, arena), line);
    EXPECT_EQ(Date(SourceKind::kNginxError, line, arena), line);
  }
  EXPECT_EQ(
      DateEntry(SourceKind::kHttpdError, "[error] x", event::kNoTime, absl::UTCTimeZone(), arena),
      "[error] x");
}

}  // namespace
}  // namespace sequitur::decode
