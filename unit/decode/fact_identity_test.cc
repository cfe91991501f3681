#include "decode/fact_identity.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(FactIdentity, IsTheSameInEveryProcess) {
  EXPECT_EQ(FactIdentity().Add("eslogger").Add(352).Add(1747305683377274753).value(),
            16866241476730854097u);
  EXPECT_EQ(FactIdentity().Add("/opt/homebrew/var/log/nginx/access.log").Add(6990002).value(),
            13606927273123642388u);
}

TEST(FactIdentity, KeepsPartsApart) {
  EXPECT_NE(FactIdentity().Add("ab").Add("c").value(), FactIdentity().Add("a").Add("bc").value());
  EXPECT_NE(FactIdentity().Add("").Add("a").value(), FactIdentity().Add("a").Add("").value());
  EXPECT_NE(FactIdentity().Add(1).Add(2).value(), FactIdentity().Add(2).Add(1).value());
  const std::string zeros(8, '\0');
  EXPECT_NE(FactIdentity().Add(zeros).value(), FactIdentity().Add("").value());
}

TEST(FactIdentity, SeesEveryByteOfLongTexts) {
  for (size_t size = 17; size < 70; ++size) {
    std::set<uint64_t> seen = {FactIdentity().Add(std::string(size, 'x')).value()};
    for (size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      text[at] = 'y';
      seen.insert(FactIdentity().Add(text).value());
    }
    EXPECT_EQ(seen.size(), size + 1);
  }
}

TEST(FactIdentity, SeparatesNeighbours) {
  std::set<uint64_t> seen;
  for (int64_t pid = 0; pid < 100; ++pid) {
    for (int64_t version = 0; version < 100; ++version) {
      seen.insert(FactIdentity().Add(pid).Add(version).value());
    }
  }
  EXPECT_EQ(seen.size(), 10000u);
  EXPECT_EQ(seen.count(0), 0u);
}

}  // namespace
}  // namespace sequitur::decode
