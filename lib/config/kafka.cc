#include <regex.h>

#include <filesystem>
#include <memory>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "config/secrets.h"
#include "config/sections.h"
#include "yaml/scalar.h"

namespace sequitur::config {
namespace {

using yaml::Mapping;
using yaml::Node;

using Properties = std::map<std::string, std::string>;

// A property that is not the operator's to set, and why.
struct FixedProperty {
  absl::string_view name;
  absl::string_view reason;
};

constexpr absl::string_view kOwnCommits =
    "sequitur commits itself, and only what is decided and written";

constexpr FixedProperty kFixedProperties[] = {
    {"bootstrap.servers", "set kafka.brokers instead"},
    {"metadata.broker.list", "set kafka.brokers instead"},
    {"group.id", "set kafka.group instead"},
    {"group.instance.id", "set kafka.instance instead"},
    {"enable.auto.commit", kOwnCommits},
    {"auto.commit.enable", kOwnCommits},
    {"enable.auto.offset.store", kOwnCommits},
    {"partition.assignment.strategy",
     "one worker must have the same partition of every topic, which only range gives it"},
    {"auto.offset.reset",
     "where a committed offset is gone sequitur says so and reads from the oldest record"},
    {"enable.partition.eof", "sequitur sets it where it looks for the end of a partition"},
    {"allow.auto.create.topics",
     "a misspelt topic must be an error; `sequitur topics --create` makes what is missing"},
    {"partitioner", "all records of a host must go to the partition where Java's clients put them"},
};

// Why the property may not be set to this; empty when it may.
absl::string_view ReasonAgainst(absl::string_view name, absl::string_view value) {
  for (const FixedProperty& fixed : kFixedProperties) {
    if (fixed.name == name) return fixed.reason;
  }
  const std::string lower = absl::AsciiStrToLower(value);
  if (name == "enable.idempotence" && lower != "true" && lower != "t" && lower != "1") {
    return "only true keeps alerts from being written twice or out of order";
  }
  if ((name == "acks" || name == "request.required.acks") && lower != "all" && lower != "-1") {
    return "an alert is written when every replica in sync has it: all is the only value";
  }
  return "";
}

std::string Folder(const Node& node) {
  return std::filesystem::path(std::string(node.file())).parent_path().string();
}

// The node's text with its secrets; reports what is missing.
std::optional<std::string> ReadSecret(const Node& node) {
  const auto text = node.AsString();
  if (!text) return std::nullopt;
  auto resolved = ResolveSecrets(*text, Folder(node));
  if (resolved.ok()) return *std::move(resolved);
  node.AddError(resolved.status().message());
  return std::nullopt;
}

Properties ReadProperties(Mapping& kafka, absl::string_view key) {
  Properties properties;
  const auto block = kafka.Get(key);
  if (!block) return properties;
  const Mapping checked(*block, absl::StrCat("kafka.", key));
  for (const auto& [name, value] : block->Entries()) {
    if (value.is_null() || !name.is_scalar()) continue;
    if (!value.is_scalar()) {
      value.AddError("expected a single value of a property with its whole name, a.b.c: value");
      continue;
    }
    auto text = ReadSecret(value);
    if (!text) continue;
    const absl::string_view reason = ReasonAgainst(name.text(), *text);
    if (reason.empty()) {
      properties.emplace(name.text(), *std::move(text));
    } else {
      name.AddError(
          absl::StrCat("property ", yaml::Quoted(name.text()), " cannot be changed: ", reason));
    }
  }
  return properties;
}

// host:port, with an address in brackets if it is of IPv6, and maybe a protocol
// in front (SSL://).
bool IsBroker(absl::string_view text) {
  const size_t protocol = text.find("://");
  if (protocol != absl::string_view::npos) text.remove_prefix(protocol + 3);
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return false;
  absl::string_view host = text.substr(0, colon);
  int port = 0;
  if (!absl::c_all_of(text.substr(colon + 1), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text.substr(colon + 1), &port) || port < 1 || port > 65535) {
    return false;
  }
  if (absl::ConsumePrefix(&host, "[")) {
    return absl::ConsumeSuffix(&host, "]") && !host.empty() && absl::c_all_of(host, [](char c) {
             return absl::ascii_isxdigit(c) || c == ':' || c == '.';
           });
  }
  return !host.empty() && absl::c_all_of(host, [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
  });
}

// A secret may hold several, as KAFKA_BROKERS=a:9092,b:9092 often does.
std::vector<std::string> ReadBrokers(const Node& node) {
  std::vector<std::string> brokers;
  for (const Node& element : node.Elements()) {
    const auto text = ReadSecret(element);
    if (!text) continue;
    for (absl::string_view broker : absl::StrSplit(*text, ',')) {
      broker = absl::StripAsciiWhitespace(broker);
      if (IsBroker(broker)) {
        brokers.emplace_back(broker);
      } else {
        // As it is written, not as it was resolved.
        element.AddError(absl::StrCat("expected host:port such as kafka-1.example.com:9092 in ",
                                      yaml::Quoted(element.text())));
        break;
      }
    }
  }
  return brokers;
}

// A topic by regular expression, as librdkafka understands it.
class TopicPattern {
 public:
  explicit TopicPattern(const std::string& text)
      : valid_(regcomp(&regex_, text.c_str(), REG_EXTENDED | REG_NOSUB) == 0) {}
  ~TopicPattern() {
    if (valid_) regfree(&regex_);
  }
  TopicPattern(const TopicPattern&) = delete;
  TopicPattern& operator=(const TopicPattern&) = delete;

