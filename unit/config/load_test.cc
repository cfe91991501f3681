#include "config/load.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "event/field_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/temp_folder.h"

namespace sequitur::config {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Problems(const Diagnostics& diagnostics) {
  return absl::StrJoin(diagnostics, "\n", [](std::string* out, const Diagnostic& d) {
    absl::StrAppend(out, d.line, ":", d.column, ": ", d.message);
  });
}

LoadedConfig Read(absl::string_view text) {
  return ReadConfig(yaml::Document::Parse(text, "/nonexistent/sequitur.yaml"));
}

// A folder of its own, and the working directory meanwhile.
class LoadConfigTest : public ::testing::Test {
 protected:
  LoadConfigTest() : before_(fs::current_path()) {
    fs::create_directories(folder_ / "config");
    fs::current_path(folder_.path());
  }
  ~LoadConfigTest() override { fs::current_path(before_); }

  void Write(absl::string_view name, absl::string_view text) {
    fs::create_directories(fs::path(std::string(name)).parent_path());
    std::ofstream(std::string(name)) << text;
  }
  // The shipped files, beside which the shipped configuration stands.
  void WriteSiteFiles() {
    for (absl::string_view folder : {"config/rules", "config/lists", "config/allowlists"}) {
      fs::create_directories(std::string(folder));
    }
    Write("config/services.yaml", "");
    Write("config/indicators.yaml", "");
    Write("config/learnt.yaml", "");
  }

  fs::path before_;
  sequitur::testing::TempFolder folder_;
};

std::string ShippedText() {
  std::ifstream file(absl::StrCat(SEQUITUR_SOURCE_DIR, "/config/sequitur.yaml"));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The shipped file with every setting switched on: `#key` and `#  key` lose
// their `#`, prose (`# Text`) stays a comment.
std::string SwitchedOn(absl::string_view text) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const bool prose = line.size() > 2 && line[1] == ' ' && line[2] != ' ';
    const bool setting = line.size() > 1 && line[0] == '#' && !prose;
    lines.emplace_back(setting ? line.substr(1) : line);
  }
  return absl::StrJoin(lines, "\n");
}

void ExpectSame(const Kafka& a, const Kafka& b) {
  EXPECT_EQ(a.brokers, b.brokers);
  EXPECT_EQ(a.topics, b.topics);
  EXPECT_EQ(a.placement, b.placement);
  EXPECT_EQ(a.group, b.group);
  EXPECT_EQ(a.instance, b.instance);
  EXPECT_EQ(a.workers, b.workers);
  EXPECT_EQ(a.events_topic, b.events_topic);
  EXPECT_EQ(a.alerts_topic, b.alerts_topic);
  EXPECT_EQ(a.shadow_topic, b.shadow_topic);
  EXPECT_EQ(a.canary_topic, b.canary_topic);
  EXPECT_EQ(a.dead_letter_topic, b.dead_letter_topic);
  EXPECT_EQ(a.baselines_topic, b.baselines_topic);
  EXPECT_EQ(a.partitions, b.partitions);
  EXPECT_EQ(a.replication_factor, b.replication_factor);
  EXPECT_EQ(a.commit_interval, b.commit_interval);
  EXPECT_EQ(a.drain, b.drain);
  EXPECT_EQ(a.properties, b.properties);
  EXPECT_EQ(a.consumer, b.consumer);
  EXPECT_EQ(a.producer, b.producer);
}

TEST_F(LoadConfigTest, TakesTheShippedFileAsTheDefaults) {
  WriteSiteFiles();
  Write("config/sequitur.yaml", ShippedText());
  const LoadedConfig loaded = LoadConfig(std::nullopt);
  EXPECT_EQ(Problems(loaded.diagnostics), "");
  EXPECT_EQ(loaded.config.file, "config/sequitur.yaml");
  EXPECT_THAT(loaded.config.sources, IsEmpty());
  EXPECT_EQ(loaded.config.lateness, absl::Minutes(10));
  EXPECT_THAT(loaded.config.paths.rules, ElementsAre("config/rules"));
}

