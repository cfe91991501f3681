#include "decode/document_host.h"

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(DocumentHost, TakesNoAddressForAName) {
  for (absl::string_view name : {"web-03", "Mac.local", "192-168-0-4.rdsnet.ro", "1.2.3.4.example",
                                 "10", "web.10.0.0.1.internal", "1.2.3"}) {
    EXPECT_TRUE(IsHostName(name)) << name;
  }
  for (absl::string_view other : {"", "-", "10.0.0.1", "192.168.178.59", "::1", "fe80::1%en0",
                                  "2001:db8::7", "10.0.0.1:514", "web 03", "web\n"}) {
    EXPECT_FALSE(IsHostName(other)) << other;
  }
  EXPECT_FALSE(IsHostName(std::string(300, 'a')));
}

TEST(DocumentHost, TellsAUuidFromAName) {
  EXPECT_TRUE(IsUuid("564D1C61-8978-9934-D47A-7011D6B23BEA"));
  EXPECT_TRUE(IsUuid("564d1c61-8978-9934-d47a-7011d6b23bea"));
  EXPECT_FALSE(IsUuid("564D1C61-8978-9934-D47A-7011D6B23BEG"));
  EXPECT_FALSE(IsUuid("564D1C6108978-9934-D47A-7011D6B23BEA"));
  EXPECT_FALSE(IsUuid("web-03"));
}

TEST(DocumentHost, KeepsTheFirstClaim) {
  event::HostClaim claim;
  ClaimIdentifier("web-03", claim);
  ClaimIdentifier("564D1C61-8978-9934-D47A-7011D6B23BEA", claim);
  ClaimName("other", claim);
  ClaimIdentifier("10.0.0.1", claim);
  EXPECT_EQ(claim.name, "web-03");
  EXPECT_EQ(claim.id, "564D1C61-8978-9934-D47A-7011D6B23BEA");
}

}  // namespace
}  // namespace sequitur::decode
