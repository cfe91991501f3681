#include "absl/strings/str_cat.h"
#include "config/sections.h"
#include "yaml/scalar.h"

namespace sequitur::config {
namespace {

using yaml::Mapping;
using yaml::Node;

using Properties = std::map<std::string, std::string>;

Properties ReadProperties(Mapping& kafka, absl::string_view key) {
  Properties properties;
  const auto block = kafka.Get(key);
  if (!block) return properties;
  const Mapping checked(*block, absl::StrCat("kafka.", key));
  for (const Node::Entry& entry : block->Entries()) {
    if (entry.value.is_null()) continue;
    if (auto value = entry.value.AsString()) {
      properties.emplace(entry.key.text(), *std::move(value));
    }
  }
  return properties;
}

}  // namespace

Kafka ReadKafka(const Node& node) {
  constexpr absl::string_view kPlacements[] = {"shuffle", "keyed"};
  Kafka kafka;
  Mapping mapping(node, "kafka");
  kafka.brokers = mapping.GetStrings("brokers");
  kafka.topics = mapping.GetStrings("topics");
  if (const auto placement = mapping.Get("placement")) {
    const auto index = placement->AsWord(kPlacements);
    if (index) kafka.placement = static_cast<Kafka::Placement>(*index);
  }
  kafka.group = mapping.GetString("group").value_or(kafka.group);
  kafka.instance = mapping.GetString("instance").value_or(kafka.instance);
  kafka.workers = mapping.GetInt("workers", 1, 64).value_or(kafka.workers);
  kafka.events_topic = mapping.GetString("events_topic").value_or(kafka.events_topic);
  kafka.alerts_topic = mapping.GetString("alerts_topic").value_or(kafka.alerts_topic);
  kafka.shadow_topic = mapping.GetString("shadow_topic").value_or(kafka.shadow_topic);
  kafka.dead_letter_topic =
      mapping.GetString("dead_letter_topic").value_or(kafka.dead_letter_topic);
  kafka.baselines_topic = mapping.GetString("baselines_topic").value_or(kafka.baselines_topic);
  kafka.partitions = mapping.GetInt("partitions", 1, 10'000).value_or(kafka.partitions);
  kafka.replication_factor =
      mapping.GetInt("replication_factor", 1, 100).value_or(kafka.replication_factor);
  kafka.commit_interval = mapping.GetDuration("commit_interval").value_or(kafka.commit_interval);
  kafka.drain = mapping.GetDuration("drain").value_or(kafka.drain);
  kafka.properties = ReadProperties(mapping, "properties");
  kafka.consumer = ReadProperties(mapping, "consumer");
  kafka.producer = ReadProperties(mapping, "producer");
  mapping.Finish();
  return kafka;
}

}  // namespace sequitur::config
