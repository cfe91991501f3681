// loadgen: synthetic telemetry of a fleet of macOS web servers, with attacks
// and look-alikes planted in it and a truth file that says where.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "loadgen/command_line.h"
#include "loadgen/file_sink.h"
#include "loadgen/simulation.h"

namespace sequitur::loadgen {
namespace {

constexpr char kAbout[] =
    "Writes realistic synthetic telemetry to DIR: web access and error logs, process and file\n"
    "events, flows, and DIR/truth.jsonl, which says what was planted and where the evidence is.\n"
    "The same options give the same bytes.";

void AddOptions(CLI::App& app, Arguments& a) {
  app.add_option("--output,-o", a.output, "folder to write to")->type_name("DIR");
  app.add_option("--hosts", a.hosts, "machines to simulate")
      ->capture_default_str()
      ->check(CLI::Range(1, 40'000));
  app.add_option("--first-host", a.first_host, "number in the first machine's name")
      ->capture_default_str()
      ->check(CLI::Range(1, 9'000));
  app.add_option("--role", a.roles,
                 "roles of the machines in turn: nginx-php, httpd, nginx-node,\n"
                 "nginx-php-endpoint, workstation [all of them]")
      ->type_name("ROLE...");
  app.add_option("--start", a.start, "time of the first event")->capture_default_str();
  app.add_option("--duration", a.duration, "event time to fill")->capture_default_str();
  app.add_option("--rate", a.rate, "records per second of event time, all machines together")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 10'000'000.0));
  app.add_option("--seed", a.seed, "of all random choices")->capture_default_str();
  app.add_option("--attacks", a.attacks, "attacks to plant, kinds in turn")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  app.add_option("--look-alikes", a.look_alikes, "harmless look-alikes to plant, kinds in turn")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  app.add_option("--only", a.only, "plant only these scenarios or rules (see --list)")
      ->type_name("KIND...");
  app.add_option("--disorder", a.disorder, "longest lag between a record and its arrival")
      ->capture_default_str();
  app.add_option("--envelope", a.envelope,
                 "filebeat: one file per source, records wrapped and naming their host;\n"
                 "bare: lines as the programs write them, one folder per host")
      ->capture_default_str()
      ->check(CLI::IsMember({"filebeat", "bare"}));
  app.add_option("--streams", a.streams,
                 "write only these: nginx-access, nginx-error, httpd-access, httpd-error,\n"
                 "php-fpm, eslogger, endpoint, flows")
      ->type_name("NAME...");
}

void ShowProgress(double share, int64_t records) {
  std::fprintf(stderr, "\r%3.0f %%  %lld records", share * 100, static_cast<long long>(records));
}

void ShowSummary(const Simulation& run, double seconds) {
  const auto total = static_cast<double>(run.Delivered().DeliveredAll());
  for (size_t i = 0; i < kStreams; ++i) {
    const int64_t count = run.Delivered().Delivered(static_cast<Stream>(i));
    if (count == 0) continue;
    std::fprintf(stderr, "%-14s%12lld  %4.1f %%\n", kStreamNames[i].data(),
                 static_cast<long long>(count), 100.0 * static_cast<double>(count) / total);
  }
  std::fprintf(stderr, "%-14s%12.0f  mean %.0f bytes, %.0f records/s\n", "all", total,
               static_cast<double>(run.Delivered().DeliveredBytes()) / total, total / seconds);
  for (const std::string& name : run.Unplayable()) {
    std::fprintf(stderr, "no machine of this fleet can play %s\n", name.c_str());
  }
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "loadgen: %s\n", std::string(status.message()).c_str());
  return 1;
}

int Generate(const Options& options) {
  const auto began = std::chrono::steady_clock::now();
  FileSink sink(options.output, options.envelope == EnvelopeStyle::kBare
                                    ? FileSink::Layout::kFolderPerHost
                                    : FileSink::Layout::kFilePerStream);
  const bool terminal = isatty(STDERR_FILENO) != 0;
  Simulation run(options, sink, terminal ? ShowProgress : Simulation::Progress());
  if (absl::Status status = run.Run(); !status.ok()) return Fail(status);
  const std::string truth = absl::StrCat(options.output, "/truth.jsonl");
  if (absl::Status status = run.Planted().WriteTo(truth); !status.ok()) return Fail(status);
  if (terminal) std::fprintf(stderr, "\r");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  ShowSummary(run, took.count());
  return 0;
}

}  // namespace
}  // namespace sequitur::loadgen

int main(int argc, char** argv) {
  using namespace sequitur::loadgen;
  CLI::App app(kAbout, "loadgen");
  Arguments arguments;
  bool list = false;
  AddOptions(app, arguments);
  app.add_flag("--list", list, "list the scenarios that can be planted and exit");
  CLI11_PARSE(app, argc, argv);
  if (list) return std::fputs(ScenarioList().c_str(), stdout) < 0;
  if (arguments.output.empty()) return Fail(absl::InvalidArgumentError("--output DIR is missing"));
  const absl::StatusOr<Options> options = ToOptions(arguments);
  return options.ok() ? Generate(*options) : Fail(options.status());
}
