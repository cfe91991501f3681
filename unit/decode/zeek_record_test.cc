#include "decode/zeek_record.h"

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(ZeekColumn, IsFoundByEitherName) {
  for (size_t i = 0; i < kZeekColumns; ++i) {
    const auto column = static_cast<ZeekColumn>(i);
    EXPECT_EQ(FindZeekColumn(ZeekColumnName(column)), column);
    const absl::string_view alias = ZeekColumnAlias(column);
    if (alias.empty()) continue;
    EXPECT_EQ(FindZeekColumn(alias), column);
  }
  EXPECT_EQ(FindZeekColumn("id_resp_p"), ZeekColumn::kRespPort);
  EXPECT_EQ(FindZeekColumn("_system_name"), ZeekColumn::kSystemName);
  EXPECT_EQ(FindZeekColumn(""), std::nullopt);
  EXPECT_EQ(FindZeekColumn("local_orig"), std::nullopt);
}

TEST(IsZeekConnState, KnowsTheThirteen) {
  for (absl::string_view state : {"S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0",
                                  "RSTRH", "SH", "SHR", "OTH"}) {
    EXPECT_TRUE(IsZeekConnState(state)) << state;
  }
  for (absl::string_view other : {"", "-", "sf", "C_INTERNET", "200"}) {
    EXPECT_FALSE(IsZeekConnState(other)) << other;
  }
}

}  // namespace
}  // namespace sequitur::decode
