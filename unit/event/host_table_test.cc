#include "event/host_table.h"

#include <deque>
#include <random>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequitur::event {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// A claim as a test says it; holds what HostClaim only views.
class Claim {
 public:
  Claim& Id(absl::string_view id) {
    claim_.id = id;
    return *this;
  }
  Claim& Name(absl::string_view name) {
    claim_.name = name;
    return *this;
  }
  Claim& Agent(absl::string_view agent) {
    claim_.agent_id = agent;
    return *this;
  }
  Claim& Addresses(std::initializer_list<absl::string_view> addresses) {
    addresses_.clear();
    for (absl::string_view a : addresses) addresses_.push_back(Value::String(a));
    return *this;
  }
  Claim& Sensor() {
    claim_.role = HostClaim::Role::kSensor;
    return *this;
  }
  HostId In(HostTable& table, absl::string_view from = "", absl::string_view to = "") {
    claim_.addresses = Value::List(addresses_);
    return table.Resolve(claim_, from, to);
  }

 private:
  HostClaim claim_;
  std::vector<Value> addresses_;
};

constexpr absl::string_view kId = "564D1A2B-0000-4000-8000-000000000001";
constexpr absl::string_view kOtherId = "564D1A2B-0000-4000-8000-000000000002";

TEST(HostTable, OneHostHasOneNumberByIdAndByName) {
  HostTable table({});
  const HostId host = Claim().Id(kId).Name("Web-03").In(table);
  EXPECT_NE(host, kUnknownHost);
  EXPECT_EQ(Claim().Id(kId).In(table), host);
  EXPECT_EQ(Claim().Id("564d1a2b-0000-4000-8000-000000000001").In(table), host);
  EXPECT_EQ(Claim().Name("web-03").In(table), host);
  EXPECT_NE(Claim().Name("web-04").In(table), host);
  EXPECT_EQ(table.id(host), kId);
  EXPECT_EQ(table.name(host), "web-03");
  EXPECT_EQ(table.canonical(host), "web-03");
  EXPECT_THAT(table.TakeMerges(), IsEmpty());
}

TEST(HostTable, NamesAreComparedInOneSpelling) {
  HostTableOptions options;
  options.strip_domains = {"corp.Example", ".lab.example."};
  HostTable table(options);
  const HostId host = Claim().Name("web").In(table);
  for (absl::string_view name : {"WEB", "web.local", "Web.Corp.Example", "web.lab.example",
                                 "web.corp.example.local", "web.corp.example.", " web "}) {
    EXPECT_EQ(Claim().Name(name).In(table), host) << name;
  }
  for (absl::string_view name : {"web.other.example", "xweb", "web.corp.example.net",
                                 "webcorp.example", ".local", "corp.example"}) {
    EXPECT_NE(Claim().Name(name).In(table), host) << name;
  }
}

TEST(HostTable, WhatIsNoNameNamesNobody) {
  HostTable table({});
  const std::string endless(300, 'a');
  for (absl::string_view name :
       {absl::string_view(), absl::string_view("-"), absl::string_view("localhost"),
        absl::string_view("LOCALHOST.local"), absl::string_view("localhost.localdomain"),
        absl::string_view("192.0.2.7"), absl::string_view("fe80::1%en0"),
        absl::string_view(endless)}) {
    EXPECT_EQ(Claim().Name(name).In(table), kUnknownHost) << name;
  }
  for (absl::string_view id : {"-", "00000000-0000-0000-0000-000000000000", " "}) {
    EXPECT_EQ(Claim().Id(id).In(table), kUnknownHost) << id;
  }
  EXPECT_EQ(table.stats().unknown, 11u);
  EXPECT_EQ(table.stats().hosts, 0u);
  EXPECT_EQ(table.canonical(kUnknownHost), "unknown");
}

