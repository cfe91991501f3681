#include "pipeline/retention.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pipeline/rewind.h"

namespace sequitur::pipeline {
namespace {

const rules::Rule* LongestRule(const Site& site) {
  const rules::Rule* longest = nullptr;
  for (const rules::Rule& rule : site.rules()->rules()) {
    if (!rule.maxspan) continue;
    if (longest == nullptr || *rule.maxspan > *longest->maxspan) longest = &rule;
  }
  return longest;
}

std::string WhyLookBack(const Site& site) {
  const rules::Rule* rule = LongestRule(site);
  return absl::StrCat(
      "rules look back ", absl::FormatDuration(LookBack(site)),
      rule == nullptr ? ""
                      : absl::StrCat(" (", rule->id, " has a maxspan of ",
                                     absl::FormatDuration(absl::Nanoseconds(*rule->maxspan)), ")"));
}

std::string Setting(const std::map<std::string, std::string>& settings, const char* name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

}  // namespace

std::vector<TopicNeed> TopicNeeds(const Site& site) {
  const config::Kafka& kafka = site.config().kafka;
  const bool keyed = kafka.placement == config::Kafka::Placement::kKeyed;
  const absl::Duration lateness = site.config().lateness;
  const TopicNeed looked_back{"", LookBack(site), WhyLookBack(site)};
  std::vector<TopicNeed> needs;
  for (const std::string& topic : kafka.topics) {
    if (topic.front() == '^') continue;
    needs.push_back(keyed ? looked_back
                          : TopicNeed{"", lateness,
                                      absl::StrCat("ingest reads `lateness` (",
                                                   absl::FormatDuration(lateness), ") again")});
    needs.back().topic = topic;
  }
  if (!keyed) {
    needs.push_back(looked_back);
    needs.back().topic = kafka.events_topic;
  }
  const absl::Duration told = LookBack(site) + LongestSuppression(site);
  for (const std::string& topic : {kafka.alerts_topic, kafka.shadow_topic}) {
    needs.push_back({topic, told,
                     absl::StrCat("alerts of the last ", absl::FormatDuration(told),
                                  " are read back, so as not to be repeated")});
  }
  needs.push_back({kafka.baselines_topic, absl::InfiniteDuration(),
                   "it has the only copy of what baselines have learnt", true});
  return needs;
}

std::string Shortcoming(const TopicNeed& need, const std::map<std::string, std::string>& settings) {
  const std::string policy = Setting(settings, "cleanup.policy");
  const bool deletes = policy.empty() || absl::StrContains(policy, "delete");
  if (need.compacted) {
    if (policy.empty() || (absl::StrContains(policy, "compact") && !deletes)) return "";
    return absl::StrCat(need.topic, " has cleanup.policy=", policy, ", and ", need.why,
                        ": set it to compact");
  }
  int64_t kept_ms = 0;
  if (!deletes || !absl::SimpleAtoi(Setting(settings, "retention.ms"), &kept_ms) || kept_ms < 0) {
    return "";
  }
  const absl::Duration kept = absl::Milliseconds(kept_ms);
  if (kept >= need.kept) return "";
  return absl::StrCat(need.topic, " is kept for ", absl::FormatDuration(kept), " only, and ",
                      need.why, ": after a restart some is missed; set its retention.ms to ",
                      absl::ToInt64Milliseconds(need.kept), " at least");
}

std::vector<std::string> Shortcomings(const Site& site, bus::KafkaTopics& topics,
                                      absl::Duration timeout) {
  std::vector<std::string> found;
  for (const TopicNeed& need : TopicNeeds(site)) {
    const auto settings = topics.Settings(need.topic, timeout);
    if (absl::IsUnavailable(settings.status())) break;
    if (!settings.ok()) continue;
    std::string shortcoming = Shortcoming(need, *settings);
    if (!shortcoming.empty()) found.push_back(std::move(shortcoming));
  }
  return found;
}

}  // namespace sequitur::pipeline
