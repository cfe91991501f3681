#pragma once

// The subcommands of sequitur. Each adds itself to the command line and leaves
// the function that runs it, which returns the exit code.

#include <functional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "pipeline/site.h"

namespace sequitur::cmd {

using Run = std::function<int()>;

void AddRun(CLI::App& app, Run& run);
void AddTopics(CLI::App& app, Run& run);
void AddReplay(CLI::App& app, Run& run);
void AddCheck(CLI::App& app, Run& run);
void AddExplain(CLI::App& app, Run& run);
void AddTest(CLI::App& app, Run& run);
void AddHealth(CLI::App& app, Run& run);
void AddImport(CLI::App& app, Run& run);
void AddDiff(CLI::App& app, Run& run);
void AddBaseline(CLI::App& app, Run& run);
void AddSuggest(CLI::App& app, Run& run);

// --config and --rules, which every subcommand has.
void AddSiteOptions(CLI::App& command, pipeline::SiteOptions& options);

// Loads the site and prints what is wrong with it to standard error; null when
// that is more than warnings. `quiet` leaves warnings out.
enum class Warnings { kShow, kHide };
std::unique_ptr<const pipeline::Site> LoadOrExplain(const pipeline::SiteOptions& options,
                                                    Warnings warnings);

}  // namespace sequitur::cmd
