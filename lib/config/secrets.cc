#include "config/secrets.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "yaml/scalar.h"

namespace sequitur::config {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  // One byte more than allowed shows that there is too much.
  std::string contents(kMaxSecretBytes + 1, '\0');
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (file) file.read(contents.data(), static_cast<std::streamsize>(contents.size()));
  if (!file.is_open() || file.bad()) {
    const std::string why = errno == 0 ? "" : absl::StrCat(": ", std::strerror(errno));
    return absl::NotFoundError(absl::StrCat("cannot read the file ", yaml::Quoted(path), why));
  }
  contents.resize(static_cast<size_t>(file.gcount()));
  if (contents.size() > kMaxSecretBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the file ", yaml::Quoted(path),
                                                   " is larger than ", kMaxSecretBytes >> 10,
                                                   " KiB: is it the right one?"));
  }
  if (absl::StrContains(contents, '\0')) {
    return absl::InvalidArgumentError(
        absl::StrCat("the file ", yaml::Quoted(path), " is not a text: it contains a zero byte"));
  }
  absl::string_view secret = contents;
  if (!absl::ConsumeSuffix(&secret, "\r\n")) absl::ConsumeSuffix(&secret, "\n");
  return std::string(secret);
}

absl::StatusOr<std::string> ReadVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value != nullptr) return value;
  return absl::NotFoundError(
      absl::StrCat("the environment variable ", yaml::Quoted(name), " is not set"));
}

// What stands between ${ and }.
absl::StatusOr<std::string> Resolve(absl::string_view reference, absl::string_view folder) {
  if (absl::ConsumePrefix(&reference, "file:") && !reference.empty()) {
    return ReadFile((std::filesystem::path(std::string(folder)) / std::string(reference)).string());
  }
  if (absl::ConsumePrefix(&reference, "env:") && !reference.empty()) {
    return ReadVariable(std::string(reference));
  }
  // It may be part of a password, so it is not shown.
  return absl::InvalidArgumentError(
      "expected ${file:PATH} or ${env:NAME}; a literal ${ is written $${");
}

}  // namespace

absl::StatusOr<std::string> ResolveSecrets(absl::string_view text, absl::string_view folder) {
  std::string resolved;
  while (!text.empty()) {
    if (absl::ConsumePrefix(&text, "$${")) {
      absl::StrAppend(&resolved, "${");
    } else if (absl::ConsumePrefix(&text, "${")) {
      const size_t end = text.find('}');
      if (end == absl::string_view::npos) {
        return absl::InvalidArgumentError(
            "expected } at the end of ${file:PATH} or ${env:NAME}; a literal ${ is written $${");
      }
      ASSIGN_OR_RETURN(const std::string value, Resolve(text.substr(0, end), folder));
      resolved += value;
      text.remove_prefix(end + 1);
    } else {
      resolved += text.front();
      text.remove_prefix(1);
    }
  }
  return resolved;
}

}  // namespace sequitur::config
