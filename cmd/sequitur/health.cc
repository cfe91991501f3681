// sequitur health: asks a running daemon, for health checks in images that have
// neither shell nor curl.

#include <cstdio>
#include <string>

#include "cmd/sequitur/command.h"
#include "pipeline/http_get.h"

namespace sequitur::cmd {
namespace {

int Ask(const std::string& url) {
  const auto answer = pipeline::HttpGet(url, absl::Seconds(5));
  if (!answer.ok()) {
    std::fprintf(stderr, "sequitur: %s\n", std::string(answer.status().message()).c_str());
    return 1;
  }
  std::fputs(answer->body.c_str(), stdout);
  return answer->status == 200 ? 0 : 1;
}

}  // namespace

void AddHealth(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("health", "Ask a running daemon whether all is well");
  auto url = std::make_shared<std::string>("http://127.0.0.1:9464/healthz");
  command->add_option("--url", *url, "What to ask: its /healthz, /readyz or /livez")
      ->capture_default_str()
      ->type_name("URL");
  command->footer("Exit 0 when it answers 200, else 1, with what is wrong.");
  command->callback([&run, url] { run = [url] { return Ask(*url); }; });
}

}  // namespace sequitur::cmd