TEST(HostTable, AHostKnownByNameAcquiresItsId) {
  HostTable table({});
  const HostId host = Claim().Name("web-03").In(table);
  EXPECT_EQ(Claim().Id(kId).Name("web-03").In(table), host);
  EXPECT_EQ(Claim().Id(kId).In(table), host);
  EXPECT_EQ(table.id(host), kId);
  EXPECT_THAT(table.TakeMerges(), IsEmpty());
}

TEST(HostTable, AnIdSpeltLikeANameIsThatHost) {
  HostTableOptions options;
  options.default_host = "Mac-7";
  HostTable table(options);
  const HostId host = Claim().In(table);
  EXPECT_EQ(Claim().Id("MAC-7").In(table), host);
  EXPECT_EQ(Claim().Id("web-9").In(table), Claim().Name("Web-9.local").In(table));
  // But one that has an id already keeps to it.
  const HostId other = Claim().Id(kId).Name("web-8").In(table);
  EXPECT_NE(Claim().Id("web-8").In(table), other);
}

TEST(HostTable, TwoHostsFoundToBeOneAreMergedOnce) {
  HostTable table({});
  const HostId by_id = Claim().Id(kId).In(table);
  const HostId by_name = Claim().Name("web-03").In(table);
  EXPECT_NE(by_id, by_name);
  EXPECT_EQ(table.canonical(by_id), kId);
  EXPECT_EQ(Claim().Id(kId).Name("web-03").In(table), by_id);
  EXPECT_EQ(Claim().Name("web-03").In(table), by_id);
  // Both numbers answer alike.
  EXPECT_EQ(table.canonical(by_name), "web-03");
  EXPECT_EQ(table.id(by_name), kId);
  EXPECT_THAT(table.TakeMerges(), ElementsAre(Pair(by_name, by_id)));
  EXPECT_THAT(table.TakeMerges(), IsEmpty());
  EXPECT_EQ(table.stats().merges, 1u);
  EXPECT_EQ(table.stats().hosts, 1u);
}

TEST(HostTable, ANumberIsGivenAnewOnlyAfterItsMergeWasTaken) {
  HostTable table({});
  Claim().Id(kId).In(table);
  const HostId merged = Claim().Name("web-03").In(table);
  Claim().Id(kId).Name("web-03").In(table);
  EXPECT_NE(Claim().Name("a").In(table), merged);
  table.TakeMerges();
  EXPECT_EQ(Claim().Name("b").In(table), merged);
  EXPECT_EQ(table.canonical(merged), "b");
}

TEST(HostTable, ANameOfTwoMachinesGoesToTheLatest) {
  HostTable table({});
  const HostId first = Claim().Id(kId).Name("web-03").In(table);
  const HostId second = Claim().Id(kOtherId).Name("web-03").In(table);
  EXPECT_NE(first, second);
  EXPECT_EQ(Claim().Name("web-03").In(table), second);
  EXPECT_EQ(Claim().Id(kId).In(table), first);
  EXPECT_EQ(table.canonical(first), kId);
  EXPECT_EQ(table.stats().name_conflicts, 1u);
  EXPECT_THAT(table.TakeMerges(), IsEmpty());
}

TEST(HostTable, ARenamedMachineKeepsItsFirstNameAndHearsToBoth) {
  HostTable table({});
  const HostId host = Claim().Id(kId).Name("old").In(table);
  EXPECT_EQ(Claim().Id(kId).Name("new").In(table), host);
  EXPECT_EQ(table.canonical(host), "old");
  EXPECT_EQ(Claim().Name("new").In(table), host);
  EXPECT_EQ(Claim().Name("old").In(table), host);
}

TEST(HostTable, AnAgentSpeaksForTheHostItNamed) {
  HostTable table({});
  EXPECT_EQ(Claim().Agent("agent-1").In(table), kUnknownHost);
  const HostId host = Claim().Agent("agent-1").Name("web-03").In(table);
  EXPECT_EQ(Claim().Agent("AGENT-1").In(table), host);
  // Only where neither id nor name is there.
  EXPECT_NE(Claim().Agent("agent-1").Name("web-04").In(table), host);
  // The latest claim counts.
  EXPECT_EQ(table.name(Claim().Agent("agent-1").In(table)), "web-04");
}

