#include "yaml/files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace sequitur::yaml {
namespace {

namespace fs = std::filesystem;

bool IsHidden(const fs::path& path) { return path.filename().string().front() == '.'; }

bool IsYaml(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

Diagnostic Problem(const std::string& path, std::string message) {
  Diagnostic diagnostic;
  diagnostic.file = path;
  diagnostic.message = std::move(message);
  return diagnostic;
}

// Appends the folder's YAML files, sorted.
void ListFolder(const std::string& folder, FileList& list) {
  std::error_code error;
  std::vector<std::string> found;
  fs::recursive_directory_iterator it(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code ignored;  // a link to nothing is no regular file
    if (IsHidden(it->path())) {
      it.disable_recursion_pending();
    } else if (it.depth() >= kMaxFolderDepth) {
      it.disable_recursion_pending();
    } else if (IsYaml(it->path()) && it->is_regular_file(ignored)) {
      found.push_back(it->path().string());
    }
    if (found.size() >= kMaxFiles) break;
  }
  if (error) {
    list.diagnostics.push_back(
        Problem(folder, absl::StrCat("cannot read the folder: ", error.message())));
  }
  std::sort(found.begin(), found.end());
  list.paths.insert(list.paths.end(), found.begin(), found.end());
}

void DropRepeated(std::vector<std::string>& paths) {
  absl::flat_hash_set<std::string> seen;
  const auto repeated = [&](const std::string& path) {
    return !seen.insert(fs::path(path).lexically_normal().string()).second;
  };
  paths.erase(std::remove_if(paths.begin(), paths.end(), repeated), paths.end());
}

}  // namespace

FileList FindFiles(absl::Span<const std::string> paths) {
  FileList list;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) {
      ListFolder(path, list);
    } else if (fs::exists(status)) {
      list.paths.push_back(path);
    } else {
      list.diagnostics.push_back(Problem(path, "no such file or folder"));
    }
  }
  DropRepeated(list.paths);
  return list;
}

}  // namespace sequitur::yaml
