// sequitur run: the daemon.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <stop_token>
#include <thread>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "cmd/sequitur/command.h"
#include "cmd/sequitur/log.h"
#include "metrics/collector.h"
#include "pipeline/daemon.h"
#include "pipeline/http_server.h"
#include "pipeline/reloader.h"
#include "pipeline/status_json.h"
#include "spdlog/spdlog.h"

namespace sequitur::cmd {
namespace {

struct Options {
  pipeline::SiteOptions site;
  pipeline::Role role = pipeline::Role::kAll;
};

constexpr char kFooter[] =
    "Reads kafka.topics, writes alerts to kafka.alerts_topic, until SIGTERM or SIGINT.\n"
    "Edited files are taken over as they are saved; SIGHUP reads them at once.\n"
    "`sequitur topics --create` makes the topics it needs of its own.\n"
    "Metrics, health and the status page are at http.listen (127.0.0.1:9464).";

metrics::Build ThisBuild() { return {SEQUITUR_VERSION, bus::ClientVersion()}; }

metrics::Report FullReport(const pipeline::Daemon& daemon, const pipeline::Reloader& reloader) {
  metrics::Report report = daemon.Report();
  report.config = reloader.report();
  return report;
}

pipeline::HttpServer::Outcome Judge(const std::vector<std::string>& against) {
  return {against.empty(), against.empty() ? "ok" : absl::StrJoin(against, "\n")};
}

pipeline::HttpServer::Pages PagesOf(pipeline::Daemon& daemon, pipeline::Reloader& reloader) {
  pipeline::HttpServer::Pages pages;
  pages.metrics = [&] {
    auto families = metrics::Families(FullReport(daemon, reloader), ThisBuild(), absl::Now());
    for (auto& family : metrics::ProcessFamilies()) families.push_back(std::move(family));
    return metrics::ToText(families);
  };
  pages.status = [&] {
    return pipeline::StatusJson(FullReport(daemon, reloader), daemon.health(),
                                daemon.recent_alerts(), ThisBuild(), absl::Now());
  };
  pages.health = [&] { return Judge(daemon.health().not_healthy); };
  pages.ready = [&] { return Judge(daemon.health().not_ready); };
  pages.live = [&] { return Judge(daemon.health().not_alive); };
  pages.reload = [&] {
    const auto outcome = reloader.Reload("asked over HTTP");
    return pipeline::HttpServer::Outcome{outcome.ok, outcome.text};
  };
  return pages;
}

// What a stop may take beyond `drain`. Leaving its group, a client waits for lost
// brokers as long as its session lasts (45 s), which nobody's stop command does.
constexpr absl::Duration kLeaving = absl::Seconds(5);

// Waits for signals and passes them on, until asked to stop. A stop that takes too
// long ends the process: whatever is not committed is read again by the next.
void HandleSignals(std::stop_token ended, const sigset_t& signals, std::stop_source& stop,
                   pipeline::Reloader& reloader, const pipeline::Daemon& daemon) {
  const timespec tick{0, 200'000'000};
  absl::Time end_by = absl::InfiniteFuture();
  while (!ended.stop_requested()) {
    const int signal = sigtimedwait(&signals, nullptr, &tick);
    if (absl::Now() > end_by) {
      spdlog::warn("the brokers do not let go; ending without");
      spdlog::default_logger()->flush();
      std::_Exit(0);
    }
    if (signal < 0) continue;
    if (signal == SIGHUP) {
      reloader.Reload("SIGHUP");
      continue;
    }
    spdlog::info("stopping on signal {}", signal);
    stop.request_stop();
    end_by = std::min(end_by, absl::Now() + daemon.site()->config().kafka.drain + kLeaving);
  }
}

int RunDaemon(const Options& options) {
  // Blocked before any thread starts, so that only the waiter gets them.
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const std::shared_ptr<const pipeline::Site> site = LoadOrExplain(options.site, Warnings::kShow);
  if (site == nullptr) return 1;
  StartLog(site->config().log);

  pipeline::Daemon daemon(site, options.role);
  pipeline::Reloader reloader(options.site, site,
                              [&daemon](std::shared_ptr<const pipeline::Site> next) {
                                RETURN_IF_ERROR(daemon.Adopt(next));
                                StartLog(next->config().log);
                                return absl::OkStatus();
                              });
  std::unique_ptr<pipeline::HttpServer> server;
  if (const auto listen = config::SplitAddress(site->config().http.listen)) {
    auto started = pipeline::HttpServer::Start(*listen, PagesOf(daemon, reloader));
    if (!started.ok()) {
      spdlog::error("stopped: {}", std::string(started.status().message()));
      return 1;
    }
    server = *std::move(started);
    spdlog::info("status page: http://{}:{}/", listen->host, server->port());
  }
  std::stop_source stop;
  const std::jthread waiter(
      [&](std::stop_token ended) { HandleSignals(ended, signals, stop, reloader, daemon); });
  const std::jthread watcher([&](std::stop_token ended) { reloader.Watch(ended); });
  const absl::Status ended = daemon.Run(stop.get_token());
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
