#include "decode/base64.h"

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(Base64, DecodesWithAndWithoutPadding) {
  Arena arena;
  const std::pair<absl::string_view, absl::string_view> kCases[] = {
      {"", ""},        {"Zg==", "f"},        {"Zg", "f"},           {"Zm8=", "fo"},
      {"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"LS1mb28=", "--foo"}, {"+/8=", "\xfb\xff"},
  };
  for (const auto& [text, bytes] : kCases) EXPECT_EQ(DecodeBase64(text, arena), bytes) << text;
}

TEST(Base64, RefusesOtherText) {
  Arena arena;
  for (absl::string_view text : {"Z", "Zm9v Zg==", "--foo", "Zg=g", "====", "Zm9vY"}) {
    EXPECT_EQ(DecodeBase64(text, arena), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sequitur::decode
