// sequitur import: Elastic's detection rules (TOML) as rules of ours (YAML).

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cmd/sequitur/command.h"
#include "config/load.h"
#include "pipeline/provided_fields.h"
#include "rules/elastic_import.h"
#include "rules/elastic_toml.h"

namespace sequitur::cmd {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string config;
  std::vector<std::string> paths;
  std::string output;
  bool shadow = false;
  bool force = false;
};

constexpr char kFooter[] =
    "RULE.toml is a file of github.com/elastic/detection-rules, or a folder of them.\n"
    "The query stays as it is. Rules of other languages are passed over. What is not\n"
    "carried over, and fields that no source here sets, go to standard error.\n"
    "Exit 0 when every rule was imported, 1 when one was passed over or is wrong.\n"
    "\n"
    "  sequitur import rules/macos --output config/rules/elastic --shadow\n"
    "  sequitur import one.toml > my.yaml && sequitur check --rules my.yaml";

// The TOML files behind the paths, in order of their names.
std::vector<std::string> FindFiles(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) {
      files.push_back(path);
      continue;
    }
    const size_t begin = files.size();
    for (auto it = fs::recursive_directory_iterator(path, ignored);
         it != fs::recursive_directory_iterator(); it.increment(ignored)) {
      if (it->path().extension() == ".toml" && it->is_regular_file(ignored)) {
        files.push_back(it->path().string());
      }
    }
    std::sort(files.begin() + static_cast<ptrdiff_t>(begin), files.end());
  }
  return files;
}

class Importer {
 public:
  Importer(const Options& options, pipeline::ProvidedFields provided)
      : options_(options), provided_(std::move(provided)) {}

  int Run() {
    const std::vector<std::string> files = FindFiles(options_.paths);
    for (const std::string& file : files) ImportFile(file);
    std::fprintf(stderr, "%zu imported, %zu passed over, %zu with errors\n", imported_, skipped_,
                 failed_);
    if (files.empty()) std::fprintf(stderr, "sequitur: no .toml files found\n");
    return skipped_ + failed_ == 0 && !files.empty() ? 0 : 1;
  }

 private:
  void ImportFile(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    // One byte more than is allowed, so that too large shows.
    std::string toml(rules::ElasticRule::kMaxBytes + 1, '\0');
    in.read(toml.data(), static_cast<std::streamsize>(toml.size()));
    if (in.bad() || !in.is_open() || (in.fail() && !in.eof())) {
      return Fail(file, absl::StrCat("cannot be read: ", std::strerror(errno)));
    }
    toml.resize(static_cast<size_t>(in.gcount()));
    auto rule = rules::ImportElasticRule(toml, file, {options_.shadow}, fields_);
    for (const Diagnostic& problem : rule.diagnostics) {
      std::fprintf(stderr, "%s\n", problem.ToString().c_str());
    }
    for (const std::string& note : rule.notes) Note(file, note);
    if (!rule.skipped.empty()) {
      Note(file, absl::StrCat("passed over: ", rule.skipped));
      ++skipped_;
    } else if (rule.yaml.empty()) {
      ++failed_;
    } else {
      ReportFields(file, rule);
      Write(file, rule);
    }
  }

  static void Note(const std::string& file, const std::string& text) {
    std::fprintf(stderr, "%s: note: %s\n", file.c_str(), text.c_str());
  }
  void Fail(const std::string& file, const std::string& text) {
    std::fprintf(stderr, "%s: error: %s\n", file.c_str(), text.c_str());
    ++failed_;
  }

  void ReportFields(const std::string& file, const rules::ImportedRule& rule) {
    std::vector<absl::string_view> missing, documents_only;
    for (event::FieldId id : rule.fields) {
      const absl::string_view path = fields_.path(id);
      if (!provided_.Has(path)) {
        missing.push_back(path);
      } else if (!pipeline::ProvidedFields::IsNative(path)) {
        documents_only.push_back(path);
      }
    }
    if (!missing.empty()) {
      Note(file, absl::StrCat("no configured source sets ", absl::StrJoin(missing, ", ")));
    }
    if (!documents_only.empty()) {
      Note(file, absl::StrCat("set by ECS documents only, if they bring them: ",
                              absl::StrJoin(documents_only, ", ")));
    }
  }

  // Two rules of one name get an id each.
  void MakeUnique(rules::ImportedRule& rule) {
    if (ids_.insert(rule.id).second) return;
    const std::string id = absl::StrCat(rule.id, "-", rule.rule_id.substr(0, 8));
    rule.yaml.replace(0, absl::StrCat("- id: ", rule.id).size(), absl::StrCat("- id: ", id));
    rule.id = id;
    ids_.insert(id);
  }

  void Write(const std::string& file, rules::ImportedRule& rule) {
    MakeUnique(rule);
    if (options_.output.empty()) {
      std::printf("%s%s", imported_ == 0 ? "" : "\n", rule.yaml.c_str());
      ++imported_;
      return;
    }
    const fs::path path = fs::path(options_.output) / absl::StrCat(rule.id, ".yaml");
    // Somebody may have added tests or tuned what an earlier import wrote.
    std::FILE* out = std::fopen(path.c_str(), options_.force ? "w" : "wx");
    if (out == nullptr) {
      return Fail(file, absl::StrCat(path.string(), " cannot be written: ", std::strerror(errno),
                                     errno == EEXIST ? " (--force overwrites it)" : ""));
    }
    const bool written =
        std::fwrite(rule.yaml.data(), 1, rule.yaml.size(), out) == rule.yaml.size();
    if ((std::fclose(out) != 0) | !written) {
      return Fail(file, absl::StrCat(path.string(), " cannot be written: ", std::strerror(errno)));
    }
    ++imported_;
  }

  const Options& options_;
  const pipeline::ProvidedFields provided_;
  event::FieldTable fields_;
  std::set<std::string> ids_;
  size_t imported_ = 0;
  size_t skipped_ = 0;
  size_t failed_ = 0;
};

int Import(const Options& options) {
  const auto loaded = config::LoadConfig(
      options.config.empty() ? std::nullopt : std::optional<std::string>(options.config));
  for (const Diagnostic& problem : loaded.diagnostics) {
    if (problem.severity != Diagnostic::Severity::kError) continue;
    std::fprintf(stderr, "%s\n", problem.ToString().c_str());
  }
  if (HasErrors(loaded.diagnostics)) return 1;
  if (!options.output.empty()) {
    std::error_code error;
    fs::create_directories(options.output, error);
    if (error) {
      std::fprintf(stderr, "sequitur: %s: %s\n", options.output.c_str(), error.message().c_str());
      return 1;
    }
  }
  return Importer(options, pipeline::ProvidedFields(loaded.config)).Run();
}

}  // namespace

void AddImport(CLI::App& app, Run& run) {
  auto* command =
      app.add_subcommand("import", "Turn Elastic detection rules (TOML) into rules of sequitur");
  auto options = std::make_shared<Options>();
  command
      ->add_option("--config", options->config,
                   "Site configuration, for the sources it has (default: config/sequitur.yaml)")
      ->type_name("FILE");
  command
      ->add_option("--output", options->output,
                   "One file per rule in this folder (default: standard output)")
      ->type_name("FOLDER");
  command->add_flag("--force", options->force, "Overwrite files that are there");
  command->add_flag("--shadow", options->shadow, "Import in shadow mode");
  command->add_option("rules", options->paths, "What to import")
      ->type_name("RULE.toml")
      ->required();
  command->footer(kFooter);
  command->callback([&run, options] { run = [options] { return Import(*options); }; });
}

}  // namespace sequitur::cmd
