#include "event/ip_address.h"

#include <arpa/inet.h>

#include <random>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sequitur::event {
namespace {

std::string Canonical(absl::string_view text) {
  const auto address = IpAddress::Parse(text);
  return address ? address->ToString() : "none";
}

TEST(IpAddress, HasOneCanonicalText) {
  const struct {
    absl::string_view text, canonical;
  } kCases[] = {
      {"192.168.0.1", "192.168.0.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"FE80:0000:0000:0000:FADA:0CFF:FEDC:87F1", "fe80::fada:cff:fedc:87f1"},
      {"ff02:0000:0000:0000:0000:0000:0001:0002", "ff02::1:2"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one zero group stays
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of two equal runs
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longer run
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"fe80::1%en0", "fe80::1"},
      {"fe80::1%", "fe80::1"},
      {"::ffff:198.51.100.9", "198.51.100.9"},
      {"::ffff:c633:6409", "198.51.100.9"},
      {"0:0:0:0:0:FFFF:C633:6409%en0", "198.51.100.9"},
      {"::1.2.3.4", "::102:304"},  // v4-compatible is not v4-mapped
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Canonical(c.text), c.canonical) << c.text;
}

TEST(IpAddress, IsNothingElseThanAnAddress) {
  for (absl::string_view text :
       {"",          "-",          "localhost", "1.2.3",       "1.2.3.4.5",
        "256.1.1.1", "01.2.3.4",   "1.2.3.4 ",  " 1.2.3.4",    "1.2.3.4:80",
        "[::1]",     ":",          ":::",       "1::2::3",     "1:2:3:4:5:6:7",
        "12345::",   "::g",        "%en0",      "1.2.3.4%en0", "10.0.0.0/8",
        "0x7f.1",    "2130706433", "+1.2.3.4"}) {
    EXPECT_EQ(Canonical(text), "none") << text;
  }
  EXPECT_EQ(Canonical(absl::string_view("1.2.3.4\0.5", 10)), "none");
  EXPECT_EQ(Canonical(absl::string_view("::1\0x", 5)), "none");
  EXPECT_EQ(Canonical(std::string(1 << 20, ':')), "none");
  EXPECT_EQ(Canonical(absl::StrCat("::1%", std::string(1 << 20, 'z'))), "::1");
}

TEST(ParseIpv4, AgreesWithTheSystem) {
  std::mt19937 random(4);
  size_t addresses = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string text;
    const size_t parts = random() % 8 == 0 ? random() % 6 : 4;
    for (size_t part = 0; part < parts; ++part) {
      absl::StrAppend(&text, part == 0 ? "" : ".", random() % (part % 2 == 0 ? 300 : 30));
    }
    constexpr char kPieces[] = "0123456789. x:";
    if (random() % 3 == 0) {
      text.insert(random() % (text.size() + 1), 1, kPieces[random() % (sizeof kPieces - 1)]);
    }
    in_addr system{};
    const bool is_address = inet_pton(AF_INET, text.c_str(), &system) == 1;
    const auto parsed = ParseIpv4(text);
    ASSERT_EQ(parsed.has_value(), is_address) << text;
    if (!is_address) continue;
    ASSERT_EQ(*parsed, ntohl(system.s_addr)) << text;
    ++addresses;
  }
  EXPECT_GT(addresses, 10'000u);
}

TEST(IpAddress, IsReadBackFromItsText) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    // Zero out random groups, so that every place of "::" occurs.
    absl::uint128 bits = absl::MakeUint128(random(), random());
    for (int group = 0; group < 8; ++group) {
      if (random() % 2 == 0) bits &= ~(absl::uint128(0xffff) << (16 * group));
    }
    const IpAddress address = IpAddress::V6(bits);
    EXPECT_EQ(IpAddress::Parse(address.ToString()), address) << address.ToString();
    const IpAddress v4 = IpAddress::V4(static_cast<uint32_t>(random()));
    EXPECT_EQ(IpAddress::Parse(v4.ToString()), v4) << v4.ToString();
  }
}

TEST(IpAddress, FamiliesAreNeverEqual) {
  const auto v4 = *IpAddress::Parse("0.0.0.1");
  const auto v6 = *IpAddress::Parse("::1");
  EXPECT_EQ(v4.bits(), v6.bits());
  EXPECT_FALSE(v4 == v6);
  EXPECT_EQ((absl::flat_hash_set<IpAddress>{v4, v6, v4}).size(), 2u);
}