TEST_F(LoadConfigTest, ShipsADefaultForEveryKey) {
  WriteSiteFiles();
  Write("config/sequitur.yaml", SwitchedOn(ShippedText()));
  const LoadedConfig loaded = LoadConfig("config/sequitur.yaml");
  EXPECT_EQ(Problems(loaded.diagnostics), "");
  const Config& config = loaded.config;
  const Config defaults;
  EXPECT_EQ(config.lateness, defaults.lateness);
  EXPECT_EQ(config.clock.max_future, defaults.clock.max_future);
  EXPECT_EQ(config.limits.memory, defaults.limits.memory);
  EXPECT_EQ(config.limits.host_memory_percent, defaults.limits.host_memory_percent);
  EXPECT_EQ(config.limits.hosts, defaults.limits.hosts);
  EXPECT_EQ(config.limits.hits_per_key, defaults.limits.hits_per_key);
  ExpectSame(config.kafka, defaults.kafka);
  EXPECT_EQ(config.canaries.enabled, defaults.canaries.enabled);
  EXPECT_EQ(config.canaries.every, defaults.canaries.every);
  EXPECT_EQ(config.log.level, defaults.log.level);
  EXPECT_EQ(config.log.json, defaults.log.json);
  EXPECT_THAT(config.strip_domains, IsEmpty());
  EXPECT_THAT(config.network.own_ranges, IsEmpty());
  ASSERT_EQ(config.baselines.size(), 1u);
  EXPECT_EQ(config.baselines[0].age, Baseline().age);
  EXPECT_EQ(config.baselines[0].cap, Baseline().cap);
  EXPECT_EQ(config.sources.size(), 1u);
  EXPECT_EQ(config.hosts.size(), 1u);
  EXPECT_EQ(config.tuning.size(), 1u);
  EXPECT_EQ(config.evidence_fields.size(), 4u);
  EXPECT_TRUE(config.network.not_egress_override.has_value());
  EXPECT_EQ(config.paths.services, "config/services.yaml");
}

TEST_F(LoadConfigTest, FindsTheSitesFilesBesideItself) {
  Write("site/a.yaml", "rules: [mine, ../shared]\nservices: s.yaml\n");
  Write("site/s.yaml", "");
  Write("site/indicators.yaml", "");
  Write("site/learnt.yaml", "");
  fs::create_directories("site/mine");
  fs::create_directories("shared");
  fs::create_directories("site/lists");
  const Paths paths = LoadConfig("site/a.yaml").config.paths;
  EXPECT_THAT(paths.rules, ElementsAre("site/mine", "site/../shared"));
  EXPECT_THAT(paths.lists, ElementsAre("site/lists")) << "the default, since it is there";
  EXPECT_THAT(paths.allowlists, IsEmpty()) << "the default is not there";
  EXPECT_EQ(paths.services, "site/s.yaml");
  EXPECT_EQ(paths.indicators, "site/indicators.yaml");
  EXPECT_EQ(paths.learnt, "site/learnt.yaml");
}

TEST_F(LoadConfigTest, NamesPathsThatDoNotExist) {
  Write("site/a.yaml", "rules: [mine]\nservices: s.yaml\n");
  EXPECT_EQ(Problems(LoadConfig("site/a.yaml").diagnostics),
            "1:9: no such file or folder: site/mine\n"
            "2:11: no such file or folder: site/s.yaml");
}

TEST_F(LoadConfigTest, NeedsAFileThatIsNamedAndOnlyThat) {
  EXPECT_TRUE(HasErrors(LoadConfig("config/sequitur.yaml").diagnostics));
  const LoadedConfig loaded = LoadConfig(std::nullopt);
  EXPECT_THAT(loaded.diagnostics, IsEmpty());
  EXPECT_EQ(loaded.config.file, "");
  EXPECT_THAT(loaded.config.paths.rules, IsEmpty());
  WriteSiteFiles();
  EXPECT_THAT(LoadConfig(std::nullopt).config.paths.rules, ElementsAre("config/rules"));
}

