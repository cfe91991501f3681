// sequitur topics: the Kafka topics of the site, and whether they are there.

#include <cstdio>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cmd/sequitur/command.h"
#include "pipeline/daemon.h"
#include "pipeline/retention.h"

namespace sequitur::cmd {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(15);
constexpr absl::Duration kAskAgain = absl::Milliseconds(50);

struct Options {
  pipeline::SiteOptions site;
  bool create = false;
};

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "sequitur: %s\n", std::string(status.message()).c_str());
  return 1;
}

// Every topic there is; a topic made just now may take the brokers a moment to name.
absl::StatusOr<std::map<std::string, int32_t>> KnownTopics(
    bus::KafkaTopics& topics, const std::vector<bus::NewTopic>& created) {
  const absl::Time give_up = absl::Now() + kTimeout;
  while (true) {
    auto known = topics.Partitions(kTimeout);
    if (!known.ok() || absl::Now() > give_up) return known;
    if (absl::c_all_of(created, [&](const auto& topic) { return known->contains(topic.name); })) {
      return known;
    }
    absl::SleepFor(kAskAgain);
  }
}

int Topics(const Options& options) {
  const auto site = LoadOrExplain(options.site, Warnings::kHide);
  if (site == nullptr) return 1;
  const config::Kafka& kafka = site->config().kafka;
  if (kafka.brokers.empty()) {
    return Fail(absl::InvalidArgumentError("kafka.brokers is not set in the configuration"));
  }
  auto topics =
      bus::KafkaTopics::Create(pipeline::ClientOptions(*site, pipeline::Client::kAdmin, "topics"));
  if (!topics.ok()) return Fail(topics.status());
  std::vector<bus::NewTopic> created;
  if (options.create) created = pipeline::OwnTopics(*site);
  for (const bus::NewTopic& topic : created) {
    const absl::Status made = (*topics)->CreateTopic(topic, kTimeout);
    if (!made.ok() && !absl::IsAlreadyExists(made)) return Fail(made);
  }
  const auto known = KnownTopics(**topics, created);
  if (!known.ok()) return Fail(known.status());
  bool complete = true;
  const auto show = [&](const std::string& name, absl::string_view role) {
    const auto found = known->find(name);
    complete &= found != known->end();
    std::printf(
        "%s\t%s\t%s\n", name.c_str(), std::string(role).c_str(),
        found == known->end() ? "missing" : absl::StrCat(found->second, " partitions").c_str());
  };
  for (const std::string& topic : kafka.topics) {
    if (topic.front() != '^') show(topic, "source");
  }
  for (const bus::NewTopic& topic : pipeline::OwnTopics(*site)) show(topic.name, "own");
  for (const std::string& each : pipeline::Shortcomings(*site, **topics, kTimeout)) {
    std::fprintf(stderr, "sequitur: warning: %s\n", each.c_str());
  }
  return complete ? 0 : 1;
}

}  // namespace

void AddTopics(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand(
      "topics", "List the Kafka topics that the site needs; exit 1 when one is missing");
  auto options = std::make_shared<Options>();
  AddSiteOptions(*command, options->site);
  command->add_flag("--create", options->create, "Create sequitur's own topics that are missing");
  command->callback([&run, options] { run = [options] { return Topics(*options); }; });
}

}  // namespace sequitur::cmd
