#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "config/load.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/temp_folder.h"

namespace sequitur::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

LoadedConfig Read(absl::string_view text, absl::string_view file = "/nonexistent/sequitur.yaml") {
  return ReadConfig(yaml::Document::Parse(text, file));
}

std::string Problems(const LoadedConfig& loaded) {
  return absl::StrJoin(loaded.diagnostics, "\n", [](std::string* out, const Diagnostic& d) {
    absl::StrAppend(out, d.line, ":", d.column, ": ", d.message);
  });
}

// As a person sees them, with the lines of the file.
std::string Shown(const LoadedConfig& loaded) {
  return absl::StrJoin(loaded.diagnostics, "\n", [](std::string* out, const Diagnostic& d) {
    absl::StrAppend(out, d.ToString());
  });
}

TEST(ReadKafka, TakesItsInstanceFromTheEnvironment) {
  ASSERT_EQ(setenv("SEQUITUR_TEST_POD", "sequitur-1", 1), 0);
  const LoadedConfig loaded =
      Read("kafka: {brokers: ['k:9092'], topics: [t], instance: '${env:SEQUITUR_TEST_POD}'}\n");
  EXPECT_EQ(loaded.config.kafka.instance, "sequitur-1");
}

TEST(ReadKafka, ReadsEveryKey) {
  const LoadedConfig loaded = Read(
      "kafka:\n"
      "  brokers: [kafka-1:9092, 'SSL://kafka-2.example.com:9093', '[2001:db8::5]:9092']\n"
      "  topics: [nginx-access, '^mac[.]']\n"
      "  placement: keyed\n"
      "  group: soc\n"
      "  instance: node-1\n"
      "  workers: 8\n"
      "  events_topic: soc.events\n"
      "  alerts_topic: soc.alerts\n"
      "  shadow_topic: soc.shadow\n"
      "  dead_letter_topic: soc.dlq\n"
      "  baselines_topic: soc.baselines\n"
      "  partitions: 48\n"
      "  replication_factor: 3\n"
      "  commit_interval: 250ms\n"
      "  drain: 1m\n"
      "  properties: {security.protocol: SSL, socket.keepalive.enable: true, retries: 10}\n"
      "  consumer: {fetch.max.bytes: 8388608, isolation.level: read_committed, client.rack: }\n"
      "  producer: {acks: -1, enable.idempotence: true, compression.type: \"zstd\"}\n");
  EXPECT_EQ(Problems(loaded), "");
  const Kafka& kafka = loaded.config.kafka;
  EXPECT_THAT(kafka.brokers,
              ElementsAre("kafka-1:9092", "SSL://kafka-2.example.com:9093", "[2001:db8::5]:9092"));
  EXPECT_THAT(kafka.topics, ElementsAre("nginx-access", "^mac[.]"));
  EXPECT_EQ(kafka.placement, Kafka::Placement::kKeyed);
  EXPECT_EQ(kafka.group, "soc");
  EXPECT_EQ(kafka.instance, "node-1");
  EXPECT_EQ(kafka.workers, 8);
  EXPECT_EQ(kafka.events_topic, "soc.events");
  EXPECT_EQ(kafka.alerts_topic, "soc.alerts");
  EXPECT_EQ(kafka.shadow_topic, "soc.shadow");
  EXPECT_EQ(kafka.dead_letter_topic, "soc.dlq");
  EXPECT_EQ(kafka.baselines_topic, "soc.baselines");
  EXPECT_EQ(kafka.partitions, 48);
  EXPECT_EQ(kafka.replication_factor, 3);
  EXPECT_EQ(kafka.commit_interval, absl::Milliseconds(250));
  EXPECT_EQ(kafka.drain, absl::Minutes(1));
  EXPECT_THAT(kafka.properties,
              UnorderedElementsAre(Pair("security.protocol", "SSL"),
                                   Pair("socket.keepalive.enable", "true"), Pair("retries", "10")));
  EXPECT_THAT(kafka.consumer, UnorderedElementsAre(Pair("fetch.max.bytes", "8388608"),
                                                   Pair("isolation.level", "read_committed")))
      << "a name without a value is as good as none";
  EXPECT_THAT(kafka.producer,
              UnorderedElementsAre(Pair("acks", "-1"), Pair("enable.idempotence", "true"),
                                   Pair("compression.type", "zstd")));
}