TEST(ReadConfig, ReadsSources) {
  const LoadedConfig loaded = Read(
      "sources:\n"
      "  - match: nginx-*\n"
      "    kind: nginx-access\n"
      "    log_format: '$remote_addr'\n"
      "    time_zone: America/New_York\n"
      "    host: web-1\n"
      "    lateness: 2h\n"
      "  - match: flows\n");
  EXPECT_EQ(Problems(loaded.diagnostics), "");
  ASSERT_EQ(loaded.config.sources.size(), 2u);
  const Source& source = loaded.config.sources[0];
  EXPECT_EQ(source.match, "nginx-*");
  EXPECT_EQ(source.options.kind, decode::SourceKind::kNginxAccess);
  EXPECT_EQ(source.options.log_format, "$remote_addr");
  EXPECT_EQ(source.options.time_zone->name(), "America/New_York");
  EXPECT_EQ(source.options.host, "web-1");
  EXPECT_FALSE(source.options.trust_own_fields) << "no site can ask for that";
  EXPECT_EQ(source.lateness, absl::Hours(2));
  EXPECT_EQ(loaded.config.sources[1].options.kind, decode::SourceKind::kAuto);
  EXPECT_EQ(loaded.config.sources[1].lateness, std::nullopt);
}

TEST(ReadConfig, ReadsHostsAndNetwork) {
  const LoadedConfig loaded = Read(
      "hosts:\n"
      "  - {name: web-1, ids: [u-1, u-2], addresses: 10.0.0.5, time_zone: Europe/Berlin}\n"
      "strip_domains: example.com\n"
      "network:\n"
      "  own_ranges: [198.51.100.0/24]\n"
      "  egress_proxies: [10.0.0.9]\n"
      "  not_egress: [\"2001:db8::/32\"]\n"
      "  not_egress_override: []\n");
  EXPECT_EQ(Problems(loaded.diagnostics), "");
  ASSERT_EQ(loaded.config.hosts.size(), 1u);
  EXPECT_EQ(loaded.config.hosts[0].name, "web-1");
  EXPECT_THAT(loaded.config.hosts[0].ids, ElementsAre("u-1", "u-2"));
  EXPECT_THAT(loaded.config.hosts[0].addresses, ElementsAre("10.0.0.5"));
  EXPECT_EQ(loaded.config.hosts[0].time_zone->name(), "Europe/Berlin");
  EXPECT_THAT(loaded.config.strip_domains, ElementsAre("example.com"));
  EXPECT_THAT(loaded.config.network.own_ranges, ElementsAre("198.51.100.0/24"));
  EXPECT_THAT(loaded.config.network.egress_proxies, ElementsAre("10.0.0.9"));
  EXPECT_THAT(loaded.config.network.not_egress, ElementsAre("2001:db8::/32"));
  ASSERT_TRUE(loaded.config.network.not_egress_override.has_value());
  EXPECT_THAT(*loaded.config.network.not_egress_override, IsEmpty());
}

TEST(ReadConfig, ReadsBaselinesTuningAndTheRest) {
  const LoadedConfig loaded = Read(
      "baselines:\n"
      "  - name: egress\n"
      "    fields: [host.id, destination.ip]\n"
      "    when: network.direction == \"egress\"\n"
      "    learning_until: 2026-12-01T00:00:00Z\n"
      "    age: 30d\n"
      "    cap: 10\n"
      "lateness: 65s\n"
      "clock: {max_future: 1m}\n"
      "canaries: {enabled: true, every: 90s}\n"
      "limits: {memory: 64MiB}\n"
      "evidence: {fields: [user.name]}\n"
      "tuning: {a-rule: {maxspan: 10m}}\n");
  EXPECT_EQ(Problems(loaded.diagnostics), "");
  const Config& config = loaded.config;
  ASSERT_EQ(config.baselines.size(), 1u);
  EXPECT_EQ(config.baselines[0].name, "egress");
  EXPECT_THAT(config.baselines[0].fields, ElementsAre("host.id", "destination.ip"));
  EXPECT_EQ(config.baselines[0].when, "network.direction == \"egress\"");
  EXPECT_EQ(config.baselines[0].when_here.line, 4);
  EXPECT_EQ(config.baselines[0].learning_until, 1796083200 * event::kSecond);
  EXPECT_EQ(config.baselines[0].age, absl::Hours(30 * 24));
  EXPECT_EQ(config.baselines[0].cap, 10);
  EXPECT_EQ(config.lateness, absl::Seconds(65));
  EXPECT_EQ(config.clock.max_future, absl::Minutes(1));
  EXPECT_TRUE(config.canaries.enabled);
  EXPECT_EQ(config.canaries.every, absl::Seconds(90));
  EXPECT_EQ(config.limits.memory, 64 << 20);
  EXPECT_THAT(config.evidence_fields, ElementsAre("user.name"));
  EXPECT_EQ(config.tuning.at("a-rule").maxspan, absl::Minutes(10));
}

