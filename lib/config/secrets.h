#pragma once

// Secrets that a configuration names instead of holding:
//
//   ${file:/run/secrets/kafka}   the file's contents, one newline at its end cut
//   ${env:KAFKA_PASSWORD}        an environment variable
//   $${                          a literal ${
//
// anywhere in a text, and several times. What comes in is not looked at again.
//
// Bounds: files of at most kMaxSecretBytes.
// Errors: name the variable or the file, never a value or anything around it.

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sequitur::config {

inline constexpr size_t kMaxSecretBytes = 64 << 10;

// Relative file names start from `folder`; empty: the working directory.
absl::StatusOr<std::string> ResolveSecrets(absl::string_view text, absl::string_view folder = "");

}  // namespace sequitur::config