TEST(HostTable, FlowsBelongToTheInitiatorElseToTheResponder) {
  HostTable table({});
  const HostId web = Claim().Name("web").Addresses({"10.0.0.3", "2001:db8::3"}).In(table);
  const HostId db = Claim().Name("db").Addresses({"10.0.0.4"}).In(table);
  const auto flow = [&](absl::string_view from, absl::string_view to) {
    return Claim().Sensor().Name("ids-1").In(table, from, to);
  };
  EXPECT_EQ(flow("10.0.0.3", "198.51.100.9"), web);
  EXPECT_EQ(flow("::ffff:10.0.0.3", "198.51.100.9"), web);
  EXPECT_EQ(flow("2001:DB8:0::3", "198.51.100.9"), web);
  EXPECT_EQ(flow("10.0.0.4", "10.0.0.3"), db);
  EXPECT_EQ(flow("198.51.100.9", "10.0.0.3"), web);
}

TEST(HostTable, AnUnknownPrivateInitiatorIsAHostOfItsOwnUntilNamed) {
  HostTable table({});
  Claim().Name("somebody").In(table);
  const HostId host = Claim().Sensor().Name("ids-1").In(table, "10.0.0.3", "198.51.100.9");
  EXPECT_EQ(table.canonical(host), "10.0.0.3");
  EXPECT_EQ(Claim().Sensor().In(table, "10.0.0.3", "198.51.100.8"), host);
  // The first record that claims the address takes the host over.
  const HostId web = Claim().Id(kId).Name("web").Addresses({"10.0.0.3"}).In(table);
  EXPECT_THAT(table.TakeMerges(), ElementsAre(Pair(host, web)));
  EXPECT_EQ(Claim().Sensor().In(table, "10.0.0.3", "198.51.100.9"), web);
}

TEST(HostTable, FlowsAmongNamelessLogsShareTheirHost) {
  HostTable table({});
  EXPECT_EQ(Claim().Sensor().Name("ids-1").In(table, "10.0.0.3", "198.51.100.9"), kUnknownHost);
  EXPECT_EQ(Claim().In(table), kUnknownHost);
  Claim().Name("web").In(table);
  EXPECT_NE(Claim().Sensor().Name("ids-1").In(table, "10.0.0.3", "198.51.100.9"), kUnknownHost);
}

TEST(HostTable, OtherFlowsFallToTheSensor) {
  HostTableOptions options;
  options.own_networks = {*CidrBlock::Parse("203.0.113.0/24")};
  HostTable table(options);
  Claim().Name("somebody").In(table);
  const HostId sensor = Claim().Sensor().Name("ids-1").In(table, "198.51.100.9", "198.51.100.8");
  EXPECT_EQ(table.canonical(sensor), "ids-1");
  EXPECT_EQ(Claim().Sensor().In(table, "198.51.100.9", "198.51.100.8"), kUnknownHost);
  EXPECT_EQ(Claim().Sensor().In(table, "", ""), kUnknownHost);
  // What is one's own is no stranger.
  const HostId own = Claim().Sensor().Name("ids-1").In(table, "203.0.113.5", "198.51.100.8");
  EXPECT_EQ(table.canonical(own), "203.0.113.5");
  // Scopes that identify nobody.
  for (absl::string_view from : {"127.0.0.1", "169.254.1.1", "fe80::1", "0.0.0.0", "224.0.0.1"}) {
    EXPECT_EQ(Claim().Sensor().Name("ids-1").In(table, from, "198.51.100.8"), sensor) << from;
  }
}

TEST(HostTable, ASensorsAddressesAreNotLearnt) {
  HostTable table({});
  Claim().Sensor().Name("ids-1").Addresses({"10.0.0.9"}).In(table, "198.51.100.9", "");
  EXPECT_EQ(Claim().Sensor().In(table, "10.0.0.9", ""), kUnknownHost);
}

