#pragma once

// How long the site's topics must keep what they hold, held against how long
// they do. What is deleted too early is missed after a restart only, so nobody
// would notice on an ordinary day; `sequitur topics` and the daemon's start say it.
//
// Threads: any.

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bus/kafka_topics.h"
#include "pipeline/site.h"

namespace sequitur::pipeline {

struct TopicNeed {
  std::string topic;
  absl::Duration kept;     // at least
  std::string why;         // "rules look back 6h17m (maxspan of a-rule)"
  bool compacted = false;  // kept for ever, the latest of each key; `kept` is unused
};

// Of the topics that are read back; source topics named by a pattern are left out.
std::vector<TopicNeed> TopicNeeds(const Site& site);

// What the topic's settings (retention.ms, cleanup.policy) lack, for people;
// empty: nothing.
std::string Shortcoming(const TopicNeed& need, const std::map<std::string, std::string>& settings);

// Of all topics that the brokers tell about; a topic whose settings they do not
// tell is passed over.
std::vector<std::string> Shortcomings(const Site& site, bus::KafkaTopics& topics,
                                      absl::Duration timeout);

}  // namespace sequitur::pipeline