TEST(ReadConfig, ReportsEverythingAtOnce) {
  const LoadedConfig loaded = Read(
      "latness: 5m\n"
      "sources:\n"
      "  - {kind: nginx, time_zone: Mars/Olympus}\n"
      "hosts:\n"
      "  - {name: a, addresses: [10.0.0.1, a.example]}\n"
      "  - {name: b, ids: [A], addresses: [\"::ffff:10.0.0.1\"]}\n"
      "network: {own_ranges: [10.0.0.0/33]}\n"
      "baselines:\n"
      "  - {name: x, fields: [a], learning_until: soon}\n"
      "  - {name: x}\n"
      "limits: {memory: 1MiB, host_memory_percent: 0}\n"
      "clock: 5m\n"
      "dashboard: {}\n"
      "canaries: {every: 10ms}\n");
  EXPECT_EQ(
      Problems(loaded.diagnostics),
      "1:1: unknown key 'latness' in the site configuration; did you mean 'lateness'?\n"
      "3:5: a source needs 'match'\n"
      "3:12: expected one of auto, nginx-access, nginx-error, httpd-access, httpd-error, php-fpm, "
      "eslogger, ecs, osquery, santa, zeek, suricata, goflow2, found 'nginx'\n"
      "3:30: expected a time zone such as UTC or Europe/Berlin, found 'Mars/Olympus'\n"
      "5:37: expected an address such as 10.0.0.5 or 2001:db8::5, found 'a.example'\n"
      "6:5: 'A' already belongs to host 'a'\n"
      "6:5: '10.0.0.1' already belongs to host 'a'\n"
      "7:24: expected an address or a range such as 10.0.0.0/8 or 2001:db8::/32, found "
      "'10.0.0.0/33'\n"
      "9:44: expected a time such as 2026-12-01T00:00:00Z\n"
      "10:5: a baseline needs 'fields'\n"
      "10:5: baseline 'x' stands here a second time\n"
      "11:18: expected at least 16MiB\n"
      "11:45: expected a whole number of at least 1 and at most 100, found '0'\n"
      "12:8: expected clock as a mapping (key: value), found '5m'\n"
      "13:1: unknown key 'dashboard' in the site configuration\n"
      "14:19: expected a duration of at least 1s and at most 1d, found '10ms'");
}

TEST(ReadConfig, WarnsOfTimesThatDoNotGoTogether) {
  EXPECT_EQ(
      Problems(Read("lateness: 1m\n").diagnostics),
      "1:11: clock.max_future (5m) is longer than lateness (1m): one sensor whose clock is so "
      "far ahead makes all else of its host too late to be joined; raise lateness, or lower "
      "it");
  EXPECT_EQ(
      Problems(Read("lateness: 1m\nclock: {max_future: 2m}\n").diagnostics),
      "2:21: clock.max_future (2m) is longer than lateness (1m): one sensor whose clock is so "
      "far ahead makes all else of its host too late to be joined; lower it, or raise "
      "lateness");
  EXPECT_EQ(Problems(Read("lateness: 1m\nclock: {max_future: 1m}\n").diagnostics), "");
  EXPECT_EQ(Problems(Read("lateness: 1m\nsources: [{match: a, lateness: 5m}]\n").diagnostics), "");
  EXPECT_EQ(
      Problems(Read("sources: [{match: a, lateness: 5m}]\n").diagnostics),
      "1:32: shorter than the site's lateness (10m), which counts for all: a source's own can "
      "only be longer");
}

TEST(DefaultEvidenceFields, AreFieldsThatDecodersKnow) {
  const event::FieldTable fields;
  for (const std::string& path : DefaultEvidenceFields()) {
    EXPECT_TRUE(fields.Find(path).has_value()) << path;
  }
}

}  // namespace
}  // namespace sequitur::config
