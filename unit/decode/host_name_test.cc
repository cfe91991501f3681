#include "decode/host_name.h"

#include "gtest/gtest.h"

namespace sequitur::decode {
namespace {

TEST(HostName, AddressesAreFoundWithOrWithoutPort) {
  EXPECT_EQ(AddressOf("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(AddressOf("192.0.2.7:5044"), "192.0.2.7");
  EXPECT_EQ(AddressOf("2001:db8::7"), "2001:db8::7");
  EXPECT_EQ(AddressOf("[2001:db8::7]:514"), "2001:db8::7");
  for (absl::string_view text :
       {"", "-", "web-03", "web-03:80", "[web]:1", "[", "[::1", ":", "1.2.3"}) {
    EXPECT_EQ(AddressOf(text), "") << text;
  }
}

TEST(HostName, PlaceholdersAndAddressesNameNobody) {
  for (absl::string_view text : {"web-03", "web-03.example.org", "WEB03", "9f10de4f0a06"}) {
    EXPECT_TRUE(NamesOneHost(text)) << text;
  }
  for (absl::string_view text : {"", "-", "localhost", "LocalHost", "localhost.localdomain",
                                 "(none)", "192.0.2.7", "2001:db8::7", "192.0.2.7:80"}) {
    EXPECT_FALSE(NamesOneHost(text)) << text;
  }
  EXPECT_FALSE(NamesOneHost(std::string(300, 'a')));
}

TEST(HostName, KeysMustLookLikeHosts) {
  EXPECT_EQ(HostOfKey("web-03.example.org"), "web-03.example.org");
  EXPECT_EQ(HostOfKey("web-03_osqueryd"), "web-03");
  EXPECT_EQ(HostOfKey("9A6F1F0E-0000-4000-8000-0123456789AB"),
            "9A6F1F0E-0000-4000-8000-0123456789AB");
  for (absl::string_view key : {"", "42", "192.0.2.7", "d41d8cd98f00b204e9800998ecf8427e",
                                "{\"host\":\"web\"}", "a b", "-web", "web\n", "caf\xc3\xa9"}) {
    EXPECT_EQ(HostOfKey(key), "") << key;
  }
}

TEST(HostName, ShortNameEndsAtTheFirstDot) {
  EXPECT_EQ(ShortHostName("web-03.example.org"), "web-03");
  EXPECT_EQ(ShortHostName("web-03"), "web-03");
}

}  // namespace
}  // namespace sequitur::decode
