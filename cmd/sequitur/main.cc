// sequitur: "it follows". One binary, a subcommand for each job.

#include <csignal>
#include <cstdio>
#include <exception>

#include "cmd/sequitur/command.h"

namespace {

constexpr char kAbout[] =
    "Correlates web, process, file and network telemetry into attack chains by\n"
    "streaming Elastic EQL sequence rules.";

}  // namespace

int main(int argc, char** argv) {
  // A closed pipe (`| head`) ends the output, not the program with a crash.
  std::signal(SIGPIPE, SIG_IGN);

  CLI::App app(kAbout, "sequitur");
  app.require_subcommand(1);
  app.set_version_flag("--version", SEQUITUR_VERSION);
  sequitur::cmd::Run run;
  sequitur::cmd::AddRun(app, run);
  sequitur::cmd::AddReplay(app, run);
  sequitur::cmd::AddCheck(app, run);
  sequitur::cmd::AddExplain(app, run);
  sequitur::cmd::AddTest(app, run);
  sequitur::cmd::AddImport(app, run);
  sequitur::cmd::AddDiff(app, run);
  sequitur::cmd::AddSuggest(app, run);
  sequitur::cmd::AddBaseline(app, run);
  sequitur::cmd::AddTopics(app, run);
  sequitur::cmd::AddHealth(app, run);
  CLI11_PARSE(app, argc, argv);
  return run();
}