TEST(ReadKafka, NeedsNothing) {
  for (absl::string_view text : {"", "kafka:\n", "kafka: {}\n", "kafka: {topics: [a]}\n"}) {
    const LoadedConfig loaded = Read(text);
    EXPECT_EQ(Problems(loaded), "") << text;
    EXPECT_THAT(loaded.config.kafka.brokers, IsEmpty()) << text;
    EXPECT_EQ(loaded.config.kafka.placement, Kafka::Placement::kShuffle) << text;
  }
}

TEST(ReadKafka, TakesSecretsFromFilesAndTheEnvironment) {
  const sequitur::testing::TempFolder folder;
  std::ofstream(folder / "password") << "hunter2\n";
  setenv("SEQUITUR_TEST_BROKERS", "a:9092, b:9092", 1);
  setenv("SEQUITUR_TEST_USER", "soc", 1);
  const LoadedConfig loaded = Read(absl::StrCat("kafka:\n"
                                                "  brokers: ${env:SEQUITUR_TEST_BROKERS}\n"
                                                "  properties:\n"
                                                "    sasl.username: ${env:SEQUITUR_TEST_USER}-1\n"
                                                "    sasl.password: \"${file:",
                                                folder / "password",
                                                "}\"\n"
                                                "    ssl.key.password: ${file:password}\n"
                                                "  consumer: {client.rack: '$${x}'}\n"),
                                   folder / "sequitur.yaml");
  EXPECT_EQ(Problems(loaded), "");
  EXPECT_THAT(loaded.config.kafka.brokers, ElementsAre("a:9092", "b:9092"));
  EXPECT_THAT(loaded.config.kafka.properties,
              UnorderedElementsAre(Pair("sasl.username", "soc-1"), Pair("sasl.password", "hunter2"),
                                   Pair("ssl.key.password", "hunter2")));
  EXPECT_THAT(loaded.config.kafka.consumer, ElementsAre(Pair("client.rack", "${x}")));
}

TEST(ReadKafka, NamesSecretsThatAreMissingInPlace) {
  unsetenv("SEQUITUR_TEST_MISSING");
  EXPECT_EQ(Problems(Read("kafka:\n"
                          "  brokers: [\"${env:SEQUITUR_TEST_MISSING}\"]\n"
                          "  properties:\n"
                          "    sasl.password: ${file:/nonexistent/secret}\n"
                          "    sasl.username: ${env:SEQUITUR_TEST_MISSING}\n")),
            "2:13: the environment variable 'SEQUITUR_TEST_MISSING' is not set\n"
            "4:20: cannot read the file '/nonexistent/secret': No such file or directory\n"
            "5:20: the environment variable 'SEQUITUR_TEST_MISSING' is not set");
}

TEST(ReadKafka, NeverShowsAValue) {
  setenv("SEQUITUR_TEST_SECRET", "hunter2", 1);
  const LoadedConfig loaded = Read(
      "kafka:\n"
      "  brokers: ['${env:SEQUITUR_TEST_SECRET}']\n"
      "  properties: {sasl.password: hunter2, ssl.key.password: 'hunter2${', acks: hunter2}\n"
      "  consumer:\n"
      "    sasl.password: [hunter2]\n"
      "    enable.auto.commit: ${env:SEQUITUR_TEST_SECRET}\n"
      "  workers: many\n");
  EXPECT_EQ(loaded.diagnostics.size(), 6u);
  EXPECT_THAT(Shown(loaded), Not(HasSubstr("hunter2")));
  EXPECT_THAT(Shown(loaded), HasSubstr("workers: many")) << "other lines are shown";
}