TEST(HostTable, AddressesThatIdentifyNobodyAreNotLearnt) {
  HostTable table({});
  const HostId web = Claim()
                         .Name("web")
                         .Addresses({"127.0.0.1", "::1", "fe80::1", "0.0.0.0", "ff02::1", "x", "",
                                     "255.255.255.255", "198.51.100.7"})
                         .In(table);
  for (absl::string_view address :
       {"127.0.0.1", "::1", "fe80::1", "0.0.0.0", "ff02::1", "255.255.255.255"}) {
    EXPECT_EQ(Claim().Sensor().In(table, address, ""), kUnknownHost) << address;
  }
  EXPECT_EQ(Claim().Sensor().In(table, "198.51.100.7", ""), web);
}

TEST(HostTable, AnAddressGoesToItsLatestHolder) {
  HostTable table({});
  const HostId first = Claim().Name("a").Addresses({"10.0.0.3"}).In(table);
  const HostId second = Claim().Name("b").Addresses({"10.0.0.3"}).In(table);
  EXPECT_NE(first, second);
  EXPECT_EQ(Claim().Sensor().In(table, "10.0.0.3", ""), second);
  EXPECT_EQ(table.stats().address_moves, 1u);
  EXPECT_THAT(table.TakeMerges(), IsEmpty());
}

TEST(HostTable, AnAddressInPlaceOfANameIsOneOnlyWhenKnown) {
  HostTable table({});
  const HostId web = Claim().Name("web").Addresses({"10.0.0.3"}).In(table);
  EXPECT_EQ(Claim().Name("10.0.0.3").In(table), web);
  EXPECT_EQ(Claim().Addresses({"10.0.0.3"}).In(table), web);
  EXPECT_EQ(Claim().Name("10.0.0.4").In(table), kUnknownHost);
  EXPECT_EQ(Claim().Sensor().Name("10.0.0.3").In(table, "198.51.100.9", ""), kUnknownHost);
}

TEST(HostTable, TheDefaultHostIsThatOfEveryNamelessClaim) {
  HostTableOptions options;
  options.default_host = "Web-03.local";
  HostTable table(options);
  const HostId host = Claim().In(table);
  EXPECT_EQ(table.canonical(host), "web-03");
  EXPECT_EQ(Claim().Name("web-03").In(table), host);
  EXPECT_EQ(Claim().Sensor().Name("ids-1").In(table, "10.0.0.3", "198.51.100.9"), host);
  EXPECT_NE(Claim().Name("web-04").In(table), host);
  EXPECT_EQ(table.stats().defaulted, 2u);
  EXPECT_EQ(table.stats().unknown, 0u);
}

TEST(HostTable, ConfiguredAliasesAreNeverRebound) {
  HostTableOptions options;
  options.hosts = {{"web-03", {std::string(kId)}, {"10.0.0.3"}}, {"db", {}, {"10.0.0.4"}}};
  HostTable table(options);
  const HostId web = Claim().Id(kId).In(table);
  EXPECT_EQ(table.canonical(web), "web-03");
  EXPECT_EQ(Claim().Sensor().In(table, "10.0.0.3", ""), web);
  // Another machine says it is web-03, at web-03's address.
  const HostId other = Claim().Id(kOtherId).Name("web-03").Addresses({"10.0.0.3"}).In(table);
  EXPECT_NE(other, web);
  EXPECT_EQ(Claim().Name("web-03").In(table), web);
  EXPECT_EQ(Claim().Sensor().In(table, "10.0.0.3", ""), web);
  EXPECT_EQ(table.stats().name_conflicts, 1u);
}

