#pragma once

// Reads config/sequitur.yaml into a Config. Every problem of the file comes at
// once, with its place; the Config is then what could be understood.

#include <optional>
#include <string>

#include "base/diagnostic.h"
#include "config/config.h"
#include "yaml/document.h"

namespace sequitur::config {

struct LoadedConfig {
  Config config;
  Diagnostics diagnostics;
};

// The file given must exist. With none given it is config/sequitur.yaml below
// the working directory if there is one, else the built-in defaults.
LoadedConfig LoadConfig(const std::optional<std::string>& path);

// The same from a document that is already read; its file name is what relative
// paths start from.
LoadedConfig ReadConfig(yaml::Document document);

}  // namespace sequitur::config
