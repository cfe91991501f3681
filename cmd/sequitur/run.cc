// sequitur run: the daemon.

#include <csignal>
#include <cstdio>
#include <map>
#include <stop_token>
#include <thread>

#include "cmd/sequitur/command.h"
#include "pipeline/daemon.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace sequitur::cmd {
namespace {

struct Options {
  pipeline::SiteOptions site;
  pipeline::Role role = pipeline::Role::kAll;
};

constexpr char kFooter[] =
    "Reads kafka.topics, writes alerts to kafka.alerts_topic, until SIGTERM or SIGINT.\n"
    "`sequitur topics --create` makes the topics it needs of its own.";

void StartLog(const config::Log& log) {
  auto logger = spdlog::stderr_logger_mt("sequitur");
  logger->set_pattern(
      log.json ? R"({"@timestamp":"%Y-%m-%dT%H:%M:%S.%eZ","log.level":"%l","message":"%v"})"
               : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
      spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(log.level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

int RunDaemon(const Options& options) {
  // Blocked before any thread starts, so that only the waiter gets them.
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto site = LoadOrExplain(options.site, Warnings::kShow);
  if (site == nullptr) return 1;
  StartLog(site->config().log);

  std::stop_source stop;
  std::jthread waiter([&](std::stop_token ended) {
    const timespec tick{0, 200'000'000};
    while (!ended.stop_requested()) {
      const int signal = sigtimedwait(&signals, nullptr, &tick);
      if (signal < 0) continue;
      spdlog::info("stopping on signal {}", signal);
      stop.request_stop();
    }
  });
  const absl::Status ended = pipeline::Daemon(*site, options.role).Run(stop.get_token());
  if (ended.ok()) return 0;
  spdlog::error("stopped: {}", std::string(ended.message()));
  return 1;
}

}  // namespace

void AddRun(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("run", "The daemon: telemetry from Kafka, alerts to Kafka");
  auto options = std::make_shared<Options>();
  AddSiteOptions(*command, options->site);
  const std::map<std::string, pipeline::Role> roles = {
      {"all", pipeline::Role::kAll},
      {"ingest", pipeline::Role::kIngest},
      {"correlate", pipeline::Role::kCorrelate},
  };
  command->add_option("--role", options->role, "Stages to run: all, ingest or correlate")
      ->transform(CLI::CheckedTransformer(roles).description(""))
      ->type_name("ROLE");
  command->footer(kFooter);
  command->callback([&run, options] { run = [options] { return RunDaemon(*options); }; });
}

}  // namespace sequitur::cmd