TEST(HostTable, AConfiguredHostWithoutIdAcquiresIt) {
  HostTableOptions options;
  options.hosts = {{"web-03", {}, {}}, {"db", {}, {}}};
  HostTable table(options);
  const HostId web = Claim().Name("web-03").In(table);
  EXPECT_EQ(Claim().Id(kId).Name("web-03").In(table), web);
  // Known by id before: the configured host stays, the learnt one goes into it.
  const HostId learnt = Claim().Id(kOtherId).In(table);
  const HostId db = Claim().Name("db").In(table);
  EXPECT_EQ(Claim().Id(kOtherId).Name("db").In(table), db);
  EXPECT_THAT(table.TakeMerges(), ElementsAre(Pair(learnt, db)));
  EXPECT_EQ(table.id(db), kOtherId);
}

TEST(HostTable, TheLeastRecentlyUsedHostIsForgotten) {
  HostTableOptions options;
  options.max_hosts = 3;
  options.hosts = {{"fixed", {}, {}}};
  HostTable table(options);
  const HostId fixed = Claim().Name("fixed").In(table);
  const HostId a = Claim().Name("a").Addresses({"10.0.0.1"}).Agent("x").In(table);
  const HostId b = Claim().Name("b").In(table);
  Claim().Name("c").In(table);
  Claim().Name("a").In(table);
  Claim().Name("d").In(table);
  EXPECT_THAT(table.TakeForgotten(), ElementsAre(b));
  EXPECT_EQ(Claim().Name("a").In(table), a);
  Claim().Name("e").In(table);
  Claim().Name("f").In(table);
  Claim().Name("g").In(table);
  EXPECT_EQ(table.stats().forgotten, 4u);
  EXPECT_EQ(table.stats().hosts, 3u);
  EXPECT_EQ(Claim().Name("fixed").In(table), fixed);
  // Nothing of the forgotten is left.
  EXPECT_EQ(Claim().Name("10.0.0.1").In(table), kUnknownHost);
  EXPECT_EQ(Claim().Agent("x").In(table), kUnknownHost);
}

TEST(HostTable, AForgottenNumberIsGivenAnewOnlyAfterItWasTaken) {
  HostTableOptions options;
  options.max_hosts = 1;
  HostTable table(options);
  const HostId a = Claim().Name("a").In(table);
  const HostId b = Claim().Name("b").In(table);
  EXPECT_NE(a, b);
  EXPECT_EQ(table.canonical(a), "a");
  EXPECT_THAT(table.TakeForgotten(), ElementsAre(a));
  EXPECT_EQ(Claim().Name("c").In(table), a);
}

TEST(HostTable, AliasesOfAHostAreBounded) {
  HostTable table({});
  const HostId host = Claim().Id(kId).Name("name-0").In(table);
  for (int i = 1; i <= 100; ++i) {
    const std::string name = absl::StrCat("name-", i);
    const std::string address = absl::StrCat("10.0.0.", i);
    EXPECT_EQ(Claim().Id(kId).Name(name).Addresses({address}).Agent(name).In(table), host);
  }
  EXPECT_EQ(Claim().Name("name-100").In(table), host);
  EXPECT_EQ(Claim().Sensor().In(table, "10.0.0.100", ""), host);
  EXPECT_EQ(Claim().Name("10.0.0.1").In(table), kUnknownHost);
  EXPECT_EQ(Claim().Agent("name-1").In(table), kUnknownHost);
  EXPECT_NE(Claim().Name("name-1").In(table), host);
  EXPECT_EQ(table.name(host), "name-85");  // the oldest that it still holds
}

// What a claim says, chosen at random: few enough of each kind to meet again.
struct RandomClaim {
  explicit RandomClaim(std::mt19937_64& random) {
    const auto pick = [&](absl::string_view kind, uint64_t n) {
      return random() % 2 == 0 ? absl::StrCat(kind, random() % n) : std::string();
    };
    id = pick("i", 20), name = pick("n", 30), agent = pick("a", 9);
    address = pick("10.0.0.", 30), to = pick("10.0.0.", 30);
    is_sensor = random() % 3 == 0;
  }
  HostId In(HostTable& table) const {
    Claim claim;
    claim.Id(id).Name(name).Agent(agent);
    if (!address.empty()) claim.Addresses({address});
    if (is_sensor) claim.Sensor();
    return claim.In(table, address, to);
  }