TEST(IpAddress, UnwrapsTranslatedAddressesOnRequest) {
  const struct {
    absl::string_view text, embedded;
  } kCases[] = {
      {"64:ff9b::198.51.100.9", "198.51.100.9"},
      {"64:ff9b:1::198.51.100.9", "64:ff9b:1::c633:6409"},  // local-use prefix: not a mapping
      {"2002:c633:6409:1::5", "198.51.100.9"},
      {"2001:db8::1", "2001:db8::1"},
      {"10.0.0.1", "10.0.0.1"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(IpAddress::Parse(c.text)->EmbeddedV4().ToString(), c.embedded) << c.text;
  }
}

TEST(IpAddress, KnowsItsScope) {
  const struct {
    absl::string_view text, scope;
  } kCases[] = {
      {"127.0.0.1", "loopback"},
      {"127.255.255.255", "loopback"},
      {"::1", "loopback"},
      {"128.0.0.0", ""},
      {"169.254.169.254", "link"},
      {"169.253.0.0", ""},
      {"fe80::1", "link"},
      {"febf::1", "link"},
      {"fec0::1", ""},
      {"0.0.0.0", "unspecified"},
      {"::", "unspecified"},
      {"224.0.0.251", "multicast"},
      {"239.255.255.255", "multicast"},
      {"240.0.0.0", ""},
      {"ff02::fb", "multicast"},
      {"255.255.255.255", "broadcast"},
      {"10.0.0.0", "private"},
      {"10.255.255.255", "private"},
      {"11.0.0.0", ""},
      {"172.15.255.255", ""},
      {"172.16.0.0", "private"},
      {"172.31.255.255", "private"},
      {"172.32.0.0", ""},
      {"192.168.255.255", "private"},
      {"192.169.0.0", ""},
      {"100.64.0.0", "private"},
      {"100.127.255.255", "private"},
      {"100.128.0.0", ""},
      {"fc00::1", "private"},
      {"fdff::1", "private"},
      {"fe00::1", ""},
      {"8.8.8.8", ""},
      {"2606:4700::1111", ""},
  };
  for (const auto& c : kCases) {
    const auto a = *IpAddress::Parse(c.text);
    std::string scope;
    if (a.IsLoopback()) scope += "loopback";
    if (a.IsLinkLocal()) scope += "link";
    if (a.IsUnspecified()) scope += "unspecified";
    if (a.IsMulticast()) scope += "multicast";
    if (a.IsBroadcast()) scope += "broadcast";
    if (a.IsPrivate()) scope += "private";
    EXPECT_EQ(scope, c.scope) << c.text;
  }
}

TEST(CidrBlock, ContainsItsAddressesOnly) {
  const struct {
    absl::string_view block, address;
    bool contains;
  } kCases[] = {
      {"10.6.48.157/8", "10.255.0.1", true},
      {"10.6.48.157/8", "11.0.0.0", false},
      {"172.16.0.0/12", "172.31.255.255", true},
      {"172.16.0.0/12", "172.32.0.0", false},
      {"0.0.0.0/0", "203.0.113.7", true},
      {"0.0.0.0/0", "::1", false},
      {"::/0", "2001:db8::1", true},
      {"::/0", "10.0.0.1", false},
      {"::/0", "::ffff:10.0.0.1", false},
      {"198.51.100.9", "198.51.100.9", true},
      {"198.51.100.9", "198.51.100.8", false},
      {"198.51.100.9/32", "::ffff:198.51.100.9", true},
      {"2001:db8::/32", "2001:db8:ffff::1", true},
      {"2001:db8::/32", "2001:db9::", false},
      {"fe80::/10", "fe80::1%en0", true},
      {"::1", "::1", true},
      {"::1", "0.0.0.1", false},
      {"::ffff:10.0.0.0/104", "10.1.2.3", true},
      {"::ffff:10.0.0.0/104", "11.1.2.3", false},
      {"::ffff:10.0.0.1/64", "::5", true},
      {"::ffff:10.0.0.1/64", "10.0.0.1", false},
      {"2001:db8::1/127", "2001:db8::", true},
      {"2001:db8::1/127", "2001:db8::2", false},
  };
  for (const auto& c : kCases) {
    const auto block = CidrBlock::Parse(c.block);
    ASSERT_TRUE(block) << c.block;
    EXPECT_EQ(block->Contains(*IpAddress::Parse(c.address)), c.contains)
        << c.block << " " << c.address;
  }
}

TEST(CidrBlock, RefusesWhatIsNoBlock) {
  for (absl::string_view text :
       {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
        "10.0.0.0/ 8", "::/129", "::/0x8", "10.0.0.0/0008", "10/8", "10.0.0.0/255.0.0.0"}) {
    EXPECT_FALSE(CidrBlock::Parse(text)) << text;
  }
}

TEST(CidrBlock, IsPrintedByItsNetwork) {
  EXPECT_EQ(CidrBlock::Parse("10.6.48.157/8")->ToString(), "10.0.0.0/8");
  EXPECT_EQ(CidrBlock::Parse("2001:DB8:1::/32")->ToString(), "2001:db8::/32");
  EXPECT_EQ(CidrBlock::Parse("::1")->ToString(), "::1/128");
}

// The slow, obvious way: compare bit by bit.
TEST(CidrBlock, AgreesWithBitByBitComparison) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20000; ++i) {
    const bool v4 = random() % 2 == 0;
    const int width = v4 ? 32 : 128;
    const int prefix = static_cast<int>(random() % (width + 1));
    const absl::uint128 a = absl::MakeUint128(random() | 1ull << 63, random());
    const absl::uint128 b = a ^ (absl::uint128(1) << (random() % width));
    const auto make = [&](absl::uint128 bits) {
      return v4 ? IpAddress::V4(static_cast<uint32_t>(absl::Uint128Low64(bits)))
                : IpAddress::V6(bits);
    };
    bool same = true;
    for (int bit = 0; bit < prefix; ++bit) {
      same &= ((a >> (width - 1 - bit)) & 1) == ((b >> (width - 1 - bit)) & 1);
    }
    const auto block = CidrBlock::Parse(absl::StrCat(make(a).ToString(), "/", prefix));
    ASSERT_TRUE(block);
    EXPECT_TRUE(block->Contains(make(a)));
    EXPECT_EQ(block->Contains(make(b)), same) << block->ToString() << " " << make(b).ToString();
  }
}

}  // namespace
}  // namespace sequitur::event
