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

void WalkFolder(const Input& folder, InputList& list) {
  std::error_code error;
  fs::recursive_directory_iterator it(folder.path, error), end;
  if (error) {
    list.problems.push_back(absl::StrCat(folder.path, ": ", error.message()));
    return;
  }
  std::vector<std::string> files;
  while (it != end) {
    const fs::path path = it->path();
    std::error_code ignored;
    if (IsHidden(path)) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file(ignored)) {
      files.push_back(path.string());
    }
    it.increment(error);
    if (error) {
      list.problems.push_back(absl::StrCat(path.string(), ": ", error.message()));
      break;
    }
  }
  if (files.empty() && !error) list.problems.push_back(absl::StrCat(folder.path, ": no files"));
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
    return true;
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