TEST(ReadKafka, RefusesPropertiesThatCorrectnessRestsOn) {
  EXPECT_EQ(
      Problems(Read("kafka:\n"
                    "  properties:\n"
                    "    bootstrap.servers: a:9092\n"
                    "    metadata.broker.list: a:9092\n"
                    "    allow.auto.create.topics: true\n"
                    "  consumer:\n"
                    "    group.id: a\n"
                    "    group.instance.id: a\n"
                    "    enable.auto.commit: true\n"
                    "    auto.commit.enable: true\n"
                    "    enable.auto.offset.store: true\n"
                    "    partition.assignment.strategy: roundrobin\n"
                    "    enable.partition.eof: true\n"
                    "  producer:\n"
                    "    partitioner: random\n"
                    "    enable.idempotence: false\n"
                    "    acks: 1\n"
                    "    request.required.acks: 0\n"
                    "    auto.offset.reset: latest\n")),
      "3:5: property 'bootstrap.servers' cannot be changed: set kafka.brokers instead\n"
      "4:5: property 'metadata.broker.list' cannot be changed: set kafka.brokers instead\n"
      "5:5: property 'allow.auto.create.topics' cannot be changed: a misspelt topic must be an "
      "error; `sequitur topics --create` makes what is missing\n"
      "7:5: property 'group.id' cannot be changed: set kafka.group instead\n"
      "8:5: property 'group.instance.id' cannot be changed: set kafka.instance instead\n"
      "9:5: property 'enable.auto.commit' cannot be changed: sequitur commits itself, and only "
      "what is decided and written\n"
      "10:5: property 'auto.commit.enable' cannot be changed: sequitur commits itself, and only "
      "what is decided and written\n"
      "11:5: property 'enable.auto.offset.store' cannot be changed: sequitur commits itself, and "
      "only what is decided and written\n"
      "12:5: property 'partition.assignment.strategy' cannot be changed: one worker must have the "
      "same partition of every topic, which only range gives it\n"
      "13:5: property 'enable.partition.eof' cannot be changed: sequitur sets it where it looks "
      "for the end of a partition\n"
      "15:5: property 'partitioner' cannot be changed: all records of a host must go to the "
      "partition where Java's clients put them\n"
      "16:5: property 'enable.idempotence' cannot be changed: only true keeps alerts from being "
      "written twice or out of order\n"
      "17:5: property 'acks' cannot be changed: an alert is written when every replica in sync "
      "has it: all is the only value\n"
      "18:5: property 'request.required.acks' cannot be changed: an alert is written when every "
      "replica in sync has it: all is the only value\n"
      "19:5: property 'auto.offset.reset' cannot be changed: where a committed offset is gone "
      "sequitur says so and reads from the oldest record");
  // Whichever block they stand in.
  for (absl::string_view block : {"properties", "consumer", "producer"}) {
    for (absl::string_view property : {"group.id: a", "enable.idempotence: false", "acks: 1"}) {
      EXPECT_THAT(Problems(Read(absl::StrCat("kafka: {", block, ": {", property, "}}"))),
                  HasSubstr("cannot be changed"))
          << block << " " << property;
    }
  }
}

TEST(ReadKafka, ChecksBrokers) {
  for (absl::string_view broker :
       {"kafka", "kafka:", "kafka:0", "kafka:65536", "kafka:-1", "kafka:+1", "kafka:9092/", ":9092",
        "a b:9092", "2001:db8::5:9092", "[2001:db8::5:9092", "[]:9092", "", "a:9092,", "http://"}) {
    EXPECT_EQ(Problems(Read(absl::StrCat("kafka: {brokers: ['", broker, "']}"))),
              absl::StrCat("1:19: expected host:port such as kafka-1.example.com:9092 in '", broker,
                           "'"));
  }
}

