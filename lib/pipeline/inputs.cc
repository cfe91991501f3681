#include "pipeline/inputs.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/diagnostic.h"

namespace sequitur::pipeline {
namespace {

namespace fs = std::filesystem;

bool IsHidden(const fs::path& path) { return path.filename().string().front() == '.'; }

// A folder that cannot be read costs what is in it and nothing beside it.
void CollectFiles(const fs::path& folder, std::vector<std::string>& files, InputList& list) {
  std::error_code error;
  fs::directory_iterator it(folder, error), end;
  for (; !error && it != end; it.increment(error)) {
    const fs::path path = it->path();
    if (IsHidden(path)) continue;
    std::error_code ignored;
    if (it->is_regular_file(ignored)) files.push_back(path.string());
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) CollectFiles(path, files, list);
  }
  if (error) list.problems.push_back(absl::StrCat(folder.string(), ": ", error.message()));
}

void WalkFolder(const Input& folder, InputList& list) {
  const size_t problems = list.problems.size();
  std::vector<std::string> files;
  CollectFiles(folder.path, files, list);
  if (files.empty() && list.problems.size() == problems) {
    list.problems.push_back(absl::StrCat(folder.path, ": no files"));
  }
  std::sort(files.begin(), files.end());
  for (std::string& file : files) list.inputs.push_back({std::move(file), folder.kind});
}

// Splits off a source kind. False when what stands before '=' should have been
// one and is not.
bool SplitKind(const std::string& argument, Input& input, InputList& list) {
  input.path = argument;
  const size_t equals = argument.find('=');
  if (equals == std::string::npos || fs::exists(argument)) return true;
  const std::string name = argument.substr(0, equals);
  if (name.find('/') != std::string::npos) return true;
  const auto kind = decode::ParseSourceKind(name);
  if (kind.has_value()) {
    input = {argument.substr(equals + 1), *kind};
    if (!input.path.empty()) return true;
    list.problems.push_back(absl::StrCat(argument, ": expected a path, or -, behind '='"));
    return false;
  }
  const absl::string_view meant = DidYouMean(name, decode::SourceKindNames());
  list.problems.push_back(
      absl::StrCat(argument, ": unknown source '", name, "'",
                   meant.empty() ? "" : absl::StrCat(", did you mean '", meant, "'"),
                   "? Sources are ", absl::StrJoin(decode::SourceKindNames(), ", ")));
  return false;
}

}  // namespace

InputList ListInputs(absl::Span<const std::string> arguments) {
  InputList list;
  for (const std::string& argument : arguments) {
    Input input;
    if (!SplitKind(argument, input, list)) continue;
    std::error_code error;
    if (input.path != "-" && fs::is_directory(input.path, error)) {
      WalkFolder(input, list);
    } else {
      list.inputs.push_back(std::move(input));
    }
  }
  return list;
}

}  // namespace sequitur::pipeline
