#pragma once

// TempFolder: an empty folder of this process alone, gone with the object.
// Tests of one binary run at the same time, each in a process of its own.

#include <unistd.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace sequitur::testing {

class TempFolder {
 public:
  TempFolder() : path_(absl::StrCat(::testing::TempDir(), "/sequitur_test_XXXXXX")) {
    if (mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "no folder like " << path_;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(absl::string_view name) const { return absl::StrCat(path_, "/", name); }

 private:
  std::string path_;
};

}  // namespace sequitur::testing