  std::string id, name, agent, address, to;
  bool is_sensor;
};

void ExpectSame(const HostTable& table, const HostTable& twin, HostId host) {
  ASSERT_EQ(table.id(host), twin.id(host));
  ASSERT_EQ(table.name(host), twin.name(host));
  ASSERT_EQ(table.canonical(host), twin.canonical(host));
  const HostTable::Stats &a = table.stats(), &b = twin.stats();
  ASSERT_EQ(std::tie(a.hosts, a.unknown, a.defaulted, a.merges, a.name_conflicts, a.address_moves,
                     a.forgotten),
            std::tie(b.hosts, b.unknown, b.defaulted, b.merges, b.name_conflicts, b.address_moves,
                     b.forgotten));
}

// The same calls give the same answers, whether claims are remembered or not; a
// claim repeated at once changes nothing, and the bound holds.
TEST(HostTable, RandomClaimsKeepItsInvariants) {
  HostTableOptions options;
  options.max_hosts = 8;
  options.hosts = {{"n0", {}, {"10.0.0.0"}}, {"n1", {"i1"}, {}}, {"n2", {"i2"}, {"10.0.0.2"}}};
  options.remembered_claims = 16;
  HostTable table(options);
  options.remembered_claims = 0;
  HostTable twin(options);
  std::mt19937_64 random(3);
  std::deque<RandomClaim> said;
  for (int step = 0; step < 50000; ++step) {
    said.push_back(random() % 2 == 0 || said.empty() ? RandomClaim(random)
                                                     : said[random() % said.size()]);
    if (said.size() > 12) said.pop_front();
    const RandomClaim& claim = said.back();
    const HostId host = claim.In(table);
    ASSERT_EQ(claim.In(twin), host);
    ASSERT_LE(table.stats().hosts, 8u);
    ASSERT_EQ(claim.In(table), host);
    ASSERT_EQ(claim.In(twin), host);
    ASSERT_NO_FATAL_FAILURE(ExpectSame(table, twin, host));
    if (random() % 4 == 0) {
      ASSERT_EQ(table.TakeMerges(), twin.TakeMerges());
      ASSERT_EQ(table.TakeForgotten(), twin.TakeForgotten());
    }
  }
  EXPECT_GT(table.stats().merges, 100u);
  EXPECT_GT(table.stats().forgotten, 100u);
  EXPECT_GT(table.stats().name_conflicts, 100u);
  EXPECT_GT(table.stats().address_moves, 100u);
}

TEST(HostTable, ARememberedClaimIsAnsweredByWhatIsBoundNow) {
  HostTable table({});
  const HostId web = Claim().Name("web-03").Addresses({"10.0.0.7"}).In(table);
  EXPECT_EQ(Claim().Name("web-03").Addresses({"10.0.0.7"}).In(table), web);
  // Another host takes the address; the claim brings it back.
  const HostId db = Claim().Name("db").Addresses({"10.0.0.7"}).In(table);
  EXPECT_EQ(Claim().Sensor().In(table, "10.0.0.7"), db);
  EXPECT_EQ(Claim().Name("web-03").Addresses({"10.0.0.7"}).In(table), web);
  EXPECT_EQ(Claim().Sensor().In(table, "10.0.0.7"), web);
  EXPECT_EQ(table.stats().address_moves, 2u);
}

TEST(HostTable, ClaimsThatDifferOnlyInWhereATextEndsAreTwo) {
  HostTable table({});
  const HostId one = Claim().Id("ab").Name("c").In(table);
  EXPECT_EQ(Claim().Id("ab").Name("c").In(table), one);
  EXPECT_NE(Claim().Id("a").Name("bc").In(table), one);
}

}  // namespace
}  // namespace sequitur::event