TEST(ReadKafka, ChecksTopicNames) {
  const std::string longest(249, 'a');
  EXPECT_EQ(Problems(Read(absl::StrCat("kafka: {topics: [", longest, ", A-z_0.9]}"))), "");
  for (const std::string& name : {longest + "a", std::string("a b"), std::string("a/b"),
                                  std::string("t\xC3\xB6pic"), std::string(".."), std::string()}) {
    for (absl::string_view key : {"topics", "events_topic", "baselines_topic"}) {
      EXPECT_THAT(Problems(Read(absl::StrCat("kafka: {", key, ": '", name, "'}"))),
                  HasSubstr("expected a topic's name (at most 249 of"))
          << key << " " << name;
    }
  }
  EXPECT_EQ(Problems(Read("kafka: {topics: [a, ^(b, a]}")),
            "1:21: expected a POSIX regular expression, found '^(b'\n"
            "1:26: topic 'a' stands here a second time");
}

TEST(ReadKafka, KeepsItsOwnTopicsApart) {
  EXPECT_EQ(Problems(Read("kafka:\n"
                          "  topics: [sequitur.dlq, ^sequit, ^seq$, ^alerts]\n"
                          "  alerts_topic: alerts\n"
                          "  shadow_topic: alerts\n"
                          "  baselines_topic: sequitur.events\n")),
            "2:12: this would read sequitur's own topic 'sequitur.dlq' (kafka.dead_letter_topic)\n"
            "2:26: this would read sequitur's own topic 'sequitur.events' (kafka.events_topic)\n"
            "2:42: this would read sequitur's own topic 'alerts' (kafka.alerts_topic)\n"
            "3:17: topic 'alerts' is already kafka.shadow_topic\n"
            "4:17: topic 'alerts' is already kafka.alerts_topic\n"
            "5:20: topic 'sequitur.events' is already kafka.events_topic");
}

TEST(ReadKafka, ReportsTheRestOfWhatIsWrong) {
  EXPECT_EQ(Problems(Read("kafka:\n"
                          "  placement: shufle\n"
                          "  group: ''\n"
                          "  workers: 65\n"
                          "  partitions: 0\n"
                          "  replication_factor: 0\n"
                          "  commit_interval: 49ms\n"
                          "  drain: soon\n"
                          "  properties: [a]\n"
                          "  consumer: {sasl: {password: x}}\n"
                          "  topcis: [a]\n")),
            "2:14: expected one of shuffle, keyed, found 'shufle'; did you mean 'shuffle'?\n"
            "3:10: expected the name of a consumer group\n"
            "4:12: expected a whole number of at least 1 and at most 64, found '65'\n"
            "5:15: expected a whole number of at least 1 and at most 10000, found '0'\n"
            "6:23: expected a whole number of at least 1 and at most 100, found '0'\n"
            "7:20: expected a duration of at least 50ms and at most 1m, found '49ms'\n"
            "8:10: expected a duration such as 250ms, 30s, 5m, 1h30m or 2d, found 'soon'\n"
            "9:15: expected kafka.properties as a mapping (key: value), found a list\n"
            "10:20: expected a single value of a property with its whole name, a.b.c: value\n"
            "11:3: unknown key 'topcis' in kafka; did you mean 'topics'?");
  EXPECT_THAT(Problems(Read("kafka: {commit_interval: 61s}")), HasSubstr("at most 1m"));
  EXPECT_EQ(Problems(Read("kafka: {commit_interval: 1m}")), "");
}

TEST(ReadLog, ReadsLevelAndFormat) {
  const Log log = Read("log: {level: debug, format: json}").config.log;
  EXPECT_EQ(log.level, "debug");
  EXPECT_TRUE(log.json);
  EXPECT_FALSE(Read("log: {format: text}").config.log.json);
  EXPECT_EQ(Problems(Read("log: {level: loud, format: xml, file: a}")),
            "1:14: expected one of trace, debug, info, warning, error, found 'loud'\n"
            "1:28: expected one of text, json, found 'xml'\n"
            "1:33: unknown key 'file' in log");
}

}  // namespace
}  // namespace sequitur::config