  bool valid() const { return valid_; }
  bool Matches(const std::string& topic) const {
    return valid_ && regexec(&regex_, topic.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t regex_;
  bool valid_;
};

bool IsTopicName(absl::string_view name) {
  constexpr size_t kMaxTopicName = 249;
  return !name.empty() && name.size() <= kMaxTopicName && name != "." && name != ".." &&
         absl::c_all_of(name, [](char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
         });
}

void CheckTopicName(const Node& node, absl::string_view name) {
  if (IsTopicName(name)) return;
  node.AddError(absl::StrCat(
      "expected a topic's name (at most 249 of letters, digits, '.', '_' and '-'), found ",
      yaml::Quoted(name)));
}

// A topic that sequitur writes, and the place where it got its name.
struct OwnTopic {
  absl::string_view key;
  std::string* name;
  std::optional<Node> node;
};

// No two of them may be one: each has its own kind of records.
void ReadOwnTopics(Mapping& mapping, std::vector<OwnTopic>& topics) {
  for (OwnTopic& topic : topics) {
    topic.node = mapping.Get(topic.key);
    if (!topic.node) continue;
    const auto name = topic.node->AsString();
    if (!name) continue;
    CheckTopicName(*topic.node, *name);
    *topic.name = *name;
  }
  for (const OwnTopic& topic : topics) {
    for (const OwnTopic& other : topics) {
      if (!topic.node || topic.key == other.key || *topic.name != *other.name) continue;
      topic.node->AddError(
          absl::StrCat("topic ", yaml::Quoted(*topic.name), " is already kafka.", other.key));
      break;
    }
  }
}

// A source that is a topic of its own would read what it writes without end.
std::vector<std::string> ReadSourceTopics(const Node& node, const std::vector<OwnTopic>& own) {
  std::vector<std::string> topics;
  for (const Node& element : node.Elements()) {
    auto text = element.AsString();
    if (!text) continue;
    const bool is_pattern = absl::StartsWith(*text, "^");
    std::unique_ptr<TopicPattern> pattern;
    if (is_pattern) pattern = std::make_unique<TopicPattern>(*text);
    if (is_pattern && !pattern->valid()) {
      element.AddError(
          absl::StrCat("expected a POSIX regular expression, found ", yaml::Quoted(*text)));
    }
    if (!is_pattern) CheckTopicName(element, *text);
    for (const OwnTopic& topic : own) {
      if (is_pattern ? !pattern->Matches(*topic.name) : *text != *topic.name) continue;
      element.AddError(absl::StrCat("this would read sequitur's own topic ",
                                    yaml::Quoted(*topic.name), " (kafka.", topic.key, ")"));
      break;
    }
    if (absl::c_linear_search(topics, *text)) {
      element.AddError(absl::StrCat("topic ", yaml::Quoted(*text), " stands here a second time"));
    }
    topics.push_back(*std::move(text));
  }
  return topics;
}

absl::Duration ReadCommitInterval(Mapping& mapping, absl::Duration otherwise) {
  const auto node = mapping.Get("commit_interval");
  const auto interval = node ? node->AsDuration() : std::nullopt;
  if (!interval) return otherwise;
  if (*interval >= absl::Milliseconds(50) && *interval <= absl::Minutes(1)) return *interval;
  node->AddError(absl::StrCat("expected a duration of at least 50ms and at most 1m, found ",
                              yaml::Quoted(node->text())));
  return otherwise;
}

}  // namespace

Kafka ReadKafka(const Node& node) {
  constexpr absl::string_view kPlacements[] = {"shuffle", "keyed"};
  Kafka kafka;
  Mapping mapping(node, "kafka");
  if (const auto brokers = mapping.Get("brokers")) kafka.brokers = ReadBrokers(*brokers);
  std::vector<OwnTopic> own = {{"events_topic", &kafka.events_topic, {}},
                               {"alerts_topic", &kafka.alerts_topic, {}},
                               {"shadow_topic", &kafka.shadow_topic, {}},
                               {"canary_topic", &kafka.canary_topic, {}},
                               {"dead_letter_topic", &kafka.dead_letter_topic, {}},
                               {"baselines_topic", &kafka.baselines_topic, {}}};
  ReadOwnTopics(mapping, own);
  if (const auto topics = mapping.Get("topics")) kafka.topics = ReadSourceTopics(*topics, own);
  if (const auto placement = mapping.Get("placement")) {
    const auto index = placement->AsWord(kPlacements);
    if (index) kafka.placement = static_cast<Kafka::Placement>(*index);
  }
  if (const auto group = mapping.Get("group")) {
    kafka.group = group->AsString().value_or(kafka.group);
    if (kafka.group.empty()) group->AddError("expected the name of a consumer group");
  }
  if (const auto instance = mapping.Get("instance")) {
    kafka.instance = ReadSecret(*instance).value_or(kafka.instance);
  }
  kafka.workers = mapping.GetInt("workers", 1, 64).value_or(kafka.workers);
  kafka.partitions = mapping.GetInt("partitions", 1, 10'000).value_or(kafka.partitions);
  kafka.replication_factor =
      mapping.GetInt("replication_factor", 1, 100).value_or(kafka.replication_factor);
  kafka.commit_interval = ReadCommitInterval(mapping, kafka.commit_interval);
  kafka.drain = mapping.GetDuration("drain").value_or(kafka.drain);
  kafka.properties = ReadProperties(mapping, "properties");
  kafka.consumer = ReadProperties(mapping, "consumer");
  kafka.producer = ReadProperties(mapping, "producer");
  mapping.Finish();
  return kafka;
}

}  // namespace sequitur::config
